/** Where the store keeps what, below its data directory; and how a file is made to survive a power cut. */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

const daySeconds = 86_400;

/** The day of a flow as SQL. Division of whole numbers would round towards zero and put the last day before 1970 into 1970. */
export const dayOfTime = `CAST(floor(time / ${daySeconds}) AS BIGINT)`;

/** The condition that a flow is of that day, as a range that reaches the column statistics. */
export const isOfDay = (day: number): string => `time >= ${day * daySeconds} AND time < ${(day + 1) * daySeconds}`;

/** The folders and files of one data directory. */
export class StorePaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Catalog and hot flows, one DuckDB file. */
  get database(): string {
    return join(this.root, 'weir.duckdb');
  }

  /** Sealed flows: one folder per UTC day with Parquet files, to be read by anything that reads Parquet. */
  get flows(): string {
    return join(this.root, 'flows');
  }

  /** Files on their way: removed at start unless the catalog has them. */
  get staging(): string {
    return join(this.root, 'staging');
  }

  /** What DuckDB spills when a query does not fit its memory. */
  get spill(): string {
    return join(this.root, 'staging', 'spill');
  }

  /**
   * The part of it that belongs to one engine alone: two engines in one folder give their files the same names, read
   * each other's blocks and delete them.
   */
  spillOf(engine: string): string {
    return join(this.spill, engine);
  }

  /** The folder of a day, given in days since 1970. */
  dayFolder(day: number): string {
    return join(this.flows, `day=${dayName(day)}`);
  }

  async make(): Promise<void> {
    for (const folder of [this.flows, this.staging, this.spill]) await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}

/** `YYYY-MM-DD` of a day since 1970. */
export const dayName = (day: number): string => {
  const iso = new Date(day * daySeconds * 1000).toISOString();
  return iso.slice(0, iso.indexOf('T'));
};

/** Flushes a file or a folder to the disk. */
export const syncFile = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
