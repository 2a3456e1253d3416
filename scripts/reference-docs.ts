/**
 * Writes the generated tables of the reference pages (settings, routes, metrics, errors) between their markers in docs/
 * and `src/client/api.ts` (`--write`), or prints what differs (the default; exit code 1). What stands around the tables is written by hand.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock } from '../src/core/clock.ts';
import { listSettings, loadConfig } from '../src/core/config.ts';
import { createLog } from '../src/core/log.ts';
import { type ProblemCode, problemCodes } from '../src/core/problem.ts';
import { buildApp } from '../src/server/app.ts';
import { problemMeanings } from '../src/server/problem-pages.ts';
import { roomsOf, settings } from '../src/server/rooms.ts';
import { clientTypes, typesFile } from './client-types.ts';

/** A page of docs/, the name between its markers, and the rows of its table: the first cell of each is the name it documents. */
export type ReferenceTable = { page: string; marker: string; head: string[]; rows: string[][] };

/** Every table, from the program itself: the rooms are made, never started. */
export async function referenceTables(): Promise<ReferenceTable[]> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-reference-'));
  const config = loadConfig(settings, {});
  const log = createLog({ level: 'silent' });
  const metrics = new Registry();
  const made = roomsOf(config).map((make) => make({ dataFolder: folder, log, clock: systemClock, metrics }));
  const rooms = await Promise.all(made);
  const closing = new AbortController().signal;
  const app = await buildApp(config.server, { log, clock: systemClock, metrics, rooms, ready: [], closing, isLoopback: true });
  try {
    const { paths } = (await app.inject('/openapi.json')).json<Description>();
    return [
      { page: '50-configuration.md', marker: 'settings', head: ['setting', 'type', 'default', 'variable', 'meaning'], rows: settingRows() },
      { page: '51-http.md', marker: 'routes', head: ['route', 'role', 'what'], rows: routeRows(paths, rolesOf(app.routeTable.routes)) },
      { page: '55-metrics.md', marker: 'metrics', head: ['metric', 'type', 'labels', 'meaning'], rows: metricRows(metrics) },
      { page: '56-errors.md', marker: 'errors', head: ['code', 'status', 'exit code', 'meaning'], rows: errorRows() },
    ];
  } finally {
    await app.close();
    await rm(folder, { recursive: true });
  }
}

type Description = { paths: Record<string, Record<string, { summary?: string }>> };

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

const settingRows = (): string[][] =>
  listSettings(settings).map(({ path, type, default: usual, variable, description }) => [
    code(path),
    type,
    code(usual),
    code(variable),
    description,
  ]);

const rolesOf = (routes: readonly { method: string; path: string; role: string | undefined }[]): Map<string, string> =>
  new Map(routes.map(({ method, path, role }) => [`${method} ${path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{*}')}`, role ?? '']));

function routeRows(paths: Description['paths'], roles: ReadonlyMap<string, string>): string[][] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'head')
      .map(([method, { summary }]) => {
        const route = `${method.toUpperCase()} ${path}`;
        return [code(route), roles.get(route) ?? '', summary ?? ''];
      }),
  );
}

function metricRows(registry: Registry): string[][] {
  const own = registry.getMetricsAsArray().filter(({ name }) => name.startsWith('weir_'));
  // prom-client keeps the label names of a metric in a field that its types do not show.
  return own.map((metric) => [code(metric.name), String(metric.type), labels(metric).join(', '), metric.help]);
}

const labels = (metric: object): string[] => (metric as { labelNames?: string[] }).labelNames ?? [];

const errorRows = (): string[][] =>
  (Object.keys(problemCodes) as ProblemCode[]).map((name) => {
    const { status, exit } = problemCodes[name];
    return [code(name), String(status), String(exit), problemMeanings[name]];
  });

/** The table as Markdown, its columns straight as the formatter of the house wants them. */
export function markdown({ head, rows }: ReferenceTable): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = cells;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}

/** The page with its table replaced; undefined when it has no such markers. */
export function withTable(page: string, table: ReferenceTable): string | undefined {
  const [begin, end] = [`<!-- begin: ${table.marker} -->`, `<!-- end: ${table.marker} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) return undefined;
  return `${page.slice(0, from + begin.length)}\n\n${markdown(table)}\n\n${page.slice(to)}`;
}

/** The names that a page does not have, and the rows that it tells differently. */
export function differences(page: string, table: ReferenceTable): string[] {
  const lines = new Set(page.split('\n'));
  const wanted = markdown(table).split('\n').slice(2);
  const missing = wanted.filter((row) => !lines.has(row)).map((row) => `docs/${table.page}: missing or changed: ${row}`);
  return missing.length > 0 || withTable(page, table) === page
    ? missing
    : [`docs/${table.page}: has rows of ${table.marker} that are no more`];
}

/** The file of a page. */
export const fileOf = ({ page }: ReferenceTable): URL => new URL(`../docs/${page}`, import.meta.url);

if (import.meta.main) {
  for (const table of await referenceTables()) {
    const page = await readFile(fileOf(table), 'utf8');
    const fresh = withTable(page, table);
    if (process.argv.includes('--write') && fresh !== undefined) await writeFile(fileOf(table), fresh);
    else
      for (const difference of differences(page, table)) {
        console.error(difference);
        process.exitCode = 1;
      }
  }
  // The types of the client library come from the same document, and change with the same routes.
  const types = await clientTypes();
  if (process.argv.includes('--write')) await writeFile(typesFile, types);
  else if ((await readFile(typesFile, 'utf8')) !== types) process.exitCode = 1;
  if (process.exitCode) console.error('run: node scripts/reference-docs.ts --write');
}
