/** Weir's own NDJSON back again: one object a line, with the names of columns as keys. */
import type { OwnFormatOptions } from './csv.ts';
import { JsonRows } from './json-rows.ts';
import type { TextParser } from './parser.ts';
import { SingleLines } from './single-lines.ts';

/** Reads NDJSON; `id` of a row is the number of its line, from 1. Keys may come in any order; absent ones are NULL. */
export const createNdjsonParser = (options: OwnFormatOptions): TextParser => {
  const rows = new JsonRows(options, 'line');
  const lines = new SingleLines('a JSON object', options.badRows, (bytes, start, end, line) => rows.take(bytes.subarray(start, end), line));
  return {
    push: (bytes) => lines.push(bytes),
    end: () => lines.end(),
    get lines() {
      return lines.count;
    },
    get rows() {
      return rows.rows;
    },
    get unordered() {
      return rows.unordered;
    },
  };
};
