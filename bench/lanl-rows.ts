/**
 * Rows as the LANL 2015 flow file has them, made up but alike: sorted by time, most flows to a few servers, ports as
 * tokens but for the well-known ones. The same seed gives the same octets. Ten million rows take a few seconds.
 *
 *   node bench/lanl-rows.ts ROWS [FILE]      writes to FILE or standard output
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { xorshift } from './xorshift.ts';

/** How many rows over how many days; `seed` is any 32-bit number but 0. */
export type LanlRows = { rows: number; days?: number; seed?: number };

const daySeconds = 86_400;
const computers = 17_684;
const tokens = 49_000;
const blockOctets = 1 << 20;
const longestRow = 80;
// Destination ports of the first ten million real rows and their share in 1/1000; the rest are tokens.
const wellKnown: [port: string, share: number][] = [
  ['445', 160],
  ['80', 36],
  ['389', 35],
  ['137', 22],
  ['88', 21],
  ['53', 20],
  ['443', 12],
  ['139', 10],
];
const portOfShare = wellKnown.flatMap(([port, share]) => Array<string>(share).fill(port));

/** The file as blocks of up to 1 MiB that end in whole rows. Each block is new: the taker may keep or transfer it. */
export function* lanlRows({ rows, days = 58, seed = 2015 }: LanlRows): Generator<Uint8Array> {
  const random = xorshift(seed);
  let block = Buffer.allocUnsafeSlow(blockOctets);
  let used = 0;
  for (let row = 0; row < rows; row++) {
    const time = 1 + Math.floor((row / rows) * (days * daySeconds - 1));
    used += block.write(lanlRow(time, random), used, 'latin1');
    if (used < blockOctets - longestRow && row < rows - 1) continue;
    yield block.subarray(0, used);
    block = Buffer.allocUnsafeSlow(blockOctets);
    used = 0;
  }
}

const lanlRow = (time: number, random: () => number): string => {
  const dice = random();
  const port = portOfShare[dice % 1000] ?? `N${1 + (dice % tokens)}`;
  const client = `C${1 + (random() % computers)}`;
  // The square bends the draw towards the low numbers: a few servers get most of the flows.
  const server = `C${1 + Math.floor(((random() % 1000) / 1000) ** 2 * 6000)}`;
  const token = `N${1 + (random() % tokens)}`;
  const packets = 1 + (dice % 7 === 0 ? random() % 400 : dice % 5);
  const ends = dice % 3 === 0 ? `${server},${port},${client},${token}` : `${client},${token},${server},${port}`;
  const duration = dice % 4 === 0 ? random() % 60 : 0;
  return `${time},${duration},${ends},${port === '53' || port === '137' ? 17 : 6},${packets},${packets * (46 + (dice % 900))}\n`;
};

if (import.meta.main) {
  const [rows = '10000000', file] = process.argv.slice(2);
  const fd = file === undefined ? 1 : openSync(file, 'w');
  for (const block of lanlRows({ rows: Number(rows) })) for (let at = 0; at < block.length; ) at += writeSync(fd, block, at);
  if (file !== undefined) closeSync(fd);
}
