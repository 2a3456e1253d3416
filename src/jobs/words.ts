/** Why a job is as it is, in words for its owner. */
import { prettyDuration } from './duration.ts';
import type { Outcome } from './job.ts';

/** How a job ended. */
export function wordsOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '';
  const { cause, code, signal, note } = outcome;
  const more = note === undefined ? '' : `: ${note}`;
  switch (cause) {
    case 'done':
      return '';
    case 'exit':
      return code === undefined ? `failed${more}` : `exit code ${code}${more}`;
    case 'signal':
      return `ended by signal ${signal}${more}`;
    case 'stopped':
      return `stopped${more}`;
    case 'timeout':
      return `its time was up${more}`;
    case 'memory':
      return `it took more memory than it asked for${more}`;
    case 'lost':
      return `nobody saw its end${more}`;
    case 'nohost':
      return `no host could take it${more}`;
    case 'dependency':
      return note ?? 'a job that it waited for cannot come';
    case 'start':
      return `it could not be started${more}`;
  }
}

/** Of a job whose server is silent: `its server has not been heard of for 3m20s`. */
export const silenceWords = (silenceMs: number): string => `its server has not been heard of for ${prettyDuration(silenceMs / 1000)}`;
