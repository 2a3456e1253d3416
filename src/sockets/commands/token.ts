import { readFileSync } from 'node:fs';
import { Problem } from '../../core/problem.ts';

/** The token that both sides of a transfer know: from a file, or from the environment; never from the arguments, which all users see. */
export function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return process.env.WEIR_TRANSFER_TOKEN || undefined;
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token.length >= 8) return token;
    throw new Error('it has fewer than 8 characters');
  } catch (cause) {
    throw new Problem('invalid', `--token-file ${file} holds no token.`, {
      detail: (cause as Error).message,
      hint: 'openssl rand -hex 16 > FILE',
      cause,
    });
  }
}
