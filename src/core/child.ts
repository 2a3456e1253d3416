import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Problem } from './problem.ts';

/** Octets of standard error kept, the last ones: what a program says before it gives up. */
const errorTailOctets = 4096;

/** A program to run without a shell, and how to get it where it is missing. */
export type Program = {
  command: string;
  args: readonly string[];
  /** The command that installs it, told when it is absent: `apt-get install xz-utils`. */
  install: string;
};

/**
 * Passes octets through a child process: `source` into its standard input, its standard output to the caller, both at the caller's pace.
 * The child dies with the loop that reads it, and with `signal`. Throws Problem when the program is absent (naming how to install it) or
 * exits with a failure; all it wrote before is delivered first. A fault of `source` is thrown as it is.
 */
export async function* pipeThrough(program: Program, source: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const child = spawn(program.command, program.args, { stdio: ['pipe', 'pipe', 'pipe'], ...(signal === undefined ? {} : { signal }) });
  const outcome = watch(child);
  const tail = keepTail(child.stderr);
  let fault: unknown;
  const feeding = feed(child.stdin, source).catch((cause: unknown) => {
    // The child closing its input early (EPIPE) shows in its exit; any other fault is the source's.
    if ((cause as NodeJS.ErrnoException).code !== 'EPIPE') fault = cause;
    child.stdin.destroy();
  });
  try {
    for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) yield chunk;
    await feeding;
    if (fault !== undefined) throw fault;
    const { error, code, killedBy } = await outcome;
    if (error) throw startProblem(program, error, signal);
    if (code !== 0) throw exitProblem(program, code ?? killedBy ?? 'unknown', await tail);
  } finally {
    child.kill('SIGKILL');
    child.stdin.destroy();
    child.stdout.destroy();
    await outcome;
  }
}

type Exit = { error?: NodeJS.ErrnoException; code?: number | null; killedBy?: string | null };

function watch(child: ReturnType<typeof spawn>): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('close', (code, killedBy) => resolve({ code, killedBy }));
  });
}

async function feed(input: NodeJS.WritableStream, source: AsyncIterable<Uint8Array>): Promise<void> {
  let failed: unknown;
  input.once('error', (error) => {
    failed = error;
  });
  for await (const chunk of source) {
    if (failed !== undefined) throw failed;
    // The source may reuse its memory once the next piece is asked for, so wait until this one is in the pipe.
    await new Promise<void>((resolve, reject) => input.write(chunk, (error) => (error ? reject(error) : resolve())));
  }
  input.end();
  await finished(input);
}

async function keepTail(stream: Readable): Promise<string> {
  let tail = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) tail = Buffer.concat([tail, chunk]).subarray(-errorTailOctets);
  return tail.toString('utf8').trim();
}

function startProblem(program: Program, cause: NodeJS.ErrnoException, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (cause.code !== 'ENOENT')
    return new Problem('unavailable', `${program.command} could not be started`, { cause, detail: cause.message });
  return new Problem('unavailable', `The program ${program.command} is needed and not installed`, { cause, hint: program.install });
}

function exitProblem(program: Program, status: number | string, said: string): Problem {
  return new Problem('unprocessable', `${program.command} stopped with ${typeof status === 'number' ? `status ${status}` : status}`, {
    detail: said || 'It said nothing about the reason.',
  });
}
