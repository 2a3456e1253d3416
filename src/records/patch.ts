import { applyPatch, type Operation } from 'rfc6902';
import { Problem } from '../core/problem.ts';
import { draftOf, type JsonRecord } from './record.ts';

/** A record changed by a JSON merge patch (RFC 7396): members that it names are set, null takes them away. */
export const merged = (record: JsonRecord, patch: unknown): Record<string, unknown> =>
  merge(record, draftOf(patch)) as Record<string, unknown>;

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [member, value] of Object.entries(patch)) {
    if (value === null) delete result[member];
    else result[member] = merge(result[member], value);
  }
  return result;
}

/** A record changed by a JSON patch (RFC 6902): all of its operations, or none. */
export function patched(record: JsonRecord, patch: unknown): Record<string, unknown> {
  if (!Array.isArray(patch)) throw new Problem('unprocessable', 'A JSON patch is a list of operations.', { pointer: '' });
  const copy = structuredClone(record);
  for (const [at, operation] of patch.entries()) {
    if (!isObject(operation)) throw new Problem('unprocessable', 'An operation of a JSON patch is an object.', { pointer: `/${at}` });
    const [error] = applyPatch(copy, [operation as unknown as Operation]);
    if (error == null) continue;
    const isTest = error.name === 'TestError';
    throw new Problem(
      isTest ? 'conflict' : 'unprocessable',
      isTest ? 'The record is not as the patch tests it.' : 'The patch cannot be applied.',
      {
        detail: error.message,
        pointer: `/${at}`,
      },
    );
  }
  return copy;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
