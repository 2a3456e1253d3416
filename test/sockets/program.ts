/** Programs that run beside a test: what they say is waited for, and they are ended with it. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));

export class Program {
  static readonly #running = new Set<Program>();
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  out = '';
  said = '';
  #wake = Promise.withResolvers<void>();

  constructor(program: string, ...args: string[]) {
    this.child = spawn(program, args, { env: { ...process.env, WEIR_CONFIG: '' } });
    Program.#running.add(this);
    const wake = () => {
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    };
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.out += bytes.toString('latin1');
      wake();
    });
    this.child.stderr.on('data', (bytes) => {
      this.said += String(bytes);
      wake();
    });
    this.child.stdin.on('error', () => {}); // it may have ended already
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        Program.#running.delete(this);
        resolve(signal ?? code);
        wake();
      });
    });
  }

  /** Waits until it has said that, on either stream, and answers what was found. */
  async until(words: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = words.exec(this.said) ?? words.exec(this.out);
      if (found !== null) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`it ended: ${this.out}\n${this.said}`);
      await this.#wake.promise;
    }
  }

  /** The port that it says it listens on. */
  async port(kind = 'tcp'): Promise<number> {
    return Number((await this.until(new RegExp(`${kind}://127\\.0\\.0\\.1:(\\d+)`)))[1]);
  }

  /** Gives it something to read, and ends that. */
  feed(text: string | Uint8Array): this {
    this.child.stdin.end(text);
    return this;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    this.child.kill(signal);
    return await this.ended;
  }

  static async endAll(): Promise<void> {
    await Promise.all([...Program.#running].map((program) => program.end('SIGKILL')));
  }
}

/** Runs a program to its end; throws when it fails. */
export async function run(program: string, args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const started = new Program(program, ...args).feed(input);
  const code = await started.ended;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${started.said}`);
  return started.out;
}

/** Those of these programs that are not here. */
export function missing(...names: string[]): string[] {
  return names.filter((name) => {
    try {
      execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
}
