import { type Command, Option } from 'commander';
import { type GlobalOptions, wholeNumber, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import type { ShownToken, TokenWish } from '../port.ts';
import { withAccess } from './port.ts';

const columns: TableColumn<ShownToken>[] = [
  { title: 'id', show: ({ id }) => id },
  { title: 'title', show: ({ title }) => title },
  { title: 'user', show: ({ user }) => user },
  { title: 'role', show: ({ role }) => role },
  { title: 'ends', show: ({ ends_at }) => ends_at.slice(0, 10) },
  { title: 'last used', show: ({ last_used_at }) => last_used_at?.slice(0, 16) ?? 'never' },
];
const fields = ['id', 'title', 'user', 'role', 'created_at', 'ends_at', 'last_used_at'];

/** Adds `weir token`. */
export function addTokens(program: Command): void {
  const tokens = program.command('token').description('print the token of your login; make and end personal tokens for programs');
  const show = tokens
    .command('show', { isDefault: true })
    .description('print the token that commands send to the server, renewed if need be; keep it to yourself')
    .action(showToken);
  withExamples(show, 'weir token show', 'curl -H "Authorization: Bearer $(weir token show)" http://127.0.0.1:8080/');
  const list = tokens
    .command('list')
    .description('list personal tokens')
    .option('--user <name>', 'those of somebody else; administrators only')
    .action(async ({ user }: { user?: string }, command: Command) =>
      openOutput(command).rows(await withAccess(command, (access) => access.tokens(user)), columns, fields),
    );
  withExamples(list, 'weir token list', 'weir token list --user robot');
  const add = tokens
    .command('add')
    .description('make a personal token, and print it this once')
    .argument('<title>', 'what it is for')
    .addOption(new Option('--role <role>', 'what it may do at most (default: what its user may)').choices(['viewer', 'operator', 'admin']))
    .option('--days <days>', 'how long it lives (default: access.tokens.personalLifetime)', wholeNumber(1))
    .option('--user <name>', 'for somebody else; administrators only')
    .action(async (title: string, options: Omit<TokenWish, 'title'>, command: Command) =>
      printIssued(command, await withAccess(command, (access) => access.addToken({ title, ...options }))),
    );
  withExamples(add, 'weir token add nightly-export --role viewer --days 30', 'weir token add sensor-7 --user robot');
  const rotate = tokens
    .command('rotate')
    .description('replace a personal token by a fresh one with the same rights, and print that')
    .argument('<id>', 'which')
    .action(async (id: string, _options, command: Command) =>
      printIssued(command, await withAccess(command, (access) => access.rotateToken(id))),
    );
  withExamples(rotate, 'weir token rotate 4c0d3f6e-6f6e-4a55-8f0b-1f2a3b4c5d6e');
  const remove = tokens
    .command('rm')
    .description('end a personal token')
    .argument('<id>', 'which')
    .action((id: string, _options, command: Command) => withAccess(command, (access) => access.removeToken(id)));
  withExamples(remove, 'weir token rm 4c0d3f6e-6f6e-4a55-8f0b-1f2a3b4c5d6e');
  const keys = tokens
    .command('rotate-keys')
    .description('sign logins by the next key from now on; those that are there go on')
    .option('--at-once', 'for emergencies: the old key is worth nothing any more, and all logins end')
    .action(({ atOnce = false }: { atOnce?: boolean }, command: Command) => withAccess(command, (access) => access.rotateKeys(atOnce)));
  withExamples(tokens, 'weir token show', 'weir token add nightly-export --role viewer', 'weir token list');
  withExamples(keys, 'weir token rotate-keys', 'weir token rotate-keys --at-once --data /var/lib/weir');
}

async function showToken(_options: unknown, command: Command): Promise<void> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  if (data !== undefined)
    throw new Problem('invalid', 'A data directory needs no token.', { hint: 'weir token list --user NAME --data DIR' });
  const { Client } = await import('../../cli/client.ts');
  const client = new Client(server);
  const token = await client.token().finally(() => client.close());
  if (token === undefined) throw new Problem('unauthenticated', `There is no login at ${server}.`, { hint: 'weir login' });
  process.stdout.write(`${token}\n`);
}

function printIssued(command: Command, { links: _links, ...facts }: ShownToken & { token: string }): void {
  const output = openOutput(command);
  if (output.form === 'json') {
    output.json(facts);
    return;
  }
  output.note(`${facts.title}: ${facts.role} as ${facts.user} until ${facts.ends_at}; it is not shown again. Id ${facts.id}`);
  process.stdout.write(`${facts.token}\n`);
}
