import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import { type GlobalOptions, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import type { ShownAccount } from '../port.ts';
import { knownLogin, logInAs } from './login.ts';
import { withAccess } from './port.ts';
import { type SecretOptions, Secrets } from './secret.ts';

type Role = ShownAccount['role'];
const roles: readonly Role[] = ['viewer', 'operator', 'admin'];

const columns: TableColumn<ShownAccount>[] = [
  { title: 'name', show: ({ name }) => name },
  { title: 'role', show: ({ role }) => role },
  { title: 'kind', show: ({ kind }) => kind },
  { title: 'state', show: stateOf },
  { title: 'created', show: ({ created_at }) => created_at.slice(0, 10) },
  { title: 'by', show: ({ created_by }) => created_by },
];
const fields = ['name', 'role', 'kind', 'is_disabled', 'must_change_password', 'locked_until', 'created_at', 'created_by', 'updated_at'];

function stateOf({ is_disabled, locked_until, must_change_password }: ShownAccount): string {
  if (is_disabled) return 'disabled';
  if (locked_until !== undefined) return `locked until ${locked_until}`;
  return must_change_password ? 'has to choose a password' : '';
}

/** Adds `weir users`. */
export function addUsers(program: Command): void {
  const users = program.command('users').description('add, change and remove those who may come in');
  addAdd(users);
  const list = users
    .command('list')
    .description('list all users')
    .action(async (_options, command: Command) =>
      openOutput(command).rows(await withAccess(command, (access) => access.users()), columns, fields),
    );
  withExamples(list, 'weir users list', 'weir users list --json');
  const show = users
    .command('show')
    .description('show one user')
    .argument('<name>', 'whom')
    .action(async (name: string, _options, command: Command) => print(command, await withAccess(command, (access) => access.user(name))));
  withExamples(show, 'weir users show ann');
  const role = users
    .command('role')
    .description('give a user another role; his logins end')
    .argument('<name>', 'whom')
    .argument('<role>', roles.join(', '))
    .action(async (name: string, role: string, _options, command: Command) =>
      print(command, await withAccess(command, (access) => access.changeUser(name, { role: roleOf(role) }))),
    );
  withExamples(role, 'weir users role ann operator');
  addPassword(users);
  addSwitch(users, 'disable', true, 'keep a user out; his logins end');
  addSwitch(users, 'enable', false, 'let a user in again');
  addDeed(users, 'unlock', 'forget the wrong passwords that were tried for a name', (access, name) => access.unlock(name));
  addDeed(users, 'logout', 'end all logins of a user, everywhere', (access, name) => access.endLogins(name));
  addDeed(users, 'rm', 'remove a user and his tokens', (access, name) => access.removeUser(name));
  withExamples(
    users,
    'weir users add ann --role admin --data /var/lib/weir',
    'weir users add robot --role operator --service',
    'weir users list',
  );
}

type AddOptions = SecretOptions & { role: Role; service?: boolean; generate?: boolean; mustChange?: boolean };

function addAdd(users: Command): void {
  const command = users
    .command('add')
    .description('add a user; the first one has to be an administrator, and closes the door behind him')
    .argument('<name>', 'letters, digits, dots, dashes and underscores; case does not count')
    .addOption(new Option('--role <role>', 'what he may do').choices([...roles]).makeOptionMandatory())
    .addOption(
      new Option('--service', 'a program: it has no password and comes in by personal tokens').conflicts(['passwordStdin', 'generate']),
    )
    .addOption(passwordStdin().conflicts('generate'))
    .option('--generate', 'make up a password, print it once, and let him choose his own at his first login')
    .option('--must-change', 'he has to choose his own password before anything else')
    .action(add);
  withExamples(
    command,
    'weir users add ann --role admin --data /var/lib/weir',
    'printf \'%s\\n\' "$PASSWORD" | weir users add bob --role viewer --password-stdin',
    'weir users add robot --role operator --service',
  );
}

const passwordStdin = (): Option => new Option('--password-stdin', 'read the password from a line of standard input');

async function add(name: string, options: AddOptions, command: Command): Promise<void> {
  const { role, service = false, generate = false, mustChange = generate } = options;
  const generated = generate ? randomBytes(15).toString('base64url') : undefined;
  const password = service ? undefined : (generated ?? (await new Secrets(options).readNew(`Password for ${name}`)));
  const wish = { name, role, must_change_password: mustChange, ...(password !== undefined && { password }) };
  const user = await withAccess(command, (access) => access.addUser(wish));
  const output = openOutput(command);
  if (output.form === 'json') return output.json({ ...user, ...(generated !== undefined && { password: generated }) });
  output.line(`${user.name} is ${user.role} now.`);
  if (generated !== undefined) process.stdout.write(`password: ${generated}\n`);
  if (service) output.note(`It comes in by a token: weir token add TITLE --user ${user.name}`);
}

type PasswordOptions = SecretOptions & { mustChange?: boolean };

function addPassword(users: Command): void {
  const command = users
    .command('passwd')
    .description('give a new password; all logins of that user end')
    .argument('[name]', 'whom (default: yourself)')
    .option('--password-stdin', 'read it from standard input: one line, or of yourself two, the old one first')
    .option('--must-change', 'he has to choose his own before anything else')
    .action(changePassword);
  withExamples(command, 'weir users passwd', 'weir users passwd ann --must-change', 'weir users passwd ann --data /var/lib/weir');
}

async function changePassword(given: string | undefined, options: PasswordOptions, command: Command): Promise<void> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  const login = data === undefined ? knownLogin(server) : undefined;
  const name = given ?? login?.user;
  if (name === undefined) throw new Problem('invalid', 'Whose password?', { hint: 'weir users passwd NAME, or weir login first' });
  const isOwn = login !== undefined && login.user.toLowerCase() === name.toLowerCase();
  const secrets = new Secrets(options);
  const current = isOwn ? { current_password: await secrets.read('Your password of now') } : {};
  const password = await secrets.readNew(`New password for ${name}`);
  const change = { password, ...current, ...(options.mustChange === true && { must_change_password: true }) };
  await withAccess(command, (access) => access.setPassword(name, change));
  // One's own login has ended with the rest.
  if (isOwn) await logInAs(server, { user: name, password });
  openOutput(command).line(`${name} has a new password; logins with the old one have ended.`);
}

function addSwitch(users: Command, word: string, is_disabled: boolean, description: string): void {
  const command = users
    .command(word)
    .description(description)
    .argument('<name>', 'whom')
    .action(async (name: string, _options, self: Command) =>
      print(self, await withAccess(self, (access) => access.changeUser(name, { is_disabled }))),
    );
  withExamples(command, `weir users ${word} ann`);
}

type Deed = Parameters<typeof withAccess<void>>[1] extends (access: infer Port) => unknown
  ? (access: Port, name: string) => Promise<void>
  : never;

function addDeed(users: Command, word: string, description: string, deed: Deed): void {
  const command = users
    .command(word)
    .description(description)
    .argument('<name>', 'whom')
    .action((name: string, _options, self: Command) => withAccess(self, (access) => deed(access, name)));
  withExamples(command, `weir users ${word} ann`);
}

function roleOf(text: string): Role {
  const role = roles.find((known) => known === text);
  if (role === undefined) throw new Problem('invalid', `${text} is no role.`, { detail: `expected one of ${roles.join(', ')}` });
  return role;
}

function print(command: Command, user: ShownAccount): void {
  const { links: _links, ...facts } = user;
  openOutput(command).record(facts);
}
