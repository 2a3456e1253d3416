/** The pages of a column chunk, one after the other, unpacked when they are needed (PageHeader). */
import { Unreadable } from './read-fault.ts';
import type { ColumnChunk } from './read-footer.ts';
import { ThriftReader } from './read-thrift.ts';
import { padding, type Scratch } from './scratch.ts';
import { unpackZstd } from './unzstd.ts';

const codecs = { none: 0, zstd: 6 } as const;
const pageTypes = { data: 0, dictionary: 2, data2: 3 } as const;

/** A page larger than this is not unpacked here; those of the store have at most some megabytes. */
const mostPageOctets = 64 * 1024 * 1024;

/** What the header of a page says. Levels lie in front of the values; their length is in the page where `levels` is undefined. */
export type Page = {
  type: number;
  /** Values, NULL too; in a dictionary its entries. */
  values: number;
  encoding: number;
  /** Unpacks its content, behind which `padding` octets may be read. */
  open(scratch: Scratch): Uint8Array;
  /** Octets of the levels, where the header tells (version 2). */
  levels: number | undefined;
};

type Header = {
  type: number;
  plain: number;
  packed: number;
  values: number;
  encoding: number;
  /** Of version 2 only. */
  levels: number | undefined;
  repetitions: number;
  isPacked: boolean;
};

export class Pages {
  readonly #octets: Uint8Array;
  readonly #codec: number;
  readonly #values: number;
  #at = 0;

  /** `octets` are those of the chunk. */
  constructor(octets: Uint8Array, { codec, values }: ColumnChunk) {
    if (codec !== codecs.none && codec !== codecs.zstd) throw new Unreadable(`pages are packed in the way ${codec}`);
    this.#octets = octets;
    this.#codec = codec;
    this.#values = values;
  }

  /** The next page; an error after the last. Pages that hold no values (indexes) are passed over. */
  next(): Page {
    for (;;) {
      const header = this.#readHeader();
      const content = this.#octets.subarray(this.#at, this.#at + header.packed);
      this.#at += header.packed;
      const { type, values, encoding, levels } = header;
      const isKnown = type === pageTypes.data || type === pageTypes.dictionary || type === pageTypes.data2;
      if (!isKnown) continue;
      if (values < 0 || values > this.#values) throw new Unreadable(`a page of ${values} values`);
      return { type, values, encoding, levels, open: (scratch) => this.#unpack(content, header, scratch) };
    }
  }

  /** Whether the page is a dictionary. */
  static isDictionary({ type }: Page): boolean {
    return type === pageTypes.dictionary;
  }

  #readHeader(): Header {
    const reader = new ThriftReader(this.#octets, this.#at);
    const header: Header = { type: -1, plain: -1, packed: -1, values: -1, encoding: -1, levels: undefined, repetitions: 0, isPacked: true };
    reader.struct((id) => {
      if (id === 1) header.type = reader.integer();
      else if (id === 2) header.plain = reader.integer();
      else if (id === 3) header.packed = reader.integer();
      else if (id === 5 || id === 7) readKind(reader, header);
      else if (id === 8) readKind2(reader, header);
      else return false;
      return true;
    });
    this.#at = reader.at;
    const { plain, packed, repetitions } = header;
    if (packed < 0 || packed > this.#octets.length - this.#at) throw new Unreadable('a page is longer than its column');
    if (plain < 0 || plain > mostPageOctets) throw new Unreadable(`a page of ${plain} octets`);
    if (repetitions !== 0) throw new Unreadable('a column has values of several levels');
    return header;
  }

  #unpack(content: Uint8Array, { plain, levels = 0, isPacked }: Header, scratch: Scratch): Uint8Array {
    const octets = scratch.octets(plain);
    if (this.#codec === codecs.none || !isPacked) {
      if (content.length !== plain) throw new Unreadable('a page has another length than it says');
      octets.set(content);
      return octets;
    }
    // In version 2 levels are never packed.
    if (levels > content.length || levels > plain) throw new Unreadable('the levels are longer than their page');
    octets.set(content.subarray(0, levels));
    unzstd(content.subarray(levels), octets.subarray(levels));
    return octets;
  }
}

/** Unpacks into `target`, which must come to be full; behind it there is padding. */
const unzstd = (packed: Uint8Array, target: Uint8Array): void => {
  if (target.length === 0) return;
  let length: number;
  try {
    // With room for more than the header says, which would be a fault.
    length = unpackZstd(packed, new Uint8Array(target.buffer, target.byteOffset, target.length + padding));
  } catch (error) {
    throw new Unreadable(`a page cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (length !== target.length) throw new Unreadable('a page has another length than it says');
};

/** DataPageHeader and DictionaryPageHeader begin alike. */
const readKind = (reader: ThriftReader, header: Header): void =>
  reader.struct((id) => {
    if (id === 1) header.values = reader.integer();
    else if (id === 2) header.encoding = reader.integer();
    else return false;
    return true;
  });

const readKind2 = (reader: ThriftReader, header: Header): void =>
  reader.struct((id, type) => {
    if (id === 1) header.values = reader.integer();
    else if (id === 4) header.encoding = reader.integer();
    else if (id === 5) header.levels = reader.integer();
    else if (id === 6) header.repetitions = reader.integer();
    else if (id === 7) header.isPacked = type === 1;
    else return false;
    return true;
  });
