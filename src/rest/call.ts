/** `weir get|post|put|patch|delete`: one request to the Weir of `--server` or to any URL. */
import { type Command, Option } from 'commander';
import { type GlobalOptions, wholeNumber, withExamples } from '../cli/command.ts';
import { openOutput } from '../cli/output.ts';
import { Problem } from '../core/problem.ts';
import type { Incoming } from './exchange.ts';
import type { RequestWords } from './request.ts';
import type { ShowOptions } from './show.ts';

/** Options of the way there, the same for all commands of this room. */
export type WayOptions = { tokenEnv?: string; retries: number; maxWait: number; timeout?: number; cache: boolean };

type CallOptions = GlobalOptions & WayOptions & RequestWords & ShowOptions & { include?: boolean; paginate?: boolean; maxPages?: number };

const collect = (text: string, all: string[] = []): string[] => [...all, text];
const listed = (text: string): string[] => text.split(',').map((name) => name.trim());

/** Adds the options of the way. */
export const addWay = (command: Command): Command =>
  command
    .option('--token-env <name>', 'the variable that holds the bearer token (GitHub: GH_TOKEN or GITHUB_TOKEN)')
    .addOption(new Option('--retries <n>', 'attempts after the first, of what may be repeated').argParser(wholeNumber(0)).default(3))
    .addOption(new Option('--max-wait <seconds>', 'the longest pause before another attempt').argParser(wholeNumber(0)).default(60))
    .addOption(
      new Option('--timeout <seconds>', 'how long silence is borne; 0: for ever (default: 60 for a URL)').argParser(wholeNumber(0)),
    )
    .option('--no-cache', 'ask as if nothing had been kept from before');

/** Adds the options that say how the answer is shown. */
export const addShow = (command: Command): Command =>
  command
    .option('--jq <expression>', 'print what jq chooses; strings without quotes')
    .option('--table', 'print a table')
    .addOption(new Option('--columns <names>', 'columns of the table or of --csv, such as name,owner.login').argParser(listed))
    .addOption(new Option('--ndjson', 'print one value a line, as they come').conflicts(['table', 'columns']));

/** Adds `weir get`. */
export function addGet(program: Command): void {
  const command = common(program, 'get', 'fetch from the server, or from any URL')
    .option('--paginate', 'fetch all pages (Link rel=next) and join their lists')
    .addOption(new Option('--max-pages <n>', 'with --paginate: stop after so many').argParser(wholeNumber(1)))
    .action((word: string, _options: unknown, self: Command) => call('GET', word, self));
  withExamples(
    command,
    'weir get /',
    "weir get '/api/v1/stream/flows?limit=3&format=xml'",
    "weir get -i -H 'Accept: text/csv' /api/v1/stream/flows",
    'weir get https://api.github.com/repos/ojitha/learn-ai',
    "weir get 'https://api.github.com/events?per_page=2' --jq '.[].type'",
    'weir get https://api.github.com/repos/ojitha/learn-ai/issues --paginate --table --columns number,title,user.login',
  );
}

/** Adds the commands that write. */
export function addWriters(program: Command): void {
  addWriter(program, 'post', 'send to the server, or to any URL', [
    "weir post https://jsonplaceholder.typicode.com/todos -F userId=1 -f title='Buy milk' -F completed=false",
    `weir post /api/v1/records/todos -d '{"userId": 1, "title": "Buy milk", "completed": false}'`,
    'weir post /api/data -d @report.json',
  ]);
  addWriter(program, 'put', 'replace on the server, or at any URL', [
    "weir put https://jsonplaceholder.typicode.com/todos/10 -F userId=1 -f title='Wash car' -F completed=true",
    'weir put /v2/keys/message -H "Content-Type: application/x-www-form-urlencoded" -d value=hello',
  ]);
  addWriter(program, 'patch', 'change on the server, or at any URL', [
    "weir patch https://jsonplaceholder.typicode.com/todos/10 -f title='Mow lawn'",
    `weir patch /api/v1/tickets/00000000000000000010 -H 'If-Match: "12"' -f state=closed`,
  ]);
  addWriter(program, 'delete', 'delete on the server, or at any URL', ['weir delete https://jsonplaceholder.typicode.com/todos/10 -i']);
}

