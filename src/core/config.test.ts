import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listSettings, loadConfig, loadRoomsConfig } from './config.ts';
import { findConfigFile, isConfigured } from './config-file.ts';
import { Problem } from './problem.ts';
import { choiceSetting, durationSetting, integerSetting, listSetting, sizeSetting, switchSetting, textSetting } from './setting.ts';

const schema = Type.Object({
  server: Type.Object({
    listen: textSetting('127.0.0.1:8080', 'Where.'),
    bodyLimit: sizeSetting(2 ** 20, { description: 'How much.', minimum: 1024 }),
    timeout: durationSetting(30_000, { description: 'How long.', minimum: 100 }),
    names: listSetting([], 'Which.'),
    open: switchSetting(false, 'Whether.'),
    connections: integerSetting(10, { description: 'How many.', minimum: 1 }),
  }),
  log: Type.Object({ level: choiceSetting(['info', 'debug'], 'info', 'How loud.') }),
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const file = join(folder, 'weir.json');
  writeFileSync(file, text);
  return file;
}

const fault = (run: () => unknown): Problem => {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('expected a problem');
};

test('defaults alone make a whole configuration', () => {
  expect(loadConfig(schema, {})).toEqual({
    server: { listen: '127.0.0.1:8080', bodyLimit: 2 ** 20, timeout: 30_000, names: [], open: false, connections: 10 },
    log: { level: 'info' },
  });
});

test('the file gives way to the environment, the environment to --set, --set to flags', () => {
  const file = fileWith('{"server":{"listen":"a:1","bodyLimit":"2MiB","timeout":"5m","connections":7}}');
  const environment = { WEIR_SERVER_LISTEN: 'b:2', WEIR_SERVER_BODY_LIMIT: '3MiB', WEIR_SERVER_TIMEOUT: '6m' };
  const config = loadConfig(schema, {
    file,
    environment,
    assignments: ['server.listen=c:3', 'server.timeout=7m'],
    flags: { 'server.listen': 'd:4', 'log.level': undefined },
  });
  expect(config.server).toMatchObject({ listen: 'd:4', timeout: 420_000, bodyLimit: 3 * 2 ** 20, connections: 7 });
});

test.each([
  ['WEIR_SERVER_NAMES', 'a, b', ['a', 'b'], 'names'],
  ['WEIR_SERVER_NAMES', '', [], 'names'],
  ['WEIR_SERVER_NAMES', '["a", "b"]', ['a', 'b'], 'names'],
  ['WEIR_SERVER_NAMES', '[::1]:80, b', ['[::1]:80', 'b'], 'names'],
  ['WEIR_SERVER_OPEN', 'on', true, 'open'],
  ['WEIR_SERVER_TIMEOUT', '250ms', 250, 'timeout'],
  ['WEIR_SERVER_CONNECTIONS', '12', 12, 'connections'],
] as const)('%s=%s', (name, text, value, setting) => {
  expect(loadConfig(schema, { environment: { [name]: text } }).server[setting]).toEqual(value);
});

describe('refuses', () => {
  test.each([
    [
      'an unknown name in the file, with its line',
      '{\n  "server": {\n    "lisen": "a:1"\n  }\n}',
      'server.lisen',
      /:3:5\)/,
      'did you mean server.listen?',
    ],
    ['an unknown group', '{"sever":{"listen":"a"}}', 'sever.listen', /:1:/, 'did you mean server.listen?'],
    ['a wrong type', '{"server":{"open":"perhaps"}}', 'server.open', /server\.open/, undefined],
    ['a duration without a unit', '{"server":{"timeout":30}}', 'server.timeout', /server\.timeout/, undefined],
    ['a group that is no object', '{"server":5}', 'server', /server/, 'weir config --list shows all settings'],
  ])('%s', (_title, text, pointer, title, hint) => {
    const problem = fault(() => loadConfig(schema, { file: fileWith(text) }));
    expect([problem.code, problem.pointer, problem.hint]).toEqual(['invalid', pointer, hint]);
    expect(problem.title).toMatch(title);
  });

  test('a file that is not JSON, with the text around the fault', () => {
    expect(fault(() => loadConfig(schema, { file: fileWith('{\n "server": }') })).detail).toContain('Unexpected token');
  });

  test.each([
    [{ WEIR_SERVER_LISTN: 'x' }, /WEIR_SERVER_LISTN/, 'did you mean WEIR_SERVER_LISTEN?'],
    [{ WEIR_LOG_LEVEL: 'loud' }, /log\.level.*WEIR_LOG_LEVEL/, undefined],
    [{ WEIR_SERVER_CONNECTIONS: '0' }, /connections/, undefined],
    [{ WEIR_SERVER_CONNECTIONS: '' }, /connections/, undefined],
    [{ WEIR_SERVER_BODY_LIMIT: '5 apples' }, /server\.bodyLimit.*WEIR_SERVER_BODY_LIMIT/, expect.any(String)],
  ])('%o', (environment, title, hint) => {
    const problem = fault(() => loadConfig(schema, { environment }));
    expect(problem.title).toMatch(title);
    expect(problem.hint).toEqual(hint);
  });

  test.each(['server.lisen=1', 'listen=1', '=1', 'server.listen'])('--set %s', (assignment) => {
    expect(fault(() => loadConfig(schema, { assignments: [assignment] })).code).toBe('invalid');
  });

  test('says expected and got', () => {
    expect(fault(() => loadConfig(schema, { assignments: ['server.timeout=10ms'] })).detail).toBe(
      'expected duration from 100ms, got "10ms"',
    );
    expect(fault(() => loadConfig(schema, { assignments: ['log.level=loud'] })).detail).toBe('expected one of info, debug, got "loud"');
  });
});

