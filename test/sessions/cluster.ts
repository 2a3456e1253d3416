/** A standalone cluster of Spark on loopback, out of the PySpark distribution: one master, and workers that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quickJava } from './quick-spark.ts';

const deploy = 'org.apache.spark.deploy';

export class SparkCluster {
  readonly #home: string;
  readonly #python: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'weir-spark-'));
  readonly #processes: ChildProcess[] = [];
  /** What a session calls it: `spark://127.0.0.1:PORT`. */
  master = '';

  /** `home` is the folder of the package `pyspark`, `python` the Python that has it. */
  constructor(home: string, python: string) {
    this.#home = home;
    this.#python = python;
  }

  /** Resolves when so many workers have registered. */
  async start(workers: number): Promise<void> {
    const master = await this.#run('master.Master', ['--webui-port', '0'], /Starting Spark master at (spark:\/\/\S+)/);
    this.master = master[1] as string;
    const words = ['--webui-port', '0', '--cores', '1', '--memory', '700m', '--work-dir', join(this.#folder, 'work'), this.master];
    await Promise.all(Array.from({ length: workers }, () => this.#run('worker.Worker', words, /Successfully registered with master/)));
  }

  /** Kills the worker that was started last, without a word; its executors end with it. */
  killWorker(): void {
    this.#processes.at(-1)?.kill('SIGKILL');
  }

  async close(): Promise<void> {
    const ends = this.#processes.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      return ended;
    });
    await Promise.all(ends);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** spark-class ends in exec, so that the child is the JVM itself. */
  #run(name: string, words: readonly string[], ready: RegExp): Promise<RegExpExecArray> {
    const child = spawn(join(this.#home, 'bin', 'spark-class'), [`${deploy}.${name}`, '--host', '127.0.0.1', '--port', '0', ...words], {
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        SPARK_HOME: this.#home,
        PYSPARK_PYTHON: this.#python,
        SPARK_LOCAL_IP: '127.0.0.1',
        SPARK_LOCAL_DIRS: join(this.#folder, 'local'),
        SPARK_DAEMON_MEMORY: '256m',
        SPARK_DAEMON_JAVA_OPTS: quickJava,
      },
    });
    this.#processes.push(child);
    return new Promise((resolve, reject) => {
      let said = '';
      child.stderr?.on('data', (piece) => {
        said = (said + String(piece)).slice(-100_000);
        const found = ready.exec(said);
        if (found !== null) resolve(found);
      });
      child.once('exit', () => reject(new Error(`${name} did not come up: ${said}`)));
    });
  }
}
