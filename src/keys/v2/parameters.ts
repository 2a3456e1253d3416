/** The parameters of a keys request, checked in the order and with the words of etcd 3.4. */
import { V2Error, type V2ErrorCode } from './errors.ts';
import type { Form } from './form.ts';

/** What a request asks for; every field as it was given or as its absence means. Texts are binary strings. */
export type Parameters = {
  readonly value: string;
  readonly prevValue: string;
  /** 0 for none. */
  readonly prevIndex: bigint;
  /** 0 for none. */
  readonly waitIndex: bigint;
  readonly isRecursive: boolean;
  readonly isWait: boolean;
  readonly isDir: boolean;
  readonly isQuorum: boolean;
  readonly isStream: boolean;
  readonly isValueUnwanted: boolean;
  /** Seconds, up to 64 bits. */
  readonly ttl: bigint | undefined;
  readonly prevExist: boolean | undefined;
  readonly isRefresh: boolean;
  /** Weir's own: hidden nodes are listed, and what is not UTF-8 is shown in base64 too. */
  readonly isExact: boolean;
  /** Weir's own: a `set` takes this index at least; 0 for any. */
  readonly leastIndex: number;
};

/** The parameters of a request that has none. */
export const noParameters: Parameters = {
  value: '',
  prevValue: '',
  prevIndex: 0n,
  waitIndex: 0n,
  isRecursive: false,
  isWait: false,
  isDir: false,
  isQuorum: false,
  isStream: false,
  isValueUnwanted: false,
  ttl: undefined,
  prevExist: undefined,
  isRefresh: false,
  isExact: false,
  leastIndex: 0,
};

/** Reads all parameters; the first that is wrong is the answer. */
export function readParameters(form: Form, isGet: boolean): Parameters | V2Error {
  // A form of nothing but a value is what nearly every write sends.
  const value = form.get('value') ?? '';
  if (form.size === (form.has('value') ? 1 : 0)) return value === '' ? noParameters : { ...noParameters, value };
  try {
    return check(form, value, isGet);
  } catch (error) {
    if (error instanceof V2Error) return error;
    throw error;
  }
}

function check(form: Form, value: string, isGet: boolean): Parameters {
  const prevIndex = readIndex(form, 'prevIndex');
  const waitIndex = readIndex(form, 'waitIndex');
  const isRecursive = readBool(form, 'recursive');
  readBool(form, 'sorted'); // Listings are always in order.
  const isWait = readBool(form, 'wait');
  const isDir = readBool(form, 'dir');
  const isQuorum = readBool(form, 'quorum');
  const isStream = readBool(form, 'stream');
  if (isWait && !isGet) throw new V2Error(209, '"wait" can only be used with GET requests');
  const prevValue = form.get('prevValue') ?? '';
  if (prevValue === '' && form.has('prevValue')) throw new V2Error(201, '"prevValue" cannot be empty');
  const isValueUnwanted = readBool(form, 'noValueOnSuccess');
  const ttl = (form.get('ttl') ?? '') === '' ? undefined : readUint(form, 'ttl', 202);
  const prevExist = form.has('prevExist') ? readBool(form, 'prevExist', 'prevExist') : undefined;
  const isRefresh = readBool(form, 'refresh', 'refresh');
  if (isRefresh && value !== '') throw new V2Error(211, 'A value was provided on a refresh');
  if (isRefresh && ttl === undefined) throw new V2Error(212, 'No TTL value set');
  return {
    value,
    prevValue,
    prevIndex,
    waitIndex,
    isRecursive,
    isWait,
    isDir,
    isQuorum,
    isStream,
    isValueUnwanted,
    ttl,
    prevExist,
    isRefresh,
    // Names that etcd does not know, and so passes over, whatever their values.
    isExact: form.get('exact') === 'true',
    leastIndex: readLeastIndex(form.get('leastIndex')),
  };
}

/** Far from where numbers lose their units, however much is written afterwards. */
const greatestLeastIndex = 2 ** 52;

function readLeastIndex(text = ''): number {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : 0;
  return number <= greatestLeastIndex ? number : 0;
}

const words = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

// The younger parameters are named without quotes in their refusal: so etcd has it.
function readBool(form: Form, name: string, shown = `"${name}"`): boolean {
  const text = form.get(name);
  if (text === undefined) return false;
  const word = words.get(text);
  if (word === undefined) throw new V2Error(209, `invalid value for ${shown}`);
  return word;
}

const readIndex = (form: Form, name: string): bigint => (form.has(name) ? readUint(form, name, 203) : 0n);

function readUint(form: Form, name: string, code: V2ErrorCode): bigint {
  const text = form.get(name) ?? '';
  // Long runs of leading zeros are fine; a number of more digits than any of 64 bits need not be read at all.
  const digits = /^[0-9]+$/.test(text) ? text.replace(/^0+(?=.)/, '') : '';
  const number = digits === '' || digits.length > 20 ? -1n : BigInt(digits);
  if (number < 0n || number > 0xffff_ffff_ffff_ffffn) throw new V2Error(code, `invalid value for "${name}"`);
  return number;
}
