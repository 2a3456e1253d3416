/**
 * The configuration of the whole program: one schema made of the parts' own, filled from the defaults, then a JSON file,
 * then the environment, then flags; what comes later wins. Nothing unknown and nothing of a wrong type is passed over:
 * each complaint says which setting, what was expected, what was got, and where it was written.
 */
import { readFileSync } from 'node:fs';
import type { Static, TObject, TSchema } from 'typebox';
import { findConfigFile } from './config-file.ts';
import { nearest } from './nearest.ts';
import { Problem } from './problem.ts';
import { formatDuration, parseDurationMs, parseSize } from './quantity.ts';
import { isFit, type SettingUnit, unitKey } from './setting.ts';

/** Where settings come from, weakest first. */
export type ConfigSources = {
  /** A JSON file; undefined for none. See `findConfigFile`. */
  file?: string | undefined;
  environment?: NodeJS.ProcessEnv;
  /** `PATH=VALUE` texts, as `--set` takes them. */
  assignments?: readonly string[];
  /** The schema is that of some rooms only: the file may have settings of others. */
  isPart?: boolean;
  /** Values of named flags by the path that they set; undefined ones were not given. `{ 'server.listen': '[::1]:80' }` */
  flags?: Record<string, string | undefined>;
};

/** One setting, for the reference page and `weir config`. */
export type SettingEntry = { path: string; type: string; default: string; description: string; variable: string };

type Leaf = { path: string; schema: TSchema & Record<string, unknown>; variable: string };

/** Fills `schema` from all sources. Throws Problem('invalid') at the first fault. */
export function loadConfig<Schema extends TObject>(schema: Schema, sources: ConfigSources): Static<Schema> {
  const leaves = new Map(leavesOf(schema).map((leaf) => [leaf.path, leaf]));
  const config = Object.fromEntries(Object.keys(schema.properties).map((group) => [group, {}]));
  for (const leaf of leaves.values()) assign(config, leaf.path, structuredClone(leaf.schema.default));
  if (sources.file !== undefined) applyFile(config, leaves, sources.file, sources.isPart);
  applyEnvironment(config, leaves, sources.environment ?? {});
  for (const assignment of sources.assignments ?? []) applyAssignment(config, leaves, assignment);
  for (const [path, text] of Object.entries(sources.flags ?? {})) {
    if (text !== undefined) assign(config, path, readText(leafAt(leaves, path, 'a flag'), text, `the flag for ${path}`));
  }
  return config as Static<Schema>;
}

/** Every setting of a schema, in the order of the schema. */
export function listSettings(schema: TObject): SettingEntry[] {
  return leavesOf(schema).map(({ path, variable, schema: leaf }) => ({
    path,
    type: typeName(leaf),
    default: showDefault(leaf),
    description: String(leaf.description ?? ''),
    variable,
  }));
}

/**
 * The settings of some rooms, for a command that works on a data directory itself: from the same file and environment that
 * `weir serve` reads, where those of other rooms are passed over.
 */
export const loadRoomsConfig = <Schema extends TObject>(schema: Schema, environment = process.env): Static<Schema> =>
  loadConfig(schema, { file: findConfigFile(undefined, environment), environment, isPart: true });

function leavesOf(schema: TObject, above: readonly string[] = []): Leaf[] {
  return Object.entries(schema.properties).flatMap(([name, part]) => {
    const names = [...above, name];
    if ('properties' in part) return leavesOf(part as TObject, names);
    return [{ path: names.join('.'), schema: part as Leaf['schema'], variable: variableOf(names) }];
  });
}

/** `server.bodyLimit` is `WEIR_SERVER_BODY_LIMIT`. */
const variableOf = (names: readonly string[]): string =>
  ['WEIR', ...names.map((name) => name.replace(/[A-Z]/g, '_$&'))].join('_').toUpperCase();

function assign(config: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() as string;
  let at = config;
  for (const name of names) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
}

