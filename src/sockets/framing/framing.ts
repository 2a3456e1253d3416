/** How a stream of bytes is cut into frames, and the words that say so: `line`, `length:4`, `fixed:64`, `delimiter:\x00`, `raw`. */
import { Problem } from '../../core/problem.ts';
import { readSize } from '../../core/quantity.ts';
import { readEscapes } from './escapes.ts';

/** The greatest frame that any limit may allow. */
export const ceiling = 64 * 1024 * 1024;
export const defaultMax = { delimiter: 64 * 1024, length: 1024 * 1024 } as const;

/** No frames: chunks as they come, whose boundaries mean nothing. */
export type RawFraming = { readonly kind: 'raw' };
/** Every `size` bytes are a frame. What is left at the end is a fault, or a last, shorter frame. */
export type FixedFraming = { readonly kind: 'fixed'; readonly size: number; readonly partial: 'error' | 'emit' };
/** Bytes up to a delimiter of 1 to 16 bytes, which is no part of the frame; empty frames are kept. */
export type DelimiterFraming = {
  readonly kind: 'delimiter';
  readonly delimiter: Uint8Array;
  /** One CR in front of the delimiter is no part of the frame either. */
  readonly stripsCr: boolean;
  /** What becomes of bytes behind the last delimiter at the end. */
  readonly final: 'error' | 'emit';
  /** A backslash takes the meaning from the delimiter (of one byte) and from a backslash behind it. */
  readonly isEscaped: boolean;
  /** Bytes of one frame at most. */
  readonly max: number;
};
/** An unsigned length, then as many bytes. Length 0 is an empty frame. */
export type LengthFraming = {
  readonly kind: 'length';
  /** Bytes of the length, or LEB128 of at most 5. */
  readonly width: 1 | 2 | 4 | 'varint';
  readonly isLittle: boolean;
  /** The length counts its own bytes, too. */
  readonly isInclusive: boolean;
  /** Bytes of one frame at most, its length not counted. */
  readonly max: number;
};
export type Framing = RawFraming | FixedFraming | DelimiterFraming | LengthFraming;

/** Lines as text has them: LF or CRLF, the last with or without. */
export const lines: DelimiterFraming = {
  kind: 'delimiter',
  delimiter: Uint8Array.of(10),
  stripsCr: true,
  final: 'emit',
  isEscaped: false,
  max: defaultMax.delimiter,
};

/**
 * Reads a framing: a word, perhaps an argument behind a colon, and options behind slashes: `line/max=1MiB`, `length:2/little/inclusive`,
 * `length:varint`, `fixed:64/partial=emit`, `delimiter:\r\n/final=emit`, `delimiter:;/escape`. Throws `invalid`.
 */
export function parseFraming(text: string): Framing {
  const [head = '', ...options] = text.split('/');
  const colon = head.indexOf(':');
  const word = colon === -1 ? head : head.slice(0, colon);
  const argument = colon === -1 ? '' : head.slice(colon + 1).replace(/^'(.*)'$/s, '$1');
  const left = new Options(text, options);
  const framing = readKind(text, word, argument, left);
  left.end();
  return framing;
}

function readKind(text: string, word: string, argument: string, options: Options): Framing {
  if (word === 'raw' && argument === '') return { kind: 'raw' };
  if (word === 'line' && argument === '')
    return { ...lines, final: options.choice('final', ['emit', 'error']), max: options.size('max', lines.max) };
  if (word === 'fixed')
    return { kind: 'fixed', size: readFrameSize(text, argument), partial: options.choice('partial', ['error', 'emit']) };
  if (word === 'delimiter') return readDelimiter(text, argument, options);
  if (word === 'length') return readLength(text, argument, options);
  throw noFraming(text);
}

function readFrameSize(text: string, argument: string): number {
  const size = Number(readSize(argument) ?? 0n);
  if (size < 1 || size > 16 * 1024 * 1024) throw noFraming(text, 'fixed:SIZE takes 1 to 16MiB');
  return size;
}