function addWriter(program: Command, name: string, summary: string, examples: string[]): void {
  const command = common(program, name, summary)
    .option('-d, --body <text>', 'the body: JSON, or what -H Content-Type says; @FILE reads a file, - standard input')
    .action((word: string, _options: unknown, self: Command) => call(name.toUpperCase(), word, self));
  withExamples(command, ...examples);
}

function common(program: Command, name: string, summary: string): Command {
  const isGet = name === 'get';
  const command = program
    .command(name)
    .description(summary)
    .argument('<url>', 'a path on the server (--server), such as /api/v1/flows, or a URL')
    .option('-i, --include', 'print the status and the headers first, also of a refusal')
    .option('-H, --header <line>', 'send a header, such as "Accept: application/x-ndjson"; may be repeated', collect)
    .option(
      '-f, --field <key=value>',
      isGet ? 'a parameter of the query' : 'a text member of the JSON body; a[b]=, a[]= go deeper',
      collect,
    )
    .option('-F, --typed-field <key=value>', 'the same, with true, false, null, numbers and @FILE read as such', collect);
  return addShow(addWay(command));
}

async function call(method: string, word: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<CallOptions>();
  if (options.data) {
    throw new Problem('invalid', `weir ${command.name()} speaks to a server, so it takes no --data`, {
      hint: 'weir serve --data DIR; what is to be sent: -d (--body)',
    });
  }
  // HTTP costs help and completion some 20 ms.
  const [{ openTarget }, { requestOf }, { pagesOf, joinPages }, { refusalOf }, show] = await Promise.all([
    import('./target.ts'),
    import('./request.ts'),
    import('./pages.ts'),
    import('./refusal.ts'),
    import('./show.ts'),
  ]);
  const target = openTarget(word, options);
  try {
    const request = requestOf(method, target, options);
    if (options.paginate) {
      const pages = pagesOf(target.exchange, request, options.maxPages);
      if (options.ndjson) {
        for await (const { text, answer } of pages) await show.showText(text, answer.url, options, command);
        return;
      }
      const joined = await joinPages(pages);
      if (joined) await show.showText(joined.text, joined.answer.url, options, command);
      return;
    }
    let answer = await target.exchange(request);
    if (options.include) process.stdout.write(`${headOf(answer)}\n\n`);
    if (answer.status >= 400) {
      if (options.include) answer = await printed(answer);
      throw await refusalOf(answer);
    }
    const hasBody = answer.status !== 204 && answer.status !== 304 && answer.headers['content-length'] !== '0';
    if (!hasBody || !show.needsDocument(options, openOutput(command).form)) return await show.showBody(answer);
    await show.showText(await wholeText(answer), answer.url, options, command);
  } finally {
    target.close();
  }
}

const largestDocument = 512 << 20;

async function wholeText(answer: Incoming): Promise<string> {
  const { readBody } = await import('./exchange.ts');
  const bytes = await readBody(answer, largestDocument);
  if (bytes === undefined)
    throw new Problem('too-large', `the answer of ${answer.url.host} is larger than 512 MiB`, {
      hint: 'without --jq, --table, --ndjson it is not held in memory',
    });
  return bytes.toString('utf8');
}

const largestRefusal = 1 << 20;

/** The same answer, whose body has been printed. */
async function printed(answer: Incoming): Promise<Incoming> {
  const { bodyOf, readBody } = await import('./exchange.ts');
  const bytes = (await readBody(answer, largestRefusal)) ?? Buffer.alloc(0);
  process.stdout.write(bytes.toString('utf8').replace(/\n*$/, '\n'));
  return { ...answer, body: bodyOf(bytes) };
}

const headOf = ({ status, headers }: Incoming): string =>
  [`HTTP/1.1 ${status}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\n');
