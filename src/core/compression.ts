import type { Gunzip, ZstdDecompress } from 'node:zlib';
import type { Program } from './child.ts';
import { Problem } from './problem.ts';

/** Compressed formats that are unwrapped, by the octets they begin with. The names of files are not looked at. */
const compressions = {
  gzip: [0x1f, 0x8b],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  bzip2: [0x42, 0x5a, 0x68],
  lz4: [0x04, 0x22, 0x4d, 0x18],
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a],
} as const;

export type Compression = keyof typeof compressions;

/** Octets that recognition needs: the longest of the magic numbers above. */
const magicOctets = 5;
/** Wrappings opened one inside the other: more is an attack, not an archive. */
const depthLimit = 4;
/** Octets of one output piece: amortises the trip to zlib's thread. */
const outputOctets = 262_144;

/** Programs for the formats that Node does not bring. Memory is limited where the program can do so. */
const programs = {
  xz: { command: 'xz', args: ['-dc', '--memlimit-decompress=256MiB', '-T1'], install: 'apt-get install xz-utils' },
  bzip2: { command: 'bzip2', args: ['-dc'], install: 'apt-get install bzip2' },
  lz4: { command: 'lz4', args: ['-dc'], install: 'apt-get install lz4' },
} satisfies Partial<Record<Compression, Program>>;

/** What `head`, the first octets of a file, is compressed with; undefined for anything else. */
export function recogniseCompression(head: Uint8Array): Compression | undefined {
  for (const [name, magic] of Object.entries(compressions)) {
    if (head.length >= magic.length && magic.every((octet, index) => head[index] === octet)) return name as Compression;
  }
  return undefined;
}

/**
 * The octets of `source` with all compression taken off: recognised by content, several members or frames in a row, and wrappings inside
 * wrappings up to four deep. Uncompressed input passes unchanged and uncopied (a piece is valid until the next is asked for, as with the
 * source). Runs at the pace of its reader. Damaged or cut input delivers what was good, then throws Problem (facts: offset in the
 * compressed octets). `onFound` hears each wrapping, outermost first.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  onFound: (compression: Compression) => void = () => undefined,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let inner = source;
  for (let depth = 0; ; depth++) {
    const { head, all } = await peek(inner);
    const compression = recogniseCompression(head);
    if (!compression) {
      yield* all;
      return;
    }
    if (depth === depthLimit) {
      await all.return(undefined);
      throw new Problem('unprocessable', `The input is compressed more than ${depthLimit} times over`);
    }
    onFound(compression);
    inner = await unwrap(compression, all, signal);
  }
}

/** What unpacks is loaded with the first that is packed. */
async function unwrap(
  compression: Compression,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<AsyncGenerator<Uint8Array>> {
  if (compression === 'gzip' || compression === 'zstd') {
    const { createGunzip, createZstdDecompress } = await import('node:zlib');
    const create = compression === 'gzip' ? createGunzip : createZstdDecompress;
    return inflate(compression, () => create({ chunkSize: outputOctets }), source);
  }
  const { pipeThrough } = await import('./child.ts');
  return pipeThrough(programs[compression], source, signal);
}

/** Reads until recognition is possible, then gives back everything from the start. */
async function peek(source: AsyncIterable<Uint8Array>): Promise<{ head: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  let head: Uint8Array = first.done ? new Uint8Array(0) : first.value;
  let isOver = first.done === true;
  while (!isOver && head.length < magicOctets) {
    const kept = Uint8Array.from(head);
    const next = await iterator.next();
    isOver = next.done === true;
    if (!next.done) head = Buffer.concat([kept, next.value]);
  }
  return { head, all: replay(head, isOver, iterator) };
}

async function* replay(head: Uint8Array, isOver: boolean, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    while (!isOver) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Octets that go in at once: what is unpacked of a slice is lost where the data is damaged within it, and a small file has few. */
const sliceOctets = { first: 4096, later: 262_144 };

type Decoder = Gunzip | ZstdDecompress;

/**
 * Drives zlib streams by hand. Their own pipeline would drop finished output when the input turns out to be cut: so each piece is read out
 * to the last octet before the next goes in, and the end is declared only after all output was taken. A stream that leaves input untouched
 * has met the end of its member or frame: the next one gets a fresh stream.
 */
async function* inflate(name: Compression, create: () => Decoder, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let state = listen(create());
  let offset = 0;
  try {
    for await (const piece of source) {
      for (let rest = piece; ; ) {
        const before = state.stream.bytesWritten;
        const slice = rest.subarray(0, offset < 16 * sliceOctets.first ? sliceOctets.first : sliceOctets.later);
        yield* inflatePiece(state, slice);
        if (state.failure) throw damaged(name, offset, state.failure);
        const taken = state.stream.bytesWritten - before;
        offset += taken;
        rest = rest.subarray(taken);
        if (rest.length === 0) break;
        if (taken === slice.length) continue;
        // Zeros behind the last member are the padding of tapes and disks.
        if (rest[0] === 0) return;
        state.stream.destroy();
        state = listen(create());
      }
    }
    state.stream.end();
    yield* drain(state, () => state.isEnded);
    if (state.failure) throw cutShort(name, offset, state.failure);
  } finally {
    state.stream.destroy();
  }
}

async function* inflatePiece(state: Inflation, piece: Uint8Array): AsyncGenerator<Uint8Array> {
  let isWritten = false;
  state.stream.write(piece, () => {
    isWritten = true;
    state.wake();
  });
  yield* drain(state, () => isWritten);
}

type Inflation = { readonly stream: Decoder; failure: Error | undefined; isEnded: boolean; wake: () => void };

function listen(stream: Decoder): Inflation {
  const state: Inflation = { stream, failure: undefined, isEnded: false, wake: () => undefined };
  stream.on('error', (error: Error) => {
    state.failure = error;
    state.wake();
  });
  stream.on('end', () => {
    state.isEnded = true;
    state.wake();
  });
  stream.on('readable', () => state.wake());
  return state;
}

/** Yields output until `isDone` and none is left, or the stream failed or ended. */
async function* drain(state: Inflation, isDone: () => boolean): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = state.stream.read() as Buffer | null;
    if (chunk) yield chunk;
    else if (state.failure || state.isEnded || isDone()) return;
    else {
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
    }
  }
}

function damaged(name: Compression, offset: number, cause: Error): Problem {
  return new Problem('unprocessable', `The ${name} data is damaged near offset ${offset}`, {
    detail: cause.message,
    facts: { offset },
    cause,
  });
}

function cutShort(name: Compression, offset: number, cause: Error): Problem {
  return new Problem('unprocessable', `The ${name} data ends too early, at offset ${offset}`, {
    detail: `${cause.message}. The file was cut, or its writer has not finished.`,
    facts: { offset },
    cause,
  });
}
