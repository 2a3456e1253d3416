/** Passwords come from the keyboard, a pipe or a file, never from an argument: those can be seen by everybody on the machine. */
import { createInterface } from 'node:readline';
import { readPasswordFile } from '../../cli/credentials.ts';
import { Problem } from '../../core/problem.ts';

/** Where a password comes from. */
export type SecretOptions = { passwordStdin?: boolean; passwordFile?: string };

/** Asks for secrets, one after the other; standard input is read once only. */
export class Secrets {
  readonly #options: SecretOptions;
  #lines: AsyncIterator<string> | undefined;

  constructor(options: SecretOptions) {
    this.#options = options;
  }

  /** True when a person sits at the keyboard. */
  get isAsked(): boolean {
    return this.#options.passwordStdin !== true && this.#options.passwordFile === undefined;
  }

  /** A password: the next line of standard input, the first one of the file, or what is typed without being shown. */
  async read(question: string): Promise<string> {
    const { passwordStdin, passwordFile } = this.#options;
    if (passwordFile !== undefined) return readPasswordFile(passwordFile);
    if (passwordStdin === true) return await this.#nextLine();
    if (!process.stdin.isTTY || !process.stderr.isTTY)
      throw new Problem('invalid', 'There is nobody to ask for a password.', {
        hint: '--password-stdin, and the password as a line of standard input',
      });
    const { password } = await import('@inquirer/prompts');
    try {
      return await password({ message: question, mask: false }, { output: process.stderr });
    } catch (error) {
      if ((error as Error).name === 'ExitPromptError') throw new Problem('invalid', 'Nothing was done.');
      throw error;
    }
  }

  /** A new password, typed twice where somebody types. */
  async readNew(question: string): Promise<string> {
    const first = await this.read(question);
    if (!this.isAsked || (await this.read('Once more')) === first) return first;
    throw new Problem('invalid', 'The two are not the same.');
  }

  async #nextLine(): Promise<string> {
    this.#lines ??= createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Problem('invalid', 'Standard input has no password.', { hint: 'printf \'%s\\n\' "$PASSWORD" | weir ...' });
    return value;
  }
}
