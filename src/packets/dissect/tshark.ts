/**
 * Wireshark's dissectors, through tshark: for the layers that Weir does not open itself. A fixed set of options: nothing
 * that a user says can become one, and none of those that write files or run scripts is offered.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Problem } from '../../core/problem.ts';

export type Dissection = {
  file: string;
  /** A display filter of Wireshark. */
  filter?: string | undefined;
  form: 'json' | 'text' | 'fields';
  /** With `fields`: Wireshark's names. */
  fields?: readonly string[];
  /** With `text`: the protocols to open, as `-O` takes them; all where absent. */
  protocols?: readonly string[];
  /** Milliseconds that tshark may take, and octets that it may write. */
  timeMs: number;
  octets: number;
};

const fieldName = /^[A-Za-z_][\w.-]{0,127}$/;
const longestFilter = 4096;
/** Octets of standard error kept. */
const errorTail = 4096;

/** The arguments of tshark for a dissection. Throws `invalid` for names that are none. */
export function tsharkArguments({ file, filter, form, fields = [], protocols = [] }: Dissection): string[] {
  for (const name of [...fields, ...protocols])
    if (!fieldName.test(name)) throw new Problem('invalid', `${JSON.stringify(name)} is no name of a field or protocol.`);
  if (filter !== undefined && (filter.length > longestFilter || /[\0\n]/.test(filter)))
    throw new Problem('invalid', `A display filter has one line of at most ${longestFilter} characters.`);
  const args = ['-n', '-r', file, ...(filter === undefined ? [] : ['-Y', filter])];
  // Without the option the second of two equal keys would hide the first (`ip.addr` is there twice).
  if (form === 'json') return [...args, '-T', 'json', '--no-duplicate-keys'];
  if (form === 'fields') return [...args, '-T', 'fields', ...fields.flatMap((name) => ['-e', name])];
  return [...args, ...(protocols.length > 0 ? ['-O', protocols.join(',')] : ['-V'])];
}

/** What tshark prints, as it comes. Throws `unavailable` where it is absent, `invalid` for a filter or field that it does not know, `too-large`, `timeout`. */
export async function* dissect(dissection: Dissection, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const args = tsharkArguments(dissection);
  const child = spawn('tshark', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', HOME: '/nonexistent' },
  });
  const ended = endOf(child);
  ended.catch(() => {}); // awaited below
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, dissection.timeMs);
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  let octets = 0;
  try {
    for await (const block of child.stdout as AsyncIterable<Buffer>) {
      octets += block.length;
      if (octets > dissection.octets)
        throw new Problem('too-large', `tshark wrote more than ${dissection.octets} bytes.`, {
          hint: 'choose fewer packets with a filter',
        });
      yield block;
    }
    const said = await ended;
    if (isLate) throw new Problem('timeout', `tshark was not done after ${Math.round(dissection.timeMs / 1000)} s.`);
    if (said !== undefined) throw refused(said);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** Resolves at the end of tshark: with what it said when that was no good end. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-errorTail);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => reject(missing(cause)));
    child.once('close', (status) => resolve(status === 0 ? undefined : said.trim() || `it stopped with ${status}`));
  });
}

function missing(cause: NodeJS.ErrnoException): Problem {
  if (cause.code !== 'ENOENT') return new Problem('unavailable', 'tshark could not be started.', { detail: cause.message, cause });
  return new Problem('unavailable', 'Deep dissection needs the program tshark, which is not installed.', {
    hint: 'sudo apt-get install tshark; what Weir opens itself needs none: weir packets read FILE -T json',
    cause,
  });
}

/** tshark warns about root on each run: the reason stands behind that. */
function refused(said: string): Problem {
  const lines = said.split('\n').filter((line) => !/^Running as user|^\s*$/.test(line));
  return new Problem('invalid', 'tshark has refused.', { detail: lines.join('\n').slice(0, 1000) || said.slice(0, 1000) });
}
