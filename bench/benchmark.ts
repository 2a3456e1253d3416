/** What a benchmark is given, and what it answers with. */
import type { Standing } from './rounds.ts';

export type BenchOptions = {
  /** Packets of the capture. */
  packets: number;
  /** Rows of the LANL file. */
  rows: number;
  /** Flows of one packet each that are ranked. */
  flows: number;
  /** Rows that the Flask listing is asked for; it is too slow for all. */
  seedRows: number;
  /** Formats of the stream; undefined for all. */
  formats?: readonly string[] | undefined;
  /** Keys of the tree that is started. */
  keys: number;
  /** Watchers of one key. */
  watchers: number;
  /** Seconds that each load on the keys or the exports lasts. */
  seconds: number;
  /** Settings (`NAME=VALUE`) of the Weir whose keys are measured. */
  keySettings: readonly string[];
  rounds: number;
  /** Where inputs are kept and scratch files made. */
  folder: string;
  /** Make inputs anew. */
  fresh: boolean;
  /** Also run peers that take minutes. */
  slow: boolean;
};

export type Bench = BenchOptions & {
  /** One line about what happens now, on standard error. */
  say: (line: string) => void;
};

/** A peer that did not run, and what to do so that it does. */
export type Skipped = { name: string; reason: string };

/** One thing to reach: a ratio or a rate is to be at least `wanted`, a time or a size at most. */
export type Target = { what: string; reached: number; wanted: number; kind: 'ratio' | 'milliseconds' | 'octets'; isLimit: boolean };

/** The outcome of a benchmark: those who ran, the first of whom is Weir; those who did not; what was to be reached. */
export type Report = {
  title: string;
  unit: 'packets' | 'rows' | 'flows' | 'requests' | 'deliveries' | 'watchers' | 'keys' | 'ports' | 'jobs' | 'octets' | 'frames';
  standings: readonly Standing[];
  skipped: readonly Skipped[];
  targets: readonly Target[];
  /** Anything else that was measured, as lines for people and as numbers for programs. */
  notes?: readonly string[];
  figures?: Readonly<Record<string, number>>;
};

export type Benchmark = { about: string; run: (bench: Bench) => Promise<Report[]> };

/** A rate that is to be `wanted` times another at least. */
export const ratioTarget = (what: string, reached: number, wanted: number): Target => ({
  what,
  reached,
  wanted,
  kind: 'ratio',
  isLimit: false,
});

/** A time that is not to be passed. */
export const timeLimit = (what: string, reached: number, wanted: number): Target => ({
  what,
  reached,
  wanted,
  kind: 'milliseconds',
  isLimit: true,
});

/** Peak memory that is not to be passed, in octets. */
export const memoryLimit = (what: string, reached: number, wanted = 400e6): Target => ({
  what,
  reached,
  wanted,
  kind: 'octets',
  isLimit: true,
});
