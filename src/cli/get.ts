import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { Problem } from '../core/problem.ts';
import { type GlobalOptions, withExamples } from './command.ts';

/** Adds `weir get PATH`. */
export function addCommands(program: Command): void {
  const command = program
    .command('get')
    .description('print one response of the server')
    .argument('<path>', 'path and query, such as /api/v1/flows?per_page=5')
    .option('-i, --include', 'print the status and the headers first')
    .option('-H, --header <line...>', 'send a header, such as "Accept: application/x-ndjson"')
    .action(get);
  withExamples(
    command,
    'weir get /',
    "weir get '/api/v1/stream/flows?limit=3&format=xml'",
    "weir get -i -H 'Accept: text/csv' /api/v1/stream/flows",
  );
}

type GetOptions = GlobalOptions & { include?: boolean; header?: string[] };

async function get(path: string, _options: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GetOptions>();
  if (options.data) throw new Problem('invalid', 'weir get speaks to a server, so it takes no --data', { hint: 'weir serve --data DIR' });
  const { Client } = await import('./client.ts'); // HTTP costs help and completion some 20 ms
  const client = new Client(options.server);
  const answer = await client.send({ path: path.startsWith('/') ? path : `/${path}`, headers: parseHeaders(options.header ?? []) });
  if (options.include) process.stdout.write(`${formatHead(answer)}\n\n`);
  const isPretty =
    process.stdout.isTTY && /\bjson$/.test((answer.headers['content-type'] ?? '').split(';')[0] as string) && isSmall(answer);
  if (isPretty) process.stdout.write(`${JSON.stringify(JSON.parse(await joinText(client.blocks(answer))), undefined, 2)}\n`);
  else await pipeline(client.blocks(answer), process.stdout, { end: false });
  // A body without a last line feed would leave the prompt of the shell behind it.
  if (process.stdout.isTTY && !isPretty) process.stdout.write('\n');
  client.close();
}

// A document of known, small size is laid out for people; a stream goes through as it comes.
const largestPretty = 1 << 20;
const isSmall = (answer: { headers: Record<string, unknown> }): boolean =>
  Number(answer.headers['content-length'] ?? Number.NaN) <= largestPretty;

function parseHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new Problem('invalid', `--header ${line} is no header`, { hint: "--header 'Name: value'" });
      return [name.toLowerCase(), value];
    }),
  );
}

function formatHead(answer: { status: number; headers: Record<string, unknown> }): string {
  const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${answer.status}`, ...headers].join('\n');
}

async function joinText(blocks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const block of blocks) parts.push(block);
  return Buffer.concat(parts).toString('utf8');
}
