/** Inputs that are made once and kept: the same options give the same octets, so the next run takes what is there. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './benchmark.ts';
import { writeCapture } from './capture-packets.ts';
import { lanlRows } from './lanl-rows.ts';
import { pipeline, quoted, runProcess } from './process.ts';
import { writeSingles } from './single-packets.ts';

/** A capture of `bench.packets` packets. */
export const captureInput = (bench: Bench): Promise<string> =>
  keep(bench, `capture-${bench.packets}.pcap`, (write) => writeCapture({ packets: bench.packets }, write));

/** A capture of `bench.flows` packets, each a flow of its own. */
export const singlesInput = (bench: Bench): Promise<string> =>
  keep(bench, `singles-${bench.flows}.pcap`, (write) => writeSingles({ packets: bench.flows }, write));

/** A LANL file of `rows` rows over 58 days. */
export const lanlInput = (bench: Bench, rows = bench.rows): Promise<string> =>
  keep(bench, `lanl-${rows}.csv`, (write) => {
    for (const block of lanlRows({ rows })) write(block);
  });

const made = new Set<string>();

async function keep(bench: Bench, name: string, make: (write: (block: Uint8Array) => void) => void): Promise<string> {
  const path = join(bench.folder, name);
  if (!existsSync(path) || (bench.fresh && !made.has(path))) {
    bench.say(`making ${path}`);
    mkdirSync(bench.folder, { recursive: true });
    makeFile(path, make);
  }
  made.add(path);
  // Whoever runs first must not be the one who fetches the file from the disk.
  await runProcess(pipeline(`cat ${quoted(path)} > /dev/null`));
  return path;
}

/** Under its final name only when it is whole. */
function makeFile(path: string, make: (write: (block: Uint8Array) => void) => void): void {
  const part = `${path}.part`;
  const fd = openSync(part, 'w');
  try {
    make((block) => {
      for (let at = 0; at < block.length; ) at += writeSync(fd, block, at);
    });
  } finally {
    closeSync(fd);
  }
  renameSync(part, path);
}

/** Runs `work` with a folder that is empty before and gone afterwards. */
export async function inScratch<Result>(bench: Bench, name: string, work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = join(bench.folder, 'scratch', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
