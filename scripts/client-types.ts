/**
 * Writes the types of the client library (`src/client/api.ts`) from the server's own OpenAPI document (`--write`), or tells whether they are
 * what they would be (the default; exit code 1 when not). Only what OpenAPI documents of this server use is understood; anything else is
 * `unknown`.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { systemClock } from '../src/core/clock.ts';
import { loadConfig } from '../src/core/config.ts';
import { createLog } from '../src/core/log.ts';
import { buildApp } from '../src/server/app.ts';
import { roomsOf, settings } from '../src/server/rooms.ts';

type Schema = {
  type?: string | string[];
  $ref?: string;
  const?: unknown;
  enum?: unknown[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  description?: string;
  default?: unknown;
};
type Content = Record<string, { schema?: Schema }>;
type Operation = {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema; description?: string }[];
  requestBody?: { required?: boolean; content?: Content };
  responses?: Record<string, { content?: Content }>;
};
type Description = { paths: Record<string, Record<string, Operation>>; components?: { schemas?: Record<string, Schema> } };

/** Where the types are kept. */
export const typesFile = fileURLToPath(new URL('../src/client/api.ts', import.meta.url));

/** The file as it would be now; the rooms are made, never started. */
export async function clientTypes(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-client-types-'));
  const config = loadConfig(settings, {});
  const log = createLog({ level: 'silent' });
  const metrics = new Registry();
  const rooms = await Promise.all(roomsOf(config).map((make) => make({ dataFolder: folder, log, clock: systemClock, metrics })));
  const closing = new AbortController().signal;
  const app = await buildApp(config.server, { log, clock: systemClock, metrics, rooms, ready: [], closing, isLoopback: true });
  try {
    return typesOf((await app.inject('/openapi.json')).json<Description>());
  } finally {
    await app.close();
    await rm(folder, { recursive: true });
  }
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

function typesOf({ paths, components }: Description): string {
  const operations = Object.keys(paths)
    .sort()
    .flatMap((path) =>
      methods.flatMap((method) => {
        const operation = paths[path]?.[method];
        return operation === undefined ? [] : [operationText(`${method.toUpperCase()} ${path}`, operation)];
      }),
    );
  const named = Object.entries(components?.schemas ?? {}).map(([name, schema]) => `export type ${nameOf(name)} = ${typeOf(schema)};\n`);
  return `/** Made by scripts/client-types.ts from the OpenAPI document of this version; not edited by hand. */
${named.length === 0 ? '' : `\n${named.join('')}`}
/** What each operation takes and answers, by its method and path. */
export type Operations = {
${operations.join('')}};
`;
}

function operationText(name: string, { summary, parameters = [], requestBody, responses = {} }: Operation): string {
  const group = (where: string) => {
    const all = parameters.filter((one) => one.in === where);
    return all.length === 0
      ? 'None'
      : `{ ${all.map((one) => member(one.name, one.schema ?? {}, where === 'path' || isNeeded(one))).join(' ')} }`;
  };
  const good = Object.keys(responses).find((status) => status.startsWith('2'));
  const body = jsonOf(requestBody?.content);
  const answer = good === undefined ? undefined : jsonOf(responses[good]?.content);
  const fields = [`path: ${group('path')}`, `query: ${group('query')}`];
  fields.push(`body: ${requestBody === undefined ? 'undefined' : body === undefined ? 'unknown' : typeOf(body)}`);
  fields.push(`answer: ${answer === undefined ? 'unknown' : typeOf(answer)}`);
  const said = summary === undefined ? '' : `  /** ${summary.replaceAll('*/', '* /')} */\n`;
  return `${said}  ${JSON.stringify(name)}: {\n${fields.map((field) => `    ${field.replaceAll(/\bNone\b/g, 'Record<never, never>')};\n`).join('')}  };\n`;
}

/** A parameter with a default is required of what the server reads, and not of who sends. */
const isNeeded = ({ required, schema }: { required?: boolean; schema?: Schema }): boolean =>
  required === true && schema?.default === undefined;

const jsonOf = (content: Content | undefined): Schema | undefined =>
  Object.entries(content ?? {}).find(([type]) => /[/+]json$/.test(type))?.[1].schema;

const member = (name: string, schema: Schema, isRequired: boolean): string =>
  `${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}${isRequired ? '' : '?'}: ${typeOf(schema)};`;

const nameOf = (name: string): string => name.replaceAll(/\W/g, '_');

function typeOf(schema: Schema): string {
  const { type, $ref, enum: words, oneOf, anyOf, allOf } = schema;
  if ($ref !== undefined) return nameOf($ref.split('/').at(-1) ?? '');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (words !== undefined) return words.map((word) => JSON.stringify(word)).join(' | ');
  const some = oneOf ?? anyOf;
  if (some !== undefined) return [...new Set(some.map(typeOf))].join(' | ') || 'unknown';
  if (allOf !== undefined) return allOf.map((one) => `(${typeOf(one)})`).join(' & ');
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one })).join(' | ');
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'string' || type === 'boolean' || type === 'null') return type;
  if (type === 'array') return `(${typeOf(schema.items ?? {})})[]`;
  if (type === 'object') return objectType(schema);
  return 'unknown';
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const names = Object.keys(properties);
  const rest = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown';
  if (names.length === 0) return `Record<string, ${rest}>`;
  const members = names.map((name) => member(name, properties[name] as Schema, required.includes(name)));
  return `{ ${members.join(' ')} }`;
}

if (import.meta.main) {
  const fresh = await clientTypes();
  if (process.argv.includes('--write')) await writeFile(typesFile, fresh);
  else if ((await readFile(typesFile, 'utf8').catch(() => '')) !== fresh) {
    console.error('src/client/api.ts is not what the server describes: node scripts/client-types.ts --write');
    process.exitCode = 1;
  }
}
