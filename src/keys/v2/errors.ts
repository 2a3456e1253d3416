/** The errors of etcd's v2 API: numbers, sentences and HTTP status, and which fault of the tree becomes which. */
import { type FaultKind, KeyFault } from '../tree/fault.ts';
import { quote } from './json-text.ts';

const errors = {
  100: { status: 404, message: 'Key not found' },
  101: { status: 412, message: 'Compare failed' },
  102: { status: 403, message: 'Not a file' },
  104: { status: 400, message: 'Not a directory' },
  105: { status: 412, message: 'Key already exists' },
  107: { status: 400, message: 'Root is read only' },
  108: { status: 403, message: 'Directory not empty' },
  110: { status: 401, message: 'The request requires user authentication' },
  201: { status: 400, message: 'PrevValue is Required in POST form' },
  202: { status: 400, message: 'The given TTL in POST form is not a number' },
  203: { status: 400, message: 'The given index in POST form is not a number' },
  209: { status: 400, message: 'Invalid field' },
  210: { status: 400, message: 'Invalid POST form' },
  211: { status: 400, message: 'Value provided on refresh' },
  212: { status: 400, message: 'A TTL must be provided on refresh' },
  300: { status: 500, message: 'Raft Internal Error' },
  401: { status: 400, message: 'The event in requested index is outdated and cleared' },
} as const;

export type V2ErrorCode = keyof typeof errors;

/** A refusal as the client is told. */
export class V2Error {
  readonly code: V2ErrorCode;
  /** A binary string. */
  readonly cause: string;
  /** Index of the tree; 0 for faults of parameters and of the engine. */
  readonly index: number;

  constructor(code: V2ErrorCode, cause: string, index = 0) {
    this.code = code;
    this.cause = cause;
    this.index = index;
  }

  get status(): number {
    return errors[this.code].status;
  }

  /** The body of the answer. */
  get text(): string {
    const cause = this.cause === '' ? '' : `,"cause":${quote(this.cause)}`;
    return `{"errorCode":${this.code},"message":"${errors[this.code].message}"${cause},"index":${this.index}}\n`;
  }
}

const codes: Record<FaultKind, V2ErrorCode> = {
  'not-found': 100,
  'compare-failed': 101,
  'not-file': 102,
  'not-directory': 104,
  exists: 105,
  'root-read-only': 107,
  'not-empty': 108,
  'history-cleared': 401,
  // What etcd itself answers when its log refuses an entry.
  'too-large': 300,
  unavailable: 300,
};

/** What etcd answers when its own authentication refuses. */
export const loginRefusal = new V2Error(110, 'Insufficient credentials');

/** The refusal that a fault of the tree becomes; anything else that was thrown is thrown again. */
export function errorOf(fault: unknown): V2Error {
  if (!(fault instanceof KeyFault)) throw fault;
  const code = codes[fault.kind];
  return new V2Error(code, fault.cause, code === 300 ? 0 : fault.index);
}
