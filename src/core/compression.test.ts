import { execFileSync } from 'node:child_process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Compression, decompress, recogniseCompression } from './compression.ts';
import { Problem } from './problem.ts';

const content = Buffer.from(Array.from({ length: 60_000 }, (_, line) => `${line},0,C${line % 977},N${line % 131}\n`).join(''));

/** Octets in pieces, as a reader of files gives them: each overwritten when the next is asked for. */
async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(length);
  for (let at = 0; at < bytes.length; at += length) {
    const piece = bytes.subarray(at, at + length);
    memory.fill(0xff);
    memory.set(piece);
    yield memory.subarray(0, piece.length);
  }
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; fault: unknown }> {
  const parts: Buffer[] = [];
  try {
    for await (const part of source) parts.push(Buffer.from(part));
    return { bytes: Buffer.concat(parts), fault: undefined };
  } catch (fault) {
    return { bytes: Buffer.concat(parts), fault };
  }
}

const packers: Record<Compression, (bytes: Uint8Array) => Buffer> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  xz: (bytes) => execFileSync('xz', ['-c'], { input: bytes, maxBuffer: 1e9 }),
  bzip2: (bytes) => execFileSync('bzip2', ['-c'], { input: bytes, maxBuffer: 1e9 }),
  lz4: (bytes) => execFileSync('lz4', ['-c'], { input: bytes, maxBuffer: 1e9, stdio: ['pipe', 'pipe', 'ignore'] }),
};

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.each(Object.keys(packers) as Compression[])('%s', (name) => {
  const isMissing = name !== 'gzip' && name !== 'zstd' && !isInstalled(name);
  const pack = packers[name];

  test.skipIf(isMissing)('is recognised and unwrapped, whatever the pieces', async () => {
    const packed = pack(content);
    expect(recogniseCompression(packed)).toBe(name);
    for (const length of [7, 4096, 1 << 20]) {
      const input = length === 7 ? pack(content.subarray(0, 2000)) : packed;
      const { bytes, fault } = await gather(decompress(inPieces(input, length)));
      expect(fault).toBeUndefined();
      expect(bytes.equals(length === 7 ? content.subarray(0, 2000) : content)).toBe(true);
    }
  });

  test.skipIf(isMissing)('follows several members in a row', async () => {
    const packed = Buffer.concat([pack(content), pack(Buffer.from('second\n')), pack(content)]);
    for (const length of [1000, 1 << 20]) {
      const { bytes, fault } = await gather(decompress(inPieces(packed, length)));
      expect(fault).toBeUndefined();
      expect(bytes.equals(Buffer.concat([content, Buffer.from('second\n'), content]))).toBe(true);
    }
  });

  test.skipIf(isMissing)('delivers what was good of a cut file, then a problem', async () => {
    const packed = pack(content);
    const { bytes, fault } = await gather(decompress(inPieces(packed.subarray(0, packed.length - 5), 1000)));
    expect(fault).toBeInstanceOf(Problem);
    expect(content.subarray(0, bytes.length).equals(bytes)).toBe(true);
    if (name === 'gzip') expect(bytes.length).toBe(content.length);
  });
});

test('a cut gzip names the offset of its end and has lost nothing before', async () => {
  const packed = gzipSync(content);
  const cut = Math.floor(packed.length / 2);
  const { bytes, fault } = await gather(decompress(inPieces(packed.subarray(0, cut), 1 << 20)));
  expect((fault as Problem).facts).toEqual({ offset: cut });
  expect((fault as Problem).title).toContain(`${cut}`);
  expect(bytes.length).toBeGreaterThan(content.length * 0.4);
  expect(content.subarray(0, bytes.length).equals(bytes)).toBe(true);
});

test('damage is a problem with the offset nearby', async () => {
  const packed = gzipSync(content);
  packed.fill(0xff, 20_000, 20_010);
  const { fault } = await gather(decompress(inPieces(packed, 1000)));
  expect(fault).toBeInstanceOf(Problem);
  expect((fault as Problem).facts?.offset).toBeGreaterThan(18_000);
});

test('looks again behind a wrapping, and gives up on too many', async () => {
  const found: string[] = [];
  const twice = gzipSync(zstdCompressSync(content));
  const { bytes } = await gather(decompress(inPieces(twice, 4096), (name) => found.push(name)));
  expect(found).toEqual(['gzip', 'zstd']);
  expect(bytes.equals(content)).toBe(true);
  let deep: Buffer = content;
  for (let depth = 0; depth < 5; depth++) deep = gzipSync(deep);
  const { fault } = await gather(decompress(inPieces(deep, 4096)));
  expect((fault as Problem).title).toContain('more than 4 times');
});

test('plain, short and empty input passes unchanged', async () => {
  for (const text of ['', 'a', '\x1f', '1,0,C1,N1\n']) {
    const { bytes, fault } = await gather(decompress(inPieces(Buffer.from(text, 'latin1'), 1)));
    expect([bytes.toString('latin1'), fault]).toEqual([text, undefined]);
  }
});

test('zeros behind the last gzip member are padding', async () => {
  const { bytes, fault } = await gather(decompress(inPieces(Buffer.concat([gzipSync(content), Buffer.alloc(5000)]), 1024)));
  expect([bytes.equals(content), fault]).toEqual([true, undefined]);
});

test('an endless source is read only as fast as the output, and closed when the reader leaves', async () => {
  let asked = 0;
  let isClosed = false;
  const member = gzipSync(Buffer.alloc(1 << 20));
  async function* endless() {
    try {
      for (;;) {
        asked++;
        yield member;
      }
    } finally {
      isClosed = true;
    }
  }
  let received = 0;
  for await (const piece of decompress(endless())) {
    received += piece.length;
    if (received > 4 << 20) break;
  }
  expect(asked).toBeLessThan(12);
  expect(isClosed).toBe(true);
});

test('a fault of the source passes through unchanged', async () => {
  async function* failing() {
    yield gzipSync(content).subarray(0, 5000);
    throw new Problem('unavailable', 'the disk went away');
  }
  const { fault } = await gather(decompress(failing()));
  expect((fault as Problem).title).toBe('the disk went away');
});
