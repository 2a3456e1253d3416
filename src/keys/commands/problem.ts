import { Problem, type ProblemCode } from '../../core/problem.ts';
import type { FaultKind, KeyFault } from '../tree/fault.ts';
import { textOf } from '../tree/path.ts';

/** How a refusal reads on a terminal: etcd's own words, and the exit code that goes with the problem code. */
const sentences: Record<FaultKind, { code: ProblemCode; words: string; hint?: string }> = {
  'not-found': { code: 'not-found', words: 'key not found' },
  'compare-failed': { code: 'conflict', words: 'compare failed, given != actual' },
  'not-file': { code: 'invalid', words: 'not a file', hint: 'weir keys ls KEY, or weir keys rm --recursive KEY' },
  'not-directory': { code: 'invalid', words: 'not a directory' },
  exists: { code: 'conflict', words: 'key already exists', hint: 'weir keys set KEY VALUE replaces a value' },
  'root-read-only': { code: 'invalid', words: 'the root is read only' },
  'not-empty': { code: 'conflict', words: 'directory not empty', hint: 'weir keys rm --recursive KEY' },
  'history-cleared': { code: 'gone', words: 'that index is too old', hint: 'read the keys again, then watch without --after-index' },
  'too-large': { code: 'too-large', words: 'beyond a limit' },
  unavailable: { code: 'unavailable', words: 'the keys are out of reach; the write may still take effect' },
};

/** The Problem that tells a person of a refusal. */
export function problemOf(fault: KeyFault): Problem {
  const { code, words, hint } = sentences[fault.kind];
  const cause = textOf(fault.cause);
  const facts = { kind: fault.kind, cause, index: fault.index };
  return new Problem(code, cause === '' ? words : `${words}: ${cause}`, { facts, ...(hint !== undefined && { hint }), cause: fault });
}
