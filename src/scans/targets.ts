import { domainToASCII } from 'node:url';
import { type Address, formatAddress, type Halves, parseAddress, parsePrefix } from '../core/address-parse.ts';
import { Problem } from '../core/problem.ts';

/** One address to scan, and the word that asked for it. */
export type Target = {
  /** As `connect()` takes it: a literal, with its zone where it has one. */
  readonly address: string;
  readonly family: 4 | 6;
  /** The name that it was found under. */
  readonly name?: string;
  /** True when the word named this one host: then it is scanned even when nothing shows that it is up. */
  readonly isSingle: boolean;
};

/** Addresses of a name; none are asked for anything else. */
export type Resolve = (name: string) => Promise<readonly { address: string; family: number }[]>;

/** What one word means: some addresses, or a name that has yet to be looked up. */
export type Meaning = { kind: 'addresses'; targets: Target[] } | { kind: 'name'; name: string };

/**
 * Reads a target: an address, `fe80::1%eth0`, `10.0.0.0/24`, `10.0.0.1-20`, `10.0.0.1-10.0.0.20` or a name. Short and octal spellings
 * of addresses (127.1, 010.0.0.1) are refused, since programs do not agree what they are. Throws `unprocessable`; `most` bounds a range.
 */
export function readTarget(word: string, most: number): Meaning {
  const text = word.trim();
  const [literal = '', zone, ...more] = text.split('%');
  if (more.length > 0 || (zone !== undefined && !/^[A-Za-z0-9_.:-]{1,15}$/.test(zone))) throw fault(word, 'that is no zone');
  const address = parseAddress(literal);
  if (address !== undefined) return { kind: 'addresses', targets: [targetOf(plain(address), zone, true)] };
  if (zone !== undefined) throw fault(word, 'only addresses have zones');
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { kind: 'addresses', targets: between(word, prefix.version, prefix.first, prefix.last, most) };
  const range = rangeOf(text);
  if (range !== undefined) return { kind: 'addresses', targets: between(word, range.first.version, range.first, range.last, most) };
  return { kind: 'name', name: nameOf(word) };
}

/** Reads all words and looks the names up, each once; every address stands once, under the first word that named it. */
export async function findTargets(words: readonly string[], most: number, resolve: Resolve): Promise<Target[]> {
  const found = new Map<string, Target>();
  for (const word of words) {
    const meaning = readTarget(word, most);
    const targets = meaning.kind === 'addresses' ? meaning.targets : await lookUp(meaning.name, resolve);
    for (const target of targets) if (!found.has(target.address)) found.set(target.address, target);
    if (found.size > most) throw tooMany(word, most);
  }
  return [...found.values()];
}

async function lookUp(name: string, resolve: Resolve): Promise<Target[]> {
  const answers = await resolve(name).catch((cause: NodeJS.ErrnoException) => {
    throw new Problem('unprocessable', `There is no address for ${name}.`, {
      detail: cause.code ?? cause.message,
      pointer: '/targets',
      cause,
    });
  });
  return answers.map(({ address }) => {
    const [literal = '', zone] = address.split('%');
    const parsed = parseAddress(literal);
    if (parsed === undefined) throw fault(name, `it was found at ${address}`);
    return { ...targetOf(plain(parsed), zone, true), name };
  });
}

/** An IPv4 address in IPv6 clothes is IPv4: rules for it hold however it is written. */
function plain(address: Address): Address {
  const isMapped = address.version === 6 && address.hi === 0n && address.lo >> 32n === 0xffffn;
  return isMapped ? { ...address, version: 4 } : address;
}

function targetOf(address: Address, zone: string | undefined, isSingle: boolean): Target {
  const text = formatAddress(address);
  return { address: zone === undefined ? text : `${text}%${zone}`, family: address.version, isSingle };
}

function between(word: string, version: 4 | 6, first: Halves, last: Halves, most: number): Target[] {
  const begin = (first.hi << 64n) | first.lo;
  const count = ((last.hi << 64n) | last.lo) - begin + 1n;
  if (count < 1n) throw fault(word, 'the range ends before it begins');
  if (count > BigInt(most)) throw tooMany(word, most);
  return Array.from({ length: Number(count) }, (_, i) => {
    const bits = begin + BigInt(i);
    return targetOf(plain({ version, hi: bits >> 64n, lo: bits & 0xffff_ffff_ffff_ffffn }), undefined, count === 1n);
  });
}

/** `10.0.0.1-20` and `10.0.0.1-10.0.0.20`; the first also with the last group of an IPv6 address. */
function rangeOf(text: string): { first: Address; last: Address } | undefined {
  const [from = '', to = '', ...more] = text.split('-');
  const first = parseAddress(from);
  if (first === undefined || more.length > 0) return undefined;
  const head = first.version === 4 ? from.slice(0, from.lastIndexOf('.') + 1) : from.slice(0, from.lastIndexOf(':') + 1);
  const last = parseAddress(to) ?? parseAddress(head + to);
  return last === undefined || last.version !== first.version ? undefined : { first, last };
}

function nameOf(word: string): string {
  const name = domainToASCII(word.trim().replace(/\.$/, ''));
  const labels = name.split('.');
  const isName = name.length <= 253 && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
  // A last label of digits is an address that somebody has shortened, or an octal one.
  if (!isName || /^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? ''))
    throw fault(word, 'expected an address, 10.0.0.0/24, 10.0.0.1-20 or a name');
  return name;
}

const fault = (word: string, detail: string): Problem =>
  new Problem('unprocessable', 'That is no target.', { detail: `${word.slice(0, 80)}: ${detail}`, pointer: '/targets' });

const tooMany = (word: string, most: number): Problem =>
  new Problem('unprocessable', `A scan has ${most} addresses at most.`, {
    detail: `${word.slice(0, 80)} makes it more`,
    hint: 'the setting scans.addresses',
    pointer: '/targets',
  });