function leafAt(leaves: ReadonlyMap<string, Leaf>, path: string, origin: string): Leaf {
  const leaf = leaves.get(path);
  if (leaf !== undefined) return leaf;
  throw unknownSetting(path, nearestPath(path, leaves), origin);
}

/** The nearest of all paths; a name alone (`lisen`) is also compared with the last word of each. */
function nearestPath(path: string, leaves: ReadonlyMap<string, Leaf>): string | undefined {
  const whole = nearest(path, leaves.keys());
  if (whole !== undefined) return whole;
  const name = path.slice(path.lastIndexOf('.') + 1);
  const likely = nearest(name, [...leaves.keys()].map(lastName));
  return [...leaves.keys()].find((known) => lastName(known) === likely);
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

const unknownSetting = (name: string, likely: string | undefined, origin: string): Problem =>
  new Problem('invalid', `There is no setting ${name} (${origin}).`, {
    hint: likely === undefined ? 'weir config --list shows all settings' : `did you mean ${likely}?`,
    pointer: name,
  });

// --- file

function applyFile(config: Record<string, unknown>, leaves: ReadonlyMap<string, Leaf>, file: string, isPart = false): void {
  const text = readFileSync(file, 'utf8');
  const content = parseFile(text, file);
  for (const [names, value] of valuesOf(content, leaves)) {
    if (isPart && names[0] !== undefined && !(names[0] in config)) continue;
    const path = names.join('.');
    const origin = `${file}${placeOf(text, names)}`;
    assign(config, path, readValue(leafAt(leaves, path, origin), value, origin));
  }
}

function parseFile(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the fault, and for some faults adds line and column.
    throw new Problem('invalid', `${file} is not valid JSON.`, { detail: (error as Error).message, pointer: file, cause: error });
  }
}

/** The values of a nested object with their paths, down to the settings and to whatever is not an object. */
function* valuesOf(
  value: unknown,
  leaves: ReadonlyMap<string, Leaf>,
  names: readonly string[] = [],
): Generator<[readonly string[], unknown]> {
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value) && !leaves.has(names.join('.'));
  if (!isGroup) yield [names, value];
  else for (const [name, part] of Object.entries(value)) yield* valuesOf(part, leaves, [...names, name]);
}

/** `:LINE:COLUMN` of a key, found by looking for each name of its path behind the one before. */
function placeOf(text: string, names: readonly string[]): string {
  let at = -1;
  for (const name of names) at = text.indexOf(JSON.stringify(name), at + 1);
  if (at < 0) return '';
  const before = text.slice(0, at).split('\n');
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

// --- environment and flags

/** Variables of Weir that are no settings. */
const otherVariables = new Set(['WEIR_SERVER', 'WEIR_DATA', 'WEIR_CONFIG', 'WEIR_TOKEN']);

function applyEnvironment(config: Record<string, unknown>, leaves: ReadonlyMap<string, Leaf>, environment: NodeJS.ProcessEnv): void {
  const byVariable = new Map([...leaves.values()].map((leaf) => [leaf.variable, leaf]));
  const groups = Object.keys(config).map((group) => `${variableOf([group])}_`);
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || otherVariables.has(name) || !groups.some((group) => name.startsWith(group))) continue;
    const leaf = byVariable.get(name);
    if (leaf === undefined) throw unknownSetting(name, nearest(name, byVariable.keys()), 'an environment variable');
    assign(config, leaf.path, readText(leaf, text, `the variable ${name}`));
  }
}

function applyAssignment(config: Record<string, unknown>, leaves: ReadonlyMap<string, Leaf>, assignment: string): void {
  const equals = assignment.indexOf('=');
  if (equals < 1)
    throw new Problem('invalid', `--set: expected SETTING=VALUE, got ${JSON.stringify(assignment)}.`, {
      hint: '--set server.listen=127.0.0.1:9090',
    });
  const path = assignment.slice(0, equals);
  assign(config, path, readText(leafAt(leaves, path, '--set'), assignment.slice(equals + 1), '--set'));
}

