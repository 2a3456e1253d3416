/** A store and a DuckDB file with the same LANL rows, made once in a run and shared by the benchmarks that read. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './benchmark.ts';
import { lanlTable } from './duckdb.ts';
import { lanlInput } from './inputs.ts';
import { runProcess } from './process.ts';
import { weirImport } from './weir.ts';

let store: Promise<string> | undefined;

/** A data directory with `bench.rows` rows. Imported anew by each run: an older one may have been made by an older Weir. */
export function lanlStore(bench: Bench): Promise<string> {
  store ??= makeStore(bench);
  return store;
}

async function makeStore(bench: Bench): Promise<string> {
  const file = await lanlInput(bench);
  const folder = join(bench.folder, `lanl-${bench.rows}.weir`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  bench.say(`importing into ${folder}`);
  await runProcess(weirImport(file, folder));
  return folder;
}

/** The same rows as a table of DuckDB, kept like an input; `duckdb` is its program. */
export async function lanlDatabase(bench: Bench, duckdb: string): Promise<string> {
  const file = await lanlInput(bench);
  const path = join(bench.folder, `lanl-${bench.rows}.duckdb`);
  if (bench.fresh) rmSync(path, { force: true });
  if (!existsSync(path)) {
    bench.say(`making ${path}`);
    await runProcess({ program: duckdb, args: [path, '-c', lanlTable(file)] });
  }
  return path;
}
