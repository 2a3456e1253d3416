import { spawnSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import { Problem } from '../core/problem.ts';
import { addGlobalOptions } from './command.ts';
import { completionScript } from './completion.ts';
import { loadOffers, offerWords } from './offers.ts';

function makeTree(): Command {
  const program = addGlobalOptions(new Command('weir'));
  const flows = program.command('flows').description("the network's flows");
  flows.command('list').option('-n, --limit <count>', 'how [many]: at most');
  const filter = new Argument('[filter...]');
  const text = new Option('--filter <text>', 'as one text');
  for (const value of [filter, text]) offerWords(value, async () => ['proto', 'port']);
  const metric = new Option('--metric <metric>', 'what').choices(['bytes', 'flows']);
  flows.command('top').addArgument(filter).addOption(metric).addOption(text);
  program.command('completion').argument('<shell>');
  return program;
}

const weir = makeTree();
beforeAll(loadOffers);

/** What bash would offer for a command line that ends in the word being typed. */
function complete(line: string): string[] {
  const words = line.split(' ');
  const probe = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _weir; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${completionScript('bash', weir)}\n${probe}`], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

const isInstalled = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

for (const shell of ['bash', 'zsh', 'fish']) {
  test.skipIf(!isInstalled(shell))(`${shell} finds no fault in its script [needs ${shell}]`, () => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: completionScript(shell, weir), encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
}

test.each([
  ['weir fl', ['flows']],
  ['weir flows ', ['list', 'top']],
  ['weir --json flows t', ['top']],
  ['weir --server http://x flows l', ['list']],
  ['weir flows list --li', ['--limit']],
  ['weir flows list --se', ['--server']],
  ['weir flows top --metric ', ['bytes', 'flows']],
  ['weir flows top --filter po', ['port']],
  ['weir flows top proto tcp and p', ['port', 'proto']],
  ['weir completion z', ['zsh']],
  ['weir flows list table.t', ['table.ts', 'table.test.ts']],
])('bash offers for "%s": %j', (line, expected) => {
  expect(complete(line)).toEqual(expect.arrayContaining(expected));
});

test('fish gets quotes that it understands', () => {
  expect(completionScript('fish', weir)).toContain(`-d 'the network'\\''s flows'`);
});

test('fish and zsh get the words of the filter, too', () => {
  expect(completionScript('fish', weir)).toContain(`-l filter -r -f -a 'proto port'`);
  expect(completionScript('zsh', weir)).toContain('value:(proto port)');
});

test('refuses a shell it does not know', () => {
  expect(() => completionScript('tcsh', weir)).toThrow(Problem);
});