// --- values

function readText(leaf: Leaf, text: string, origin: string): unknown {
  return checked(leaf, fromText(leaf.schema, text, origin, leaf.path), text, origin);
}

function readValue(leaf: Leaf, value: unknown, origin: string): unknown {
  const unit = leaf.schema[unitKey] as SettingUnit | undefined;
  const plain = unit !== undefined && typeof value === 'string' ? fromUnit(unit, value, origin, leaf.path) : value;
  // A bare number as a duration could be seconds or milliseconds: nobody can tell what was meant.
  if (unit === 'duration' && typeof value === 'number') throw wrong(leaf, value, origin);
  return checked(leaf, plain, value, origin);
}

function fromText(schema: Leaf['schema'], text: string, origin: string, path: string): unknown {
  const unit = schema[unitKey] as SettingUnit | undefined;
  if (unit !== undefined) return fromUnit(unit, text, origin, path);
  if (schema.type === 'integer' || schema.type === 'number') return text.trim() === '' ? text : Number(text);
  if (schema.type === 'boolean') return switchWords[text.toLowerCase()];
  return schema.type === 'array' ? listFrom(text) : text;
}

/** `a,b`, or a JSON list as it stands in a configuration file. */
function listFrom(text: string): unknown {
  try {
    if (text.trimStart().startsWith('[')) return JSON.parse(text);
  } catch {
    // An address such as [::1]:80 begins like a list.
  }
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}

const switchWords: Record<string, boolean> = { true: true, yes: true, on: true, 1: true, false: false, no: false, off: false, 0: false };

function fromUnit(unit: SettingUnit, text: string, origin: string, path: string): number {
  const name = `${path} (${origin})`;
  return unit === 'size' ? parseSize(text, name) : parseDurationMs(text === '0' ? '0s' : text, name);
}

function checked(leaf: Leaf, value: unknown, got: unknown, origin: string): unknown {
  if (isFit(leaf.schema, value)) return value;
  throw wrong(leaf, got, origin);
}

const wrong = ({ path, schema }: Leaf, got: unknown, origin: string): Problem =>
  new Problem('invalid', `The setting ${path} is not as expected (${origin}).`, {
    detail: `expected ${typeName(schema)}${rangeOf(schema)}, got ${JSON.stringify(got)}`,
    pointer: path,
  });

function typeName(schema: Leaf['schema']): string {
  if (schema[unitKey] !== undefined) return String(schema[unitKey]);
  if (Array.isArray(schema.anyOf)) return `one of ${schema.anyOf.map((branch: { const?: unknown }) => String(branch.const)).join(', ')}`;
  const names: Record<string, string> = {
    string: 'text',
    boolean: 'true or false',
    integer: 'whole number',
    number: 'number',
    array: 'list',
  };
  return names[String(schema.type)] ?? String(schema.type);
}

function rangeOf(schema: Leaf['schema']): string {
  const show = (limit: unknown) =>
    schema[unitKey] === 'duration' ? formatDuration(BigInt(Math.round(Number(limit) * 1e6))) : String(limit);
  const least = schema.minimum === undefined ? '' : ` from ${show(schema.minimum)}`;
  return `${least}${schema.maximum === undefined ? '' : ` to ${show(schema.maximum)}`}`;
}

function showDefault(schema: Leaf['schema']): string {
  const value = schema.default;
  if (schema[unitKey] === 'duration') return formatDuration(BigInt(Math.round(Number(value) * 1e6)));
  if (schema[unitKey] === 'size') return showSize(Number(value));
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** In the largest binary unit that keeps it whole: 1048576 is 1MiB. */
function showSize(octets: number): string {
  const units = ['', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  while (octets > 0 && octets % 1024 === 0 && power < units.length - 1) {
    octets /= 1024;
    power += 1;
  }
  return `${octets}${units[power]}`;
}
