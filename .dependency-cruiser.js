// The arrows of the house, and the only place to change them: a folder may import itself and the folders named here.
const may = {
  core: [],
  client: [],
  cli: ['core'],
  packets: ['core', 'cli'],
  'rest-audit': ['core', 'cli'],
  sockets: ['core', 'cli'],
  rest: ['core', 'cli'],
  keys: ['core', 'cli'],
  flows: ['core', 'cli', 'packets'],
  captures: ['core', 'cli', 'packets', 'flows'],
  sessions: ['core', 'cli', 'keys', 'flows'],
  ...Object.fromEntries(['access', 'tickets', 'records', 'scans', 'jobs'].map((room) => [room, ['core', 'cli', 'keys']])),
};
// What a thread needs that has no use for the rest of a room, and no time to load it.
const sideDoors = ['^src/packets/packet\\.ts$'];
const rule = (name, from, to) => ({ name, severity: 'error', from, to });
const code = { pathNot: '\\.test\\.ts$' };

export default {
  forbidden: [
    ...Object.entries(may).map(([room, rooms]) =>
      rule(`${room}-looks-down`, { path: `^src/${room}/`, ...code }, { path: '^src/', pathNot: `^src/(${[room, ...rooms].join('|')})/` }),
    ),
    rule(
      'front-door',
      { path: '^src/(?!core/|cli/)([^/]+)/', ...code },
      { path: '^src/(?!core/|cli/)[^/]+/', pathNot: ['^src/$1/', '/index\\.ts$', '/(routes|cli)\\.ts$', ...sideDoors] },
    ),
    rule('routes-for-server', { path: '^src/(?!server/)([^/]+)/' }, { path: '^src/[^/]+/routes\\.ts$', pathNot: '^src/$1/' }),
    rule('commands-for-main', { path: '^src/([^/]+)/' }, { path: '^src/[^/]+/cli\\.ts$', pathNot: '^src/$1/' }),
    rule('console-is-a-client', { path: '^console/' }, { path: '^src/' }),
    rule('no-cycles', {}, { circular: true }),
  ],
  options: { tsPreCompilationDeps: 'specify', tsConfig: { fileName: 'tsconfig.json' }, exclude: { path: 'node_modules' } },
};
