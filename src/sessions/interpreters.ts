/** Which interpreters there are on this host: found by asking them, once in a while, and never while somebody waits for long. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Problem } from '../core/problem.ts';
import type { SessionsConfig } from './config.ts';

const run = promisify(execFile);
const patienceMs = 20_000;
/** What is found is believed for so long; what is missing is looked for again each time. */
const beliefMs = 5 * 60_000;
/** Spark 4 needs this Java, or a newer one. */
const oldestJava = 17;

const projectPython = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

/** Spark on this host: the Python that has it, its folder, its version, and the Java for it. */
export type SparkHome = { python: string; folder: string; version: string; pythonVersion: string; java: string };
type SparkPython = { file: string; version: string; pythonVersion: string; folder: string };

export class Interpreters {
  readonly #config: SessionsConfig;
  #python: Promise<string> | undefined;
  #spark: { found: Promise<SparkHome>; until: number } | undefined;

  constructor(config: SessionsConfig) {
    this.#config = config;
  }

  /** The file of the Python for plain sessions: past wrappers that would start it slowly. Throws `invalid` with what to do. */
  python(): Promise<string> {
    this.#python ??= pythonFile(this.#config.python).catch((error: unknown) => {
      this.#python = undefined;
      throw error;
    });
    return this.#python;
  }

  /** Throws `invalid` naming what is missing and how to get it. */
  spark(): Promise<SparkHome> {
    if (this.#spark !== undefined && Date.now() < this.#spark.until) return this.#spark.found;
    const found = this.#findSpark();
    const entry = { found, until: Date.now() + beliefMs };
    this.#spark = entry;
    found.catch(() => {
      if (this.#spark === entry) this.#spark = undefined;
    });
    return found;
  }

  async #findSpark(): Promise<SparkHome> {
    const { python, java } = this.#config.spark;
    const [{ file, version, pythonVersion, folder }, javaHome] = await Promise.all([this.#pythonWithSpark(python), findJava(java)]);
    return { python: file, folder, version, pythonVersion, java: javaHome };
  }

  async #pythonWithSpark(wanted: string): Promise<SparkPython> {
    const candidates = wanted !== '' ? [wanted] : [...(existsSync(projectPython) ? [projectPython] : []), this.#config.python];
    for (const candidate of candidates) {
      const found = await askForSpark(candidate);
      if (found !== undefined) return found;
    }
    throw new Problem('invalid', 'Rejected, Reason: PySpark is not installed here.', {
      detail: `looked in ${candidates.join(' and ')}`,
      hint: 'run scripts/setup, or: python3 -m venv .venv && .venv/bin/pip install -r src/sessions/driver/requirements.txt',
      pointer: '/kind',
    });
  }
}

async function pythonFile(name: string): Promise<string> {
  try {
    const { stdout } = await run(name, ['-c', 'import sys; print(sys.executable)'], { timeout: patienceMs });
    const file = stdout.trim();
    accessSync(file, constants.X_OK);
    return file;
  } catch (cause) {
    throw new Problem('invalid', `Rejected, Reason: there is no Python here.`, {
      detail: `${name} does not run: ${(cause as Error).message.split('\n', 1)[0]}`,
      hint: 'apt-get install python3, or set sessions.python',
      pointer: '/kind',
      cause,
    });
  }
}

// Found without importing it, which would take a second.
const askSpark = `
import importlib.util, sys
spec = importlib.util.find_spec("pyspark")
if spec and spec.origin:
    names = {}
    exec(open(spec.origin.replace("__init__.py", "version.py")).read(), names)
    print(sys.executable, names.get("__version__"), "%d.%d" % sys.version_info[:2], spec.submodule_search_locations[0], sep="\\n")
`;

async function askForSpark(name: string): Promise<SparkPython | undefined> {
  try {
    const { stdout } = await run(name, ['-c', askSpark], { timeout: patienceMs });
    const [file, version, pythonVersion, folder] = stdout.trim().split('\n');
    return file && version && pythonVersion && folder ? { file, version, pythonVersion, folder } : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of a Java that is new enough, or empty for the one on the path. */
async function findJava(wanted: string): Promise<string> {
  const home = wanted || process.env.JAVA_HOME || '';
  const java = home === '' ? 'java' : join(home, 'bin', 'java');
  let text: string;
  try {
    // It writes its version to standard error (java(1)).
    text = (await run(java, ['-version'], { timeout: patienceMs })).stderr;
  } catch (cause) {
    throw javaProblem(`${java} does not run`, cause);
  }
  const version = Number(/version "(?:1\.)?(\d+)/.exec(text)?.[1] ?? 0);
  if (version < oldestJava) throw javaProblem(`${java} is Java ${version}`);
  return home;
}

const javaProblem = (detail: string, cause?: unknown): Problem =>
  new Problem('invalid', `Rejected, Reason: Spark needs Java ${oldestJava} or newer.`, {
    detail,
    hint: 'apt-get install openjdk-17-jre-headless, or set sessions.spark.java or JAVA_HOME',
    pointer: '/kind',
    ...(cause !== undefined && { cause }),
  });
