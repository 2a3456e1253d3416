import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, expect, test } from 'vitest';
import { commandPage } from '../scripts/command-docs.ts';
import { examplesOf } from './cli/command.ts';
import { completionScript } from './cli/completion.ts';
import { version } from './core/version.ts';
import { commandName, loadProgram, loadTree } from './program.ts';

const weirPath = new URL('../bin/weir', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-main-'));
afterAll(() => rmSync(folder, { recursive: true }));

function weir(words: string[], command = weirPath, env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

test.each([
  [['--version'], 0, `${version}\n`, ''],
  [['--help'], 0, /^Usage: weir COMMAND[\s\S]*doctor[\s\S]*Examples:/, ''],
  [['help', 'flows', 'list'], 0, /^Usage: weir flows list/, ''],
  [['flows', 'list', '--help'], 0, /Global Options:[\s\S]*--server[\s\S]*Examples:/, ''],
  [[], 2, '', /^Usage: weir/],
  [['flows'], 2, '', /^Usage: weir flows/],
  [['impotr'], 2, '', "weir: unknown command 'impotr'\n  hint: did you mean import?\n"],
  [['version', '--jsno'], 2, '', "weir: unknown option '--jsno'\n  hint: did you mean --json?\n"],
  [['version', '--json', '--csv'], 2, '', /cannot be used with/],
  [['get'], 2, '', /missing required argument 'url'/],
  [['get', '/', '--server', 'unix:/nowhere/s'], 5, '', /^weir: no Weir answers at unix:\/nowhere\/s\n.*\n {2}hint: weir serve\n$/],
  [['--server', 'ftp://x', 'get', '/'], 2, '', /is no address/],
  [['completion', 'tcsh'], 2, '', /no completion for tcsh/],
])('weir %j exits %i', (words, status, stdout, stderr) => {
  const ran = weir(words);
  expect(ran.stdout).toMatch(stdout);
  expect(ran.stderr).toMatch(stderr);
  expect(ran.status).toBe(status);
});

// The library of schemas is what a server needs: with it each of these would take four times as long to start.
test.each(['users list', 'tickets list', 'records list', 'jobs list', 'scans list', 'nc list', 'get /'])(
  'weir %s starts without schemas',
  (words) => {
    const tell = 'registerHooks({ load: (url, context, next) => (process._rawDebug(url), next(url, context)) })';
    const hook = `data:text/javascript,${encodeURIComponent(`import { registerHooks } from 'node:module'; ${tell};`)}`;
    const main = new URL('main.ts', import.meta.url).pathname;
    const { stderr } = weir(['--import', hook, main, ...words.split(' '), '--server', 'unix:/nowhere/s'], process.execPath);
    expect(stderr).toContain('src/cli/client.ts');
    expect(stderr).not.toContain('node_modules/typebox');
  },
);

test('works through a chain of symbolic links', () => {
  symlinkSync(weirPath, join(folder, 'one'));
  symlinkSync('one', join(folder, 'two'));
  expect(weir(['--version'], join(folder, 'two'))).toMatchObject({ status: 0, stdout: `${version}\n` });
});

test('names the fix where no Node is new enough', () => {
  const script = readFileSync(weirPath, 'utf8')
    .replaceAll('node_modules/node/bin/node', 'no-such-node')
    .replaceAll('/../node/bin/node', '/no-such-node');
  const { status, stderr } = spawnSync('/bin/sh', ['-s'], {
    input: script,
    encoding: 'utf8',
    env: { PATH: '/nowhere:/usr/bin-without-node', HOME: folder },
  });
  expect(status).toBe(1);
  expect(stderr).toContain('Node 24 or newer is needed');
  expect(stderr).toContain('npm ci');
});

test('a reader that goes away ends it without a word', () => {
  const { stdout, stderr } = spawnSync('sh', ['-c', `${weirPath} completion bash | head -n 1`], { encoding: 'utf8' });
  expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining('bash completion'), stderr: '' });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a command with exit code %i', async (signal, expected) => {
  // A server that takes the connection and never answers.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const child = spawn(weirPath, ['get', '/', '--server', `http://127.0.0.1:${port}`], { stdio: 'ignore' });
  await once(server, 'connection');
  child.kill(signal);
  const code = await new Promise((resolve) => child.on('close', resolve));
  server.close();
  expect(code).toBe(expected);
});

test.each([
  [['--json', 'flows', 'list'], 'flows'],
  [['--server', 'http://x', 'get', '/'], 'get'],
  [['--server=http://x', 'get'], 'get'],
  [['--data', 'import', 'check'], 'check'],
  [['--help'], undefined],
])('finds the command in %j', (argv, expected) => {
  expect(commandName(argv)).toBe(expected);
});

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];

test('help says of each command what the command says itself', async () => {
  const summaries = ({ commands }: Command) => Object.fromEntries(commands.map((command) => [command.name(), command.description()]));
  expect(summaries(await loadProgram(undefined))).toEqual(summaries(await loadTree()));
});

test('every command has a description and examples', async () => {
  for (const command of everyCommand(await loadTree()).slice(1)) {
    expect({ name: command.name(), description: command.description() !== '', examples: examplesOf(command).length > 0 }).toEqual({
      name: command.name(),
      description: true,
      examples: true,
    });
  }
});

test('the completion script of the whole tree has no fault of syntax', async () => {
  const script = completionScript('bash', await loadTree());
  expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

test('the reference page is what the commands say', async () => {
  expect(readFileSync(new URL('../docs/57-commands.md', import.meta.url), 'utf8')).toBe(await commandPage());
});
