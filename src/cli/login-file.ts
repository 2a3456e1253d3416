/**
 * The login that `weir login` leaves for the commands after it: one file for each server, `$XDG_CONFIG_HOME/weir/logins/…`,
 * which its owner alone may read.
 */
import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';

/** A login at one server. Times are milliseconds since the epoch, by the clock of this machine. */
export type Login = {
  /** As `serverKey` writes it. */
  server: string;
  user: string;
  token: string;
  /** From here on it is renewed at the next occasion. */
  renewAt: number;
  endsAt: number;
  /** A file with the password, for logging in again without anybody at the keyboard; absolute. */
  passwordFile?: string;
};

export class LoginFile {
  readonly server: string;
  readonly path: string;

  /** `server` as `serverKey` writes it. */
  constructor(server: string, env: NodeJS.ProcessEnv = process.env) {
    this.server = server;
    const name = server.replace(/[^A-Za-z0-9.-]+/g, '_').slice(0, 80);
    const hash = createHash('sha256').update(server).digest('hex').slice(0, 8);
    this.path = join(configHome(env), 'weir', 'logins', `${name}-${hash}.json`);
  }

  /** The login; undefined when there is none. Throws `denied` when others may read the file. */
  read(): Login | undefined {
    try {
      const { mode } = statSync(this.path);
      if ((mode & 0o077) !== 0)
        throw new Problem('denied', `Others may read ${this.path}.`, { detail: 'it holds a token', hint: `chmod 600 ${this.path}` });
      const login = JSON.parse(readFileSync(this.path, 'utf8')) as Login;
      return login.server === this.server ? login : undefined;
    } catch (error) {
      if (error instanceof Problem) throw error;
      return undefined; // none, or half a one: the server will ask for a new one
    }
  }

  /** Puts a login in place of the one before, in one step: a command at the same moment reads the one or the other. */
  write(login: Login): void {
    const folder = join(this.path, '..');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${randomUUID()}`;
    writeFileSync(draft, `${JSON.stringify(login, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(draft, 0o600); // whatever the umask says
    renameSync(draft, this.path);
  }

  /** Forgets the login; answers whether there was one. */
  remove(): boolean {
    const hadOne = this.read() !== undefined;
    rmSync(this.path, { force: true });
    return hadOne;
  }
}

const configHome = (env: NodeJS.ProcessEnv): string =>
  env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME || homedir(), '.config');
