/** Settings of the sessions: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { enabledSetting } from '../core/room-switch.ts';
import { choiceSetting, durationSetting, integerSetting, listSetting, sizeSetting, switchSetting, textSetting } from '../core/setting.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const mebibyte = 2 ** 20;

/** The part `sessions` of the configuration. */
export const sessionsSettings = Type.Object({
  enabled: enabledSetting(
    'Whether sessions are started: only while `server.listen` is reached by this machine alone, `always`, or `never`. Whoever has one runs programs as the user of the server.',
  ),
  listen: listSetting([], 'More addresses `HOST:PORT` for clients of Livy, which look for it on port 8998.'),
  csrf: switchSetting(
    false,
    'Ask clients of Livy for the header `X-Requested-By` with all that changes something; pages of other sites always need it.',
  ),
  most: integerSetting(16, { description: 'Sessions that live at once; more are refused.', minimum: 1, maximum: 10_000 }),
  starting: integerSetting(4, { description: 'Sessions that start at once; more are refused, as Livy does.', minimum: 1, maximum: 1000 }),
  startTimeout: durationSetting(90 * second, { description: 'How long an interpreter may take until it is ready.', minimum: second }),
  idleTimeout: durationSetting(hour, {
    description: 'A session that nothing was asked of for so long is ended. One that is busy is not idle. 0: never.',
  }),
  kept: durationSetting(10 * minute, { description: 'How long a session that has ended is still shown, with its statements.' }),
  reconnect: durationSetting(10 * minute, {
    description: 'How long an interpreter goes on without a server, waiting for one to come back.',
    minimum: second,
  }),
  grace: durationSetting(2 * second, { description: 'The time between TERM and KILL when a session is ended.' }),
  cancelTimeout: durationSetting(30 * second, {
    description: 'How long a statement that was cancelled may go on; then its session is ended.',
    minimum: 100,
  }),
  statements: integerSetting(1000, { description: 'Statements that a session keeps, the latest ones.', minimum: 10, maximum: 1_000_000 }),
  output: sizeSetting(50 * mebibyte, {
    description: 'The largest output of a statement; what is more is cut, and says so.',
    minimum: 1024,
    maximum: 512 * mebibyte,
  }),
  log: sizeSetting(16 * mebibyte, { description: 'The largest log of a session; what comes behind is not kept.', minimum: 4096 }),
  processes: integerSetting(512, { description: 'Processes that a session may have; one with more is ended. 0: any number.', minimum: 0 }),
  limits: choiceSetting(
    ['auto', 'processes'],
    'auto',
    'How sessions and batches are held to `processes`, `memory` and `cores`: `auto` by a cgroup for each where this server may make some, else as `processes`: by looking on, and by limits of each process alone.',
  ),
  memory: sizeSetting(0, {
    description:
      'Memory that a plain Python session or batch may take with all that it has started; without cgroups, the address space of each of its processes. 0: any. Spark has `driverMemory` for this, SQL `sessions.sql.memory`.',
  }),
  cores: integerSetting(0, {
    description: 'Cores that a session or a batch may use at once; only cgroups can hold it to them. 0: all.',
    minimum: 0,
  }),
  python: textSetting('python3', 'The Python of plain sessions: a name on the path, or a file.'),
  files: listSetting([], 'Folders below which `jars`, `pyFiles`, `files` and `archives` of a session may lie. None: no local files.'),
  batches: Type.Object({
    most: integerSetting(16, { description: 'Batches that run at once; more are refused.', minimum: 1, maximum: 10_000 }),
    upload: sizeSetting(256 * mebibyte, { description: 'The largest file that may be sent for batches.', minimum: 1024 }),
  }),
  sql: Type.Object({
    memory: sizeSetting(1024 * mebibyte, { description: 'Memory of the engine of one SQL session.', minimum: 64 * mebibyte }),
    threads: integerSetting(2, { description: 'Threads of the engine of one SQL session.', minimum: 1, maximum: 256 }),
    rows: integerSetting(1000, { description: 'Rows that a query answers at most.', minimum: 1, maximum: 10_000_000 }),
    timeout: durationSetting(10 * minute, { description: 'How long one query may take. 0: any time.' }),
  }),
  spark: Type.Object({
    python: textSetting(
      '',
      'A Python that has PySpark. Empty: that of the virtual environment `.venv` beside the program, where it has PySpark, else `sessions.python`.',
    ),
    java: textSetting('', 'The folder of Java 17 or newer. Empty: `JAVA_HOME`, or the `java` on the path.'),
    master: textSetting('local[*]', 'The master of sessions that name none.'),
    masters: listSetting(
      ['local', 'local[*]', 'local[N]'],
      'Masters that a session may name: `local[N]`, `spark://HOST:PORT`, `yarn`, `k8s://URL`; N stands for any number.',
    ),
    driverHost: textSetting('', 'The address under which executors elsewhere reach drivers here (`spark.driver.host`).'),
    driverPort: integerSetting(0, { description: 'The port of the driver (`spark.driver.port`). 0: any.', minimum: 0, maximum: 65_535 }),
    blockManagerPort: integerSetting(0, {
      description: 'The port for blocks (`spark.blockManager.port`). 0: any.',
      minimum: 0,
      maximum: 65_535,
    }),
    conf: listSetting([], 'Properties `NAME=VALUE` of every session of Spark.'),
    forbidden: listSetting(
      ['spark.submit.deployMode', 'spark.yarn.jar', 'spark.yarn.jars', 'spark.yarn.archive'],
      'Properties that a session may not set.',
    ),
  }),
});

/** Settings of the sessions. Times are milliseconds, sizes octets. */
export type SessionsConfig = Static<typeof sessionsSettings>;