test('variables of Weir that are no settings pass', () => {
  expect(() => loadConfig(schema, { environment: { WEIR_SERVER: 'http://x', WEIR_DATA: '/d', WEIR_TEST_DATA: '/t' } })).not.toThrow();
});

test('lists every setting with its type, default and variable', () => {
  expect(listSettings(schema).slice(0, 3)).toEqual([
    { path: 'server.listen', type: 'text', default: '127.0.0.1:8080', description: 'Where.', variable: 'WEIR_SERVER_LISTEN' },
    { path: 'server.bodyLimit', type: 'size', default: '1MiB', description: 'How much.', variable: 'WEIR_SERVER_BODY_LIMIT' },
    { path: 'server.timeout', type: 'duration', default: '30s', description: 'How long.', variable: 'WEIR_SERVER_TIMEOUT' },
  ]);
});

test('some rooms alone are read from the file of all, by their own rules', () => {
  const file = fileWith('{"server": {"listen": "[::1]:1"}, "log": {"level": "debug"}, "other": {"a": 1}}');
  const log = Type.Object({ log: schema.properties.log });
  expect(loadRoomsConfig(log, { WEIR_CONFIG: file })).toEqual({ log: { level: 'debug' } });
  expect(loadRoomsConfig(log, { WEIR_CONFIG: file, WEIR_LOG_LEVEL: 'info' })).toEqual({ log: { level: 'info' } });
  const wrong = fileWith('{"log": {"levle": "debug"}}');
  expect(fault(() => loadRoomsConfig(log, { WEIR_CONFIG: wrong })).hint).toBe('did you mean log.level?');
  const nowhere = { XDG_CONFIG_HOME: '/nonexistent', HOME: '/nonexistent' };
  expect([isConfigured('log', nowhere), isConfigured('log', { ...nowhere, WEIR_LOG_LEVEL: 'info' })]).toEqual([false, true]);
});

test('a file that was named must exist; the usual ones need not', () => {
  expect(fault(() => findConfigFile('/no/such/file.json', {})).code).toBe('not-found');
  expect(fault(() => findConfigFile(undefined, { WEIR_CONFIG: '/no/such' })).code).toBe('not-found');
  expect(findConfigFile(undefined, { XDG_CONFIG_HOME: folder, HOME: folder })).toBe(undefined);
});
