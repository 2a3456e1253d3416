/** What our own client shows at the door of a server: the token of `WEIR_TOKEN`, or the login that `weir login` left. */
import { readFileSync } from 'node:fs';
import { Problem } from '../core/problem.ts';
import type { Login, LoginFile } from './login-file.ts';

/** A token as the server gives it. */
export type Granted = { access_token: string; expires_in: number };

/** Asks the server for a token: by a password, or in place of the one that is shown. Undefined when the server refuses. */
export type AskToken = (path: string, given: { token?: string; body?: object }) => Promise<Granted | undefined>;

export class Credentials {
  readonly #file: LoginFile;
  readonly #ask: AskToken;
  readonly #fixed: string | undefined;
  #login: Login | undefined;
  #isRead = false;
  #renewal: Promise<void> | undefined;

  constructor(file: LoginFile, ask: AskToken, env: NodeJS.ProcessEnv = process.env) {
    this.#file = file;
    this.#ask = ask;
    this.#fixed = env.WEIR_TOKEN?.trim() || undefined;
  }

  /** The token to show, renewed when most of its life is over; undefined to go without. */
  async token(): Promise<string | undefined> {
    if (this.#fixed !== undefined) return this.#fixed;
    this.#read();
    if (this.#login !== undefined && Date.now() >= this.#login.renewAt) {
      this.#renewal ??= this.#renew().finally(() => {
        this.#renewal = undefined;
      });
      await this.#renewal;
    }
    return this.#login !== undefined && Date.now() < this.#login.endsAt ? this.#login.token : undefined;
  }

  /** Another token after the server refused one: what another command has got meanwhile, or by the password file. */
  async again(refused: string | undefined): Promise<string | undefined> {
    if (this.#fixed !== undefined) return undefined;
    this.#isRead = false;
    this.#read();
    if (this.#login === undefined) return undefined;
    if (this.#login.token !== refused && Date.now() < this.#login.endsAt) return this.#login.token;
    return (await this.#logInAgain(this.#login)) ? this.#login.token : undefined;
  }

  #read(): void {
    if (!this.#isRead) this.#login = this.#file.read();
    this.#isRead = true;
  }

  async #renew(): Promise<void> {
    const before = this.#login as Login;
    const granted = Date.now() < before.endsAt ? await this.#ask('/api/v3/token/renew', { token: before.token }) : undefined;
    if (granted !== undefined) this.#keep({ ...before, ...loginOf(granted) });
    else await this.#logInAgain(before);
  }

  /** Answers whether there is a fresh login. */
  async #logInAgain(before: Login): Promise<boolean> {
    if (before.passwordFile === undefined) return false;
    const body = { username: before.user, password: readPasswordFile(before.passwordFile) };
    const granted = await this.#ask('/api/v3/token', { body });
    if (granted !== undefined) this.#keep({ ...before, ...loginOf(granted) });
    return granted !== undefined;
  }

  #keep(login: Login): void {
    this.#login = login;
    this.#file.write(login);
  }
}

/**
 * The times of a token that was given just now. It is renewed after nine tenths of its life, a little earlier or later by
 * chance, so that a hundred machines that logged in at once do not come back at once.
 */
export function loginOf({ access_token, expires_in }: Granted): Pick<Login, 'token' | 'renewAt' | 'endsAt'> {
  const now = Date.now();
  const life = expires_in * 1000;
  return { token: access_token, renewAt: Math.floor(now + life * (0.85 + Math.random() * 0.1)), endsAt: now + life };
}

/** The first line of a file. */
export function readPasswordFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? '';
  } catch (cause) {
    throw new Problem('not-found', `The password file ${file} cannot be read.`, {
      detail: (cause as Error).message,
      hint: 'weir login',
      cause,
    });
  }
}
