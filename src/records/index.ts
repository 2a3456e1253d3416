/**
 * Records: collections of JSON objects without a fixed shape, on keys. For what has no room of its own: lists, notes,
 * what scripts collect. It joins nothing and indexes nothing: a collection is small enough to be held in memory.
 */
export { type RecordsConfig, recordsSettings } from './config.ts';
export { Records } from './records.ts';
