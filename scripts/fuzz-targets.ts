/** What can be fuzzed: for each parser good input to begin from, and a run that throws when something else than a Problem comes. */
import { execFileSync } from 'node:child_process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decompress } from '../src/core/compression.ts';
import { chooseMediaType } from '../src/core/media-type.ts';
import { Problem } from '../src/core/problem.ts';
import { parseSize } from '../src/core/quantity.ts';
import { streamFormatNames, streamFormats } from '../src/flows/encode/format.ts';
import { exportSeeds, fuzzExports } from '../src/flows/exporters/fuzz.ts';
import { fuzzFilter } from '../src/flows/filter/fuzz.ts';
import { fuzzTextImport, textImportSeeds } from '../src/flows/import/fuzz.ts';
import { type ImportWords, readImportWords } from '../src/flows/import/words.ts';
import { readBucket, readFormat, readStream, type StreamWords } from '../src/flows/query.ts';
import { captureSeeds, fuzzCapture } from '../src/packets/fuzz.ts';
import { framingSeeds, fuzzFraming } from '../src/sockets/framing/fuzz.ts';
import { fuzzTransfer, transferSeeds } from '../src/sockets/transfer/fuzz.ts';

/** `run` may be called with any octets; it throws, or rejects, only on a finding. */
export type FuzzTarget = { seeds: readonly Uint8Array[]; run: (octets: Uint8Array) => void | Promise<void> };

const texts = (...lines: string[]): Uint8Array[] => lines.map((line) => Uint8Array.from(Buffer.from(line)));

const filterSeeds = texts(
  'proto tcp and (port 443 or dst net 10.0.0.0/8) and bytes > 1m and not host C1423',
  'ip in [10.0.0.1, 2001:db8::/32] and flags S and not flags AF',
  'duration >= 1.5h or packets < 10k and src port in [1-1024, 8080]',
  'host "a b" and icmp-type 8 && (proto 17 || udp)',
);

const querySeeds = texts(
  'scanned_after=86400&scanned_before=86401&limit=10&format=json&fields=time,src_comp&order=-time',
  'scanned_after=2017-03-01T12:00:00.5Z&ingested_after=2017-03-01T12:00:00%2B01:00&filter=proto+tcp&bigint=string&bucket=1.5h',
  'name=a.pcap&format=lanl-2015&skip_bad=10&keep_good=true&tunnels=both&active=60&epoch=1420070400&accept=text/csv;q=0.5,*/*',
);

/** Reads octets as the query string of every question at once. */
function fuzzQuery(octets: Uint8Array): void {
  const words = Object.fromEntries(new URLSearchParams(new TextDecoder().decode(octets)));
  orProblem(() => readStream({ ...words, limit: undefined } as StreamWords, 'json'));
  orProblem(() => readFormat(words.format ?? ''));
  orProblem(() => readBucket(words.bucket));
  orProblem(() => readImportWords(words as ImportWords, 1_048_576));
  orProblem(() => parseSize(words.size ?? words.limit ?? '', 'size'));
  chooseMediaType(
    words.accept,
    streamFormatNames.map((name) => streamFormats[name].mediaType),
  );
}

function orProblem(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'internal') throw error;
  }
}

const plain = Buffer.from('1,0,C1065,389,C3799,N10451,6,10,5323\n'.repeat(200));

const compressedSeeds = (): Uint8Array[] => {
  const packed = [gzipSync(plain), zstdCompressSync(plain), Buffer.concat([gzipSync(plain), gzipSync(plain)]), gzipSync(gzipSync(plain))];
  for (const program of ['xz', 'bzip2']) {
    try {
      packed.push(execFileSync(program, ['-c'], { input: plain, stdio: ['pipe', 'pipe', 'ignore'] }));
    } catch {
      // Not installed here: the others remain.
    }
  }
  return packed.map((octets) => Uint8Array.from(octets));
};

/** What a mutated file of some kilobytes may become at most: zstd and gzip cannot blow it up further in good faith. */
const largestOutput = 1 << 28;

async function fuzzDecompression(octets: Uint8Array): Promise<void> {
  let length = 0;
  try {
    for await (const piece of decompress(pieces(octets))) {
      length += piece.length;
      if (length > largestOutput) return; // a bomb: whoever reads it sees its size and may stop, as here
    }
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'internal') throw error;
  }
}

async function* pieces(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  const length = 1 + ((octets[0] ?? 0) % 97);
  for (let at = 0; at < octets.length; at += length) yield octets.subarray(at, at + length);
}

export const fuzzTargets: Readonly<Record<string, FuzzTarget>> = {
  filter: { seeds: filterSeeds, run: fuzzFilter },
  text: { seeds: texts(...textImportSeeds), run: fuzzTextImport },
  exports: { seeds: exportSeeds, run: fuzzExports },
  packets: { seeds: captureSeeds, run: fuzzCapture },
  compression: { seeds: compressedSeeds(), run: fuzzDecompression },
  query: { seeds: querySeeds, run: fuzzQuery },
  framing: { seeds: framingSeeds, run: fuzzFraming },
  transfer: { seeds: transferSeeds, run: fuzzTransfer },
};
