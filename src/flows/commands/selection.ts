import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import type { Selection } from '../access.ts';

/** The options of every command that asks about some flows. */
export type SelectionOptions = { filter?: string; scannedAfter?: string; scannedBefore?: string; ingestedAfter?: string };

/** Adds the filter (as words or as `--filter`) and the range of time. */
export function addSelection(command: Command): Command {
  return command
    .argument('[filter...]', 'words of the filter language, such as: proto tcp and port 443')
    .option('--filter <text>', 'the filter as one text')
    .option('--after, --scanned-after <time>', 'flows later than this (exclusive): seconds or ISO 8601')
    .option('--before, --scanned-before <time>', 'flows up to this (inclusive): seconds or ISO 8601')
    .option('--ingested-after <time>', 'flows taken in later than this: ISO 8601');
}

/** What the words and options of a command select. */
export function selectionOf(words: readonly string[], options: SelectionOptions): Selection {
  if (words.length > 0 && options.filter !== undefined) {
    throw new Problem('invalid', 'the filter was given twice, as words and as --filter', {
      hint: "put all of it into one: --filter '...'",
    });
  }
  const filter = options.filter ?? words.join(' ');
  return {
    ...(filter !== '' && { filter }),
    ...(options.scannedAfter !== undefined && { scanned_after: options.scannedAfter }),
    ...(options.scannedBefore !== undefined && { scanned_before: options.scannedBefore }),
    ...(options.ingestedAfter !== undefined && { ingested_after: options.ingestedAfter }),
  };
}
