/**
 * A cluster of Slurm with one node, for tests: munged, slurmctld and slurmd as children of this process, with configuration, key and state in a
 * temporary folder, on free ports of the loopback address, without systemd. All of it ends with `close`.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
// Servers live in sbin, which an ordinary user may not have on the path.
const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
/** The time of a test that starts or ends a cluster: machines may be busy. */
export const slurmPatienceMs = 300_000;

const missing = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol'].filter(
  (program) => spawnSync('which', [program], { env: environment }).status !== 0,
);

/** Why there is no cluster here, in words; undefined when there can be one. */
export const noSlurm: string | undefined =
  missing.length === 0 ? undefined : `no ${missing.join(', ')} here: apt-get install slurm-wlm munge`;
if (noSlurm !== undefined) console.log(`skipped: jobs in Slurm (${noSlurm})`);

type Daemon = 'munged' | 'slurmctld' | 'slurmd';

export class SlurmCluster {
  // Short: the path of a socket has 107 characters at most. Not below another temporary folder, since munged trusts none that others write to.
  readonly folder = mkdtempSync('/tmp/weir-slurm-');
  readonly config = join(this.folder, 'slurm.conf');
  readonly node = 'weir1';
  readonly #more: readonly string[];
  readonly #daemons = new Map<Daemon, ChildProcess>();

  /** `more` are lines for slurm.conf. */
  constructor(more: readonly string[] = []) {
    this.#more = more;
  }

  async start(): Promise<void> {
    const { folder } = this;
    for (const name of ['state', 'spool', 'cgroup']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'munge.key'), crypto.getRandomValues(new Uint8Array(128)), { mode: 0o400 });
    const [controller, node] = await freePorts(2);
    const user = userInfo().username;
    const lines = [
      'ClusterName=weir',
      'SlurmctldHost=localhost(127.0.0.1)',
      `SlurmUser=${user}`,
      `SlurmdUser=${user}`,
      `SlurmctldPort=${controller}`,
      `SlurmdPort=${node}`,
      'AuthType=auth/munge',
      `AuthInfo=socket=${folder}/munge.socket`,
      `SlurmctldPidFile=${folder}/slurmctld.pid`,
      `SlurmdPidFile=${folder}/slurmd.pid`,
      `SlurmctldLogFile=${folder}/slurmctld.log`,
      `SlurmdLogFile=${folder}/slurmd.log`,
      `StateSaveLocation=${folder}/state`,
      `SlurmdSpoolDir=${folder}/spool`,
      // Nothing that asks for cgroups, or for rights over other users.
      'ProctrackType=proctrack/linuxproc',
      'TaskPlugin=task/none',
      'SelectType=select/cons_tres',
      ...(this.#more.some((line) => line.startsWith('SelectTypeParameters=')) ? [] : ['SelectTypeParameters=CR_Core']),
      // The node claims more processors than the machine may have.
      'SlurmdParameters=config_overrides',
      'SchedulerParameters=bf_interval=1,sched_min_interval=1',
      'MpiDefault=none',
      'ReturnToService=2',
      'KillWait=2',
      'MinJobAge=60',
      `NodeName=${this.node} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${node} CPUs=4 RealMemory=4000 Features=fast State=UNKNOWN`,
      'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
      ...this.#more,
    ];
    writeFileSync(this.config, `${lines.join('\n')}\n`);
    writeFileSync(join(folder, 'cgroup.conf'), `CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nCgroupMountpoint=${folder}/cgroup\n`);
    await this.#startMunge();
    this.startController();
    this.startNode();
    await this.untilReady();
  }

  startController(): void {
    this.#spawn('slurmctld', ['-D', '-f', this.config]);
  }

  startNode(): void {
    this.#spawn('slurmd', ['-D', '-N', this.node, '-f', this.config]);
  }

  /** Ends a daemon and waits until it is gone; jobs go on. */
  async end(name: Daemon, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#daemons.get(name);
    this.#daemons.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const last = setTimeout(() => child.kill('SIGKILL'), slurmPatienceMs / 3);
    await ended;
    clearTimeout(last);
  }

  /** Runs one of Slurm's commands; answers what it says. */
  async ask(program: string, ...words: string[]): Promise<string> {
    const { stdout } = await run(program, words, { env: { ...environment, SLURM_CONF: this.config } });
    return stdout.trim();
  }

  async untilReady(): Promise<void> {
    for (const until = Date.now() + slurmPatienceMs / 2; Date.now() < until; ) {
      const state = await this.ask('sinfo', '--noheader', '--format=%T').catch(() => '');
      if (state === 'idle' || state === 'mixed' || state === 'allocated') return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the cluster did not come up:\n${this.#logs()}`);
  }

  async close(): Promise<void> {
    await this.ask('scancel', '--me').catch(() => {});
    for (const until = Date.now() + slurmPatienceMs / 3; Date.now() < until; ) {
      const left = await this.ask('squeue', '--noheader').catch(() => '');
      if (left === '') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const name of ['slurmd', 'slurmctld', 'munged'] as const) await this.end(name);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #startMunge(): Promise<void> {
    const file = (kind: string) => join(this.folder, `munge.${kind}`);
    const options = [`--key-file=${file('key')}`, `--socket=${file('socket')}`, `--pid-file=${file('pid')}`, `--log-file=${file('log')}`];
    // --force: the folder is ours, whatever stands above it.
    this.#spawn('munged', ['--foreground', '--force', ...options, `--seed-file=${file('seed')}`, '--num-threads=2']);
    for (const until = Date.now() + slurmPatienceMs / 2; Date.now() < until; ) {
      const { status } = spawnSync('munge', ['--no-input', `--socket=${file('socket')}`], { env: environment });
      if (status === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('munged did not come up');
  }

  #spawn(name: Daemon, words: string[]): void {
    const child = spawn(name, words, { env: environment, stdio: 'ignore', cwd: this.folder });
    this.#daemons.set(name, child);
  }

  #logs(): string {
    const tail = (name: string) => {
      try {
        return readFileSync(join(this.folder, name), 'utf8').split('\n').slice(-20).join('\n');
      } catch {
        return `no ${name}`;
      }
    };
    return `${tail('slurmctld.log')}\n${tail('slurmd.log')}`;
  }
}

/** Ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
