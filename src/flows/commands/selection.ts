import { Argument, type Command, Option } from 'commander';
import { offerWords } from '../../cli/offers.ts';
import { Problem } from '../../core/problem.ts';
import type { Selection } from '../access.ts';
import { groupingWords } from '../grouping.ts';

/** The options of every command that asks about some flows. */
export type SelectionOptions = { filter?: string; scannedAfter?: string; scannedBefore?: string; ingestedAfter?: string };

/** Adds the filter (as words or as `--filter`) and the range of time. */
export function addSelection(command: Command): Command {
  const words = new Argument('[filter...]', 'words of the filter language, such as: proto tcp and port 443');
  const text = new Option('--filter <text>', 'the filter as one text');
  for (const value of [words, text]) offerWords(value, async () => (await import('../filter/words.ts')).filterWords);
  return command
    .addArgument(words)
    .addOption(text)
    .option('--after, --scanned-after <time>', 'flows later than this (exclusive): seconds or ISO 8601')
    .option('--before, --scanned-before <time>', 'flows up to this (inclusive): seconds or ISO 8601')
    .option('--ingested-after <time>', 'flows taken in later than this: ISO 8601');
}

/** `--by`, with the words that it takes; `what` says what it is for. */
export function groupingOption(what: string): Option {
  const option = new Option('--by <key>', `${what}: ${groupingWords.join(', ')}`);
  offerWords(option, async () => groupingWords);
  return option;
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
