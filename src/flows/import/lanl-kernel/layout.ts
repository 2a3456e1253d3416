/** Where things lie in the memory of the kernel that reads LANL lines, as offsets in octets. */
import { batchLayout } from '../../batch.ts';
import { mostSeries, mostSought, mostTexts, seriesCodes, seriesDigits, textOctets, textsOctets } from '../../texts.ts';
import { lineLimit } from '../limits.ts';

export const comma = 44;
export const lineFeed = 10;
export const carriageReturn = 13;

/** Eight of the same octet: '0', the uppermost bit of each, and what makes more than 9 reach that bit. */
const eight = (octet: number): bigint => BigInt(octet) * 0x0101_0101_0101_0101n;
export const zeros = eight(48);
export const highs = eight(128);
export const overNine = eight(0x76);

/** What `readLines` is told and tells, at the start of the memory. */
export const reading = {
  /** The row of the block that comes next. */
  row: 0,
  /** Slots of the index of texts, less one. */
  mask: 4,
  /** A text that is not known: where it begins, its octets, and 1 where it must be a port. */
  missing: 8,
  missingOctets: 12,
  missingIsPort: 16,
  /** Rows whose time lies before that of the row above. */
  unordered: 20,
  /** The time of the last row. */
  time: 24,
  /** The last second in which a flow may end. */
  lastSecond: 32,
  /** Where a value goes that is looked at again, and one that nobody looks at. */
  value: 40,
  touched: 48,
  /** Where the next key goes, and where the batch lies that rows are read into. */
  key: 52,
  batch: 56,
  /** Lines so far: that of a row is its id. */
  line: 64,
} as const;

/** A text that is to be looked up: as four words (see `texts`), the slot where to begin, where it stands, whether it is a port, where its code goes. */
export const keyAt = { low: 0, high: 8, slot: 16, place: 20, isPort: 24, code: 28 } as const;
export const keyOctets = 32;
/** Lines that are looked up together, with up to four texts each: where a line begins, and where its keys end. */
export const mostLines = 64;
const starts = 128;
export const lines = { starts, keyEnds: starts + mostLines * 4, keys: starts + mostLines * 8 } as const;

/** Lines are put here to be read; behind them is room for loads that begin at the last octet. */
export const input = lines.keys + mostLines * 4 * keyOctets;

export const inputOctets = lineLimit;
/** For each slot twice the code of a text + 1, and 1 more where the text may be a port; 0 for an empty one. */
export const slots = input + inputOctets + 128;
export const mostSlots = mostSought * 2;
/** For each octet that a text may begin with the code of its series, or 0 where it has none; and for each code of a series whether its text is known. */
const serial = slots + mostSlots * 4;
export const series = { codes: serial, seen: serial + 1024 - mostSought, digits: seriesDigits } as const;
/** The texts by code (see texts.ts). */
export const texts = serial + 1024 + mostSeries * seriesCodes;
export const longTexts = texts + mostTexts * textOctets;
/** Where a column of a batch of rows lies in it (see batch.ts); those of texts hold codes. */
const columnAt = (name: string): number => batchLayout('named').places.find(({ column }) => column.name === name)?.offset ?? Number.NaN;
export const block = {
  id: columnAt('id'),
  time: columnAt('time'),
  duration: columnAt('duration'),
  source: columnAt('src_comp'),
  protocol: columnAt('protocol'),
  packets: columnAt('packet_count'),
  octets: columnAt('byte_count'),
  revPackets: columnAt('rev_packet_count'),
  revOctets: columnAt('rev_byte_count'),
} as const;
/** Octets from one column of codes to the next: source, its port, destination, its port. */
export const codeColumn = columnAt('src_port') - columnAt('src_comp');

/** All of it; what the writing thread needs comes behind (coding-layout.ts). */
export const readingOctets = texts + textsOctets;
