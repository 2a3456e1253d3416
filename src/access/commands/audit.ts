import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { makeVisible, type TableColumn } from '../../cli/table.ts';
import { parseMoment } from '../../core/moment.ts';
import { Problem } from '../../core/problem.ts';
import type { AccessPort, AuditQuery, ShownLine } from '../port.ts';
import { withAccess } from './port.ts';

type AuditOptions = Omit<AuditQuery, 'limit'> & { limit: number; follow?: boolean; check?: boolean };

/** How often `--follow` looks, in milliseconds. */
const pause = 2000;
/** Lines that are read at once while following. */
const following = 1000;

const columns: TableColumn<ShownLine>[] = [
  { title: 'time', show: ({ time }) => time },
  { title: 'actor', show: ({ actor }) => actor },
  { title: 'address', show: ({ address }) => address },
  { title: 'action', show: ({ action }) => action },
  { title: 'target', show: ({ target = '' }) => target },
  { title: 'outcome', show: ({ outcome }) => outcome },
  { title: 'note', show: ({ note = '' }) => note },
];
const fields = ['time', 'actor', 'address', 'action', 'target', 'outcome', 'requestId', 'note', 'before'];

/** Adds `weir audit`. */
export function addAudit(program: Command): void {
  const command = program
    .command('audit')
    .description('read who did what, or check that nobody changed it')
    .option('--since <time>', 'from this moment on, such as 2026-11-22T00:00:00Z')
    .option('--actor <name>', 'by this user')
    .option('--action <action>', 'of this kind: login, users, tokens, request.refused ...')
    .addOption(new Option('--outcome <outcome>', 'that ended like this').choices(['ok', 'refused', 'failed']))
    .option('-n, --limit <count>', 'lines at most, the latest ones', wholeNumber(1), 100)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .addOption(new Option('--check', 'follow the chain of hashes, and exit 6 where it is broken').conflicts('follow'))
    .action(audit);
  withExamples(
    command,
    'weir audit --since 2026-11-22T00:00:00Z --outcome failed',
    'weir audit --actor ann --action users',
    'weir audit --follow --json',
    'weir audit --check --data /var/lib/weir',
  );
}

async function audit({ follow, check, limit, ...choice }: AuditOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  if (choice.since !== undefined) choice.since = isoOf(choice.since);
  await withAccess(command, async (access) => {
    if (check === true) return await printCheck(access, output);
    const lines = (await access.audit({ ...choice, limit })).reverse();
    if (follow !== true) return output.rows(lines, columns, fields);
    for (const line of lines) print(output, line);
    await goOn(access, output, choice, lines.at(-1));
  });
}

async function printCheck(access: AccessPort, output: Output): Promise<void> {
  const { lines, breaks } = await access.checkAudit();
  if (output.form === 'json') output.json({ lines, breaks });
  if (breaks.length === 0) return output.line(`${lines} lines, each behind the one that it names.`);
  throw new Problem('conflict', `The audit log is broken in ${breaks.length} places.`, {
    detail: breaks.map(({ file, line, reason }) => `${file} line ${line}: ${reason}`).join('\n'),
    hint: 'a line torn by a crash is one; any other was changed or cut by somebody',
  });
}

/** Prints what comes. Lines of one millisecond are told apart by the hash of the line before them. */
async function goOn(access: AccessPort, output: Output, choice: Omit<AuditQuery, 'limit'>, last: ShownLine | undefined): Promise<void> {
  let seen = last;
  const start = new Date().toISOString();
  for (;;) {
    await sleep(pause);
    const found = (await access.audit({ ...choice, since: seen?.time ?? choice.since ?? start, limit: following })).reverse();
    const at = found.findIndex(({ before }) => before === seen?.before);
    for (const line of found.slice(at + 1)) print(output, line);
    seen = found.at(-1) ?? seen;
  }
}

function print(output: Output, line: ShownLine): void {
  if (output.form !== 'table') return void process.stdout.write(`${JSON.stringify(line)}\n`);
  const { time, actor, address, action, target = '', outcome, note = '' } = line;
  output.line(makeVisible([time, actor, address, action, target, outcome, note].filter((part) => part !== '').join('  ')));
}

function isoOf(text: string): string {
  const { seconds, nanos } = parseMoment(text, '--since');
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6)).toISOString();
}
