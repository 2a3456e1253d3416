/**
 * Captures that a server runs: a few at once, each with limits in time, size and number, on interfaces that the
 * configuration allows. Their packets can be looked at as they come, kept as a file, and made into flows.
 */
export { Captures, type CapturesDependencies } from './captures.ts';
export { type CapturesConfig, capturesSettings } from './config.ts';
