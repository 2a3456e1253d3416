import { Problem } from '../core/problem.ts';

/** The id of a job as it is shown everywhere: nine digits at least. */
export const formatId = (id: number): string => String(id).padStart(9, '0');

/** The id that a path, a body or a command line names, with or without its zeros. Throws `invalid`. */
export function readId(text: string | number, pointer = 'id'): number {
  // Beyond 2^53 no two ids are told apart, and none was ever given.
  if (/^\d{1,18}$/.test(String(text))) return Number(text);
  throw new Problem('invalid', 'That is no id of a job.', {
    detail: `expected up to 18 digits, such as 000001138; got ${shown(text)}`,
    pointer,
  });
}

const shown = (text: string | number): string => JSON.stringify(String(text).slice(0, 40));
