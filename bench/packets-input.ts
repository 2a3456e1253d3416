/** A capture of so many packets, made once and kept. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './benchmark.ts';
import { writeCapture } from './capture-packets.ts';

export function captureInput(bench: Bench, packets: number): string {
  mkdirSync(bench.folder, { recursive: true });
  const path = join(bench.folder, `packets-${packets}.pcap`);
  if (existsSync(path) && !bench.fresh) return path;
  bench.say(`making ${packets} packets`);
  const file = openSync(`${path}.part`, 'w');
  writeCapture({ packets }, (block) => {
    for (let at = 0; at < block.length; ) at += writeSync(file, block, at);
  });
  closeSync(file);
  renameSync(`${path}.part`, path);
  return path;
}
