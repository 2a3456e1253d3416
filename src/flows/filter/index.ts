/**
 * The filter language: what nfdump's and tcpdump's users type, as a condition of SQL with bound parameters.
 * `parseFilter` reads it, `compileFilter` makes the condition, `timeBounds` tells the store which files can be left alone,
 * `formatFilter` writes it back. Reading is linear in the text, which has at most 16 KiB; the language is on `docs/53-filter-language.md`.
 */
export { allOf, anyOf, type Filter } from './ast.ts';
export { compileFilter } from './compile.ts';
export type { CompiledFilter, Parameter } from './compiled-filter.ts';
export { type FilterLimits, filterLimits } from './fault.ts';
export { formatFilter } from './format.ts';
export { parseFilter } from './parser.ts';
export { type TimeBounds, timeBounds } from './time-bounds.ts';
export { namesTunnels } from './tunnel-words.ts';
export { filterWords } from './words.ts';
