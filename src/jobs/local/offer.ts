import { availableParallelism, hostname, totalmem } from 'node:os';
import { Problem } from '../../core/problem.ts';
import type { JobsConfig } from '../config.ts';
import { architecture } from '../environment.ts';
import type { Offer } from '../pool.ts';

const mebi = 1024 * 1024;

/** What this host gives to jobs, by the configuration. Throws `invalid`. */
export function offerOf({ cores, memory, gpus, resources, tags }: JobsConfig): Offer {
  return {
    host: hostname(),
    amounts: {
      CORES: cores || availableParallelism(),
      RAM: Math.floor((memory || totalmem()) / mebi),
      ...(gpus > 0 && { GPUS: gpus }),
      ...Object.fromEntries(resources.map((text) => amountOf(text, 'jobs.resources'))),
    },
    tags: [architecture, process.platform, process.arch, ...tags],
  };
}

/** Reads `NAME=AMOUNT`. Throws `invalid`. */
export function amountOf(text: string, pointer: string): [string, number] {
  const match = /^([^=\s]+)=(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) throw new Problem('invalid', `${pointer} has to be NAME=AMOUNT.`, { detail: `got ${JSON.stringify(text)}`, pointer });
  return [match[1] as string, Number(match[2])];
}
