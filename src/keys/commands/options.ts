import { type Command, InvalidArgumentError } from 'commander';
import { readDuration } from '../../core/quantity.ts';

/** What `addTtl` gives a command. */
export type TtlOptions = { ttl?: number };

/** Adds `--ttl`. As in etcdctl 0 means for ever; days are nicer to type than seconds, so units are taken too. */
export const addTtl = (command: Command): Command =>
  command.option('--ttl <seconds>', 'seconds that it stays (or 5m, 2h, 7d); 0 for ever', readTtl);

function readTtl(text: string): number {
  const nanoseconds = readDuration(text, 's');
  if (nanoseconds === undefined) throw new InvalidArgumentError('Expected seconds, or a duration such as 5m.');
  return Number(nanoseconds / 1_000_000n);
}

/** The part of an operation that `--ttl` gives: milliseconds. */
export const ttlOf = ({ ttl }: TtlOptions): { ttl?: number } => (ttl === undefined || ttl === 0 ? {} : { ttl });

/** An index of 64 bits, for options that compare with one. */
export function readIndex(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new InvalidArgumentError('Expected an index: a whole number.');
  return BigInt(text);
}
