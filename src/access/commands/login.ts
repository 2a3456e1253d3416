import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Client } from '../../cli/client.ts';
import { type GlobalOptions, withExamples } from '../../cli/command.ts';
import { type Granted, loginOf } from '../../cli/credentials.ts';
import { type Login, LoginFile } from '../../cli/login-file.ts';
import { openOutput } from '../../cli/output.ts';
import { parseServer, serverKey } from '../../cli/server-address.ts';
import { Problem } from '../../core/problem.ts';
import { type SecretOptions, Secrets } from './secret.ts';

/** Adds `weir login`. */
export function addLogin(program: Command): void {
  const command = program
    .command('login')
    .description('log in, so that the commands after it may do what you may')
    .argument('[name]', 'who you are (default: as at the last login, else your name on this machine)')
    .option('--password-stdin', 'read the password from a line of standard input')
    .option('--password-file <file>', 'read it from the first line of a file, now and whenever the login has ended')
    .action(logIn);
  withExamples(
    command,
    'weir login ann',
    'weir login robot --password-file /etc/weir/robot.password --server https://weir.example:8443',
    'printf \'%s\\n\' "$PASSWORD" | weir login ann --password-stdin',
  );
}

/** Adds `weir logout`. */
export function addLogout(program: Command): void {
  const command = program.command('logout').description('end the login at a server, and forget it').action(logOut);
  withExamples(command, 'weir logout', 'weir logout --server https://weir.example:8443');
}

async function logIn(given: string | undefined, options: SecretOptions, command: Command): Promise<void> {
  const { server } = serverOf(command);
  const user = given ?? knownLogin(server)?.user ?? process.env.USER;
  if (user === undefined || user === '') throw new Problem('invalid', 'Who are you?', { hint: 'weir login NAME' });
  const password = await new Secrets(options).read(`Password for ${user} at ${server}`);
  const passwordFile = options.passwordFile === undefined ? {} : { passwordFile: resolve(options.passwordFile) };
  const login = await logInAs(server, { user, password, ...passwordFile });
  const output = openOutput(command);
  const endsAt = new Date(login.endsAt).toISOString();
  if (output.form === 'json') return output.json({ server: login.server, user, ends_at: endsAt });
  output.line(`${user} is logged in at ${server}; commands renew the login while it lasts (until ${endsAt} for now).`);
  if (await hasToChoose(server, user)) output.note('Choose a password of your own before anything else: weir users passwd');
}

/** Gets a token by a password, and keeps it for the commands that follow. */
export async function logInAs(server: string, who: { user: string; password: string; passwordFile?: string }): Promise<Login> {
  const { password, ...rest } = who;
  const client = new Client(server);
  try {
    const granted = await client.json<Granted>({
      method: 'POST',
      path: '/api/v3/token',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: rest.user, password }),
      isAnonymous: true,
    });
    const file = loginFileOf(server);
    const login = { server: file.server, ...rest, ...loginOf(granted) };
    file.write(login);
    return login;
  } finally {
    client.close();
  }
}

async function logOut(_options: unknown, command: Command): Promise<void> {
  const { server } = serverOf(command);
  const file = loginFileOf(server);
  const login = file.read();
  const output = openOutput(command);
  if (login === undefined) return output.note(`There is no login at ${server}.`);
  const client = new Client(server);
  try {
    const answer = await client.exchange({ method: 'DELETE', path: '/api/v3/token', headers: { authorization: `Bearer ${login.token}` } });
    answer.body.resume();
    // 401: it had ended by itself.
    if (answer.status >= 400 && answer.status !== 401)
      throw new Problem('unavailable', `${server} answered ${answer.status} and may not have ended the login.`, { hint: 'weir logout' });
    file.remove();
  } finally {
    client.close();
  }
  output.line(`${login.user} is logged out of ${server}.`);
}

async function hasToChoose(server: string, user: string): Promise<boolean> {
  const client = new Client(server);
  try {
    return (await client.json<{ must_change_password: boolean }>({ path: `/api/v1/users/${encodeURIComponent(user)}` }))
      .must_change_password;
  } finally {
    client.close();
  }
}

/** The login that is kept for a server. */
export const knownLogin = (server: string): Login | undefined => loginFileOf(server).read();

const loginFileOf = (server: string): LoginFile => new LoginFile(serverKey(parseServer(server)));

function serverOf(command: Command): { server: string } {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  if (data === undefined) return { server };
  throw new Problem('invalid', 'Logins are at a server, so there is none at a data directory.', {
    hint: 'whoever may open the directory may do everything: weir users list --data DIR',
  });
}
