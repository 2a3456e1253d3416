/** The words of Livy's addresses and bodies. */
import { Problem } from '../../core/problem.ts';
import { isSpark } from '../kind.ts';
import { objectOf } from '../request.ts';
import type { Session } from '../session.ts';
import type { CodeKind } from '../statement.ts';

/** A whole number of the query. Throws in the words of Java, as clients know them. */
export function readNumber(query: unknown, name: string): number | undefined {
  const text = (query as Record<string, unknown>)[name];
  if (text === undefined || text === '') return undefined;
  if (typeof text === 'string' && /^[+-]?\d{1,10}$/.test(text)) return Number(text);
  throw new Problem('invalid', `For input string: "${String(text)}"`, { pointer: name });
}

/** The part of a list that was asked for: 100 from the first unless told otherwise. */
export function windowOf<T>(all: readonly T[], query: unknown, usual = 100): { from: number; page: readonly T[] } {
  const from = Math.max(0, readNumber(query, 'from') ?? 0);
  const size = readNumber(query, 'size') ?? usual;
  return { from, page: all.slice(from, from + Math.max(0, size)) };
}

/** The number in an address. Throws `invalid`. */
export function readId(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Problem('invalid', `For input string: "${text}"`);
}

const pythonWords: ReadonlySet<string> = new Set(['python', 'python3', 'shared']);
const sparkWords: ReadonlySet<string> = new Set(['pyspark', 'pyspark3', ...pythonWords]);

/** The code of a statement and what is to run it. Throws `invalid`. */
export function readCode(
  body: unknown,
  { kind }: Session,
  more: readonly string[] = [],
): { given: Record<string, unknown>; code: string; codeKind: CodeKind } {
  const given = objectOf(body);
  const known = ['code', 'kind', ...more];
  const strange = Object.keys(given).find((name) => !known.includes(name));
  if (strange !== undefined) throw new Problem('invalid', `Unrecognized field "${strange}"`, { detail: `known are ${known.join(', ')}` });
  if (typeof given.code !== 'string') throw new Problem('invalid', 'The field "code" is missing, or no text.', { pointer: '/code' });
  return { given, code: given.code.replaceAll('\r\n', '\n'), codeKind: codeKindOf(given.kind, kind) };
}

function codeKindOf(wanted: unknown, kind: Session['kind']): CodeKind {
  const usual: CodeKind = kind === 'sql' || kind === 'spark-sql' ? 'sql' : 'python';
  if (wanted === undefined) return usual;
  if (wanted === 'sql' && kind !== 'python') return 'sql';
  if (typeof wanted === 'string' && kind !== 'sql' && (isSpark(kind) ? sparkWords : pythonWords).has(wanted)) return 'python';
  throw new Problem('invalid', `A session of kind ${kind} does not run ${String(wanted)}.`, { pointer: '/kind' });
}