function readDelimiter(text: string, argument: string, options: Options): DelimiterFraming {
  const delimiter = readEscapes(argument);
  if (delimiter === undefined || delimiter.length < 1 || delimiter.length > 16)
    throw noFraming(text, 'delimiter:TEXT takes 1 to 16 bytes; \\n, \\r, \\t, \\0, \\\\ and \\xHH are read, and a slash is \\x2f');
  const isEscaped = options.flag('escape');
  if (isEscaped && (delimiter.length !== 1 || delimiter[0] === 0x5c))
    throw noFraming(text, 'only a delimiter of one byte, and not the backslash, can be escaped');
  const final = options.choice('final', ['error', 'emit']);
  return { kind: 'delimiter', delimiter, stripsCr: options.flag('crlf'), final, isEscaped, max: options.size('max', defaultMax.delimiter) };
}

function readLength(text: string, argument: string, options: Options): LengthFraming {
  const widths = { '': 4, 1: 1, 2: 2, 4: 4, varint: 'varint' } as const;
  if (!Object.hasOwn(widths, argument)) throw noFraming(text, 'length:WIDTH takes 1, 2, 4 (bytes) or varint');
  const isInclusive = options.flag('inclusive');
  if (isInclusive && argument === 'varint') throw noFraming(text, 'a varint counts the frame alone');
  const width = widths[argument as keyof typeof widths];
  return { kind: 'length', width, isLittle: options.flag('little'), isInclusive, max: options.size('max', defaultMax.length) };
}

/** What stands behind the slashes; each may be asked for once, and nothing may be left. */
class Options {
  readonly #text: string;
  readonly #left: Map<string, string>;

  constructor(text: string, options: readonly string[]) {
    this.#text = text;
    this.#left = new Map(options.map((option) => [option.split('=')[0] as string, option.slice(option.indexOf('=') + 1)]));
  }

  flag(name: string): boolean {
    return this.#left.delete(name);
  }

  choice<const Word extends string>(name: string, words: readonly [Word, ...Word[]]): Word {
    const value = this.#take(name);
    const found = value === undefined ? words[0] : words.find((word) => word === value);
    if (found === undefined) throw noFraming(this.#text, `${name} is ${words.join(' or ')}`);
    return found;
  }

  size(name: string, fallback: number): number {
    const value = this.#take(name);
    const size = value === undefined ? fallback : Number(readSize(value) ?? 0n);
    if (size < 1 || size > ceiling) throw noFraming(this.#text, `${name} is 1 to 64MiB`);
    return size;
  }

  end(): void {
    const [unknown] = this.#left.keys();
    if (unknown !== undefined) throw noFraming(this.#text, `there is no option ${JSON.stringify(unknown)} of it`);
  }

  #take(name: string): string | undefined {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }
}

const noFraming = (text: string, detail = 'expected line, length:4, fixed:64, delimiter:\\x00 or raw'): Problem =>
  new Problem('invalid', `${JSON.stringify(text)} is no framing.`, { detail, hint: '--frame line', pointer: 'frame' });

/** The framing in the words that `parseFraming` reads, without what is the default. */
export function showFraming(framing: Framing): string {
  if (framing.kind === 'raw') return 'raw';
  if (framing.kind === 'fixed') return `fixed:${framing.size}${framing.partial === 'emit' ? '/partial=emit' : ''}`;
  if (framing.kind === 'length') {
    const { width, isLittle, isInclusive, max } = framing;
    return `length:${width}${isLittle ? '/little' : ''}${isInclusive ? '/inclusive' : ''}${max === defaultMax.length ? '' : `/max=${max}`}`;
  }
  const { delimiter, stripsCr, final, isEscaped, max } = framing;
  const limit = max === defaultMax.delimiter ? '' : `/max=${max}`;
  if (delimiter.length === 1 && delimiter[0] === 10 && stripsCr) return `line${final === 'error' ? '/final=error' : ''}${limit}`;
  const hex = [...delimiter].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return `delimiter:${hex}${stripsCr ? '/crlf' : ''}${isEscaped ? '/escape' : ''}${final === 'emit' ? '/final=emit' : ''}${limit}`;
}
