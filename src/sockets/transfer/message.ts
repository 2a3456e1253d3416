/**
 * What sender and receiver say to each other: frames of `length:4`, at most 1 MiB, whose first byte is their type.
 *
 *     HELLO   both      "WEIRFT", then JSON: version, nonce, chunk, digests, free
 *     PROOF   both      JSON: HMAC of a shared token over both nonces, where a token is asked for
 *     OFFER   sender    JSON: id, name, size, mtime, mode, digest (its name)
 *     ACCEPT  receiver  JSON: id, offset, prefix (digest of the bytes before it)
 *     REJECT  receiver  JSON: id, code, text
 *     DATA    sender    id (16 bytes), offset (8 bytes), bytes
 *     END     sender    JSON: id, size, sum
 *     DONE    receiver  JSON: id, result
 *     CANCEL  both      JSON: id, reason
 *     PING    both      nothing, while there is nothing else to say
 */
import { Problem } from '../../core/problem.ts';
import { encodeLength } from '../framing/encoder.ts';
import { defaultMax, type LengthFraming } from '../framing/framing.ts';

export const wire: LengthFraming = { kind: 'length', width: 4, isLittle: false, isInclusive: false, max: defaultMax.length };

export const types = { HELLO: 1, OFFER: 2, ACCEPT: 3, REJECT: 4, DATA: 5, END: 6, DONE: 7, CANCEL: 8, PING: 9, PROOF: 10 } as const;
export type Type = keyof typeof types;
export const typeOf = new Map<number, Type>(Object.entries(types).map(([name, number]) => [number, name as Type]));

export const magic = 'WEIRFT';
/** Type, id and offset of a DATA frame. */
export const dataHead = 25;
/** What a frame that is not DATA may have: names are 255 bytes a component, texts short. */
export const controlMax = 64 * 1024;

const rejections = ['exists', 'too_large', 'bad_name', 'no_space', 'denied'] as const;
export type Rejection = (typeof rejections)[number];
export type Result = 'ok' | 'checksum_mismatch' | 'size_mismatch';

export type Hello = { version: 1; nonce: string; chunk: number; digests: string[]; hasToken: boolean; free?: number };
export type Offer = { id: string; name: string; size: number; mtime: number; mode: number; digest: string };
export type Accept = { id: string; offset: number; prefix: string | null };
export type End = { id: string; size: number; sum: string | null };

/** What is read of a frame that is not DATA. */
export type Message =
  | { type: 'HELLO'; body: Hello }
  | { type: 'PROOF'; body: { proof: string } }
  | { type: 'OFFER'; body: Offer }
  | { type: 'ACCEPT'; body: Accept }
  | { type: 'REJECT'; body: { id: string; code: Rejection; text: string } }
  | { type: 'END'; body: End }
  | { type: 'DONE'; body: { id: string; result: Result } }
  | { type: 'CANCEL'; body: { id: string; reason: string } }
  | { type: 'PING'; body: null };

/** The bytes of a frame that is not DATA. */
export function encodeMessage(type: Exclude<Type, 'DATA'>, body: object | null): Buffer {
  const text = body === null ? '' : `${type === 'HELLO' ? magic : ''}${JSON.stringify(body)}`;
  const bytes = Buffer.from(text);
  return Buffer.concat([encodeLength(wire, bytes.length + 1), Uint8Array.of(types[type]), bytes]);
}

/** What goes before the bytes of a DATA frame. */
export function encodeDataHead(id: Buffer, offset: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(4 + dataHead);
  head.writeUInt32BE(dataHead + length, 0);
  head[4] = types.DATA;
  id.copy(head, 5);
  head.writeBigUInt64BE(BigInt(offset), 21);
  return head;
}

/** Reads a frame that is not DATA, its type included. Throws `invalid` for whatever has not the shape of its type. */
export function decodeMessage(frame: Uint8Array): Message {
  const type = typeOf.get(frame[0] ?? 0);
  if (type === undefined || type === 'DATA') throw broken(`a frame of the unknown type ${frame[0]}`);
  if (type === 'PING') return { type, body: null };
  const text = Buffer.from(frame.buffer, frame.byteOffset + 1, frame.byteLength - 1).toString('utf8');
  if (type === 'HELLO' && !text.startsWith(magic)) throw broken('no greeting of a transfer');
  const body = parse(type === 'HELLO' ? text.slice(magic.length) : text);
  if (body === undefined || !shapes[type](body)) throw broken(`a ${type} of another shape`);
  return { type, body } as Message;
}

export const broken = (what: string): Problem =>
  new Problem('invalid', 'The other side does not speak the language of transfers.', { detail: `it sent ${what}` });

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

type Body = Record<string, unknown>;
const isText = (value: unknown, most: number): boolean => typeof value === 'string' && value.length <= most;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isId = ({ id }: Body): boolean => typeof id === 'string' && /^[0-9a-f]{32}$/.test(id);
const isSum = (value: unknown): boolean => value === null || (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
const isWord = (value: unknown, words: readonly string[]): boolean => words.includes(value as string);

const shapes: Record<Exclude<Type, 'DATA' | 'PING'>, (body: Body) => boolean> = {
  HELLO: ({ version, nonce, chunk, digests, hasToken }) =>
    version === 1 &&
    /^[0-9a-f]{32}$/.test(String(nonce)) &&
    isCount(chunk) &&
    Array.isArray(digests) &&
    digests.length <= 16 &&
    digests.every((name) => isText(name, 32)) &&
    typeof hasToken === 'boolean',
  PROOF: ({ proof }) => typeof proof === 'string' && /^[0-9a-f]{64}$/.test(proof),
  OFFER: (body) =>
    isId(body) &&
    isText(body.name, 4096) &&
    isCount(body.size) &&
    Number.isFinite(body.mtime) &&
    isCount(body.mode) &&
    isText(body.digest, 32),
  ACCEPT: (body) => isId(body) && isCount(body.offset) && isSum(body.prefix),
  REJECT: (body) => isId(body) && isWord(body.code, rejections) && isText(body.text, 1000),
  END: (body) => isId(body) && isCount(body.size) && isSum(body.sum),
  DONE: (body) => isId(body) && isWord(body.result, ['ok', 'checksum_mismatch', 'size_mismatch']),
  CANCEL: (body) => isId(body) && isText(body.reason, 1000),
};
