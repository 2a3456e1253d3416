/**
 * Where things lie that the writing thread needs to code and pack the columns of a row group, behind what the reading one has in the same memory:
 * so the texts that are read there are at hand here.
 */
import { symbols } from '../../parquet/huffman.ts';
import { mostTexts } from '../../texts.ts';
import { placedOctets } from '../placed-batch.ts';
import { batchesUnderWay, groupRows, heldNamed } from '../run-size.ts';
import { readingOctets } from './layout.ts';

/** Numbers from here on have no place of their own in `known` and are looked up. */
export const mostKnown = mostTexts;
/** Slots for those that are looked up: twice as many as a row group may have, and a power of two. */
export const mostLarge = 1 << 17;

/** Rows of a row group, and eight more: packing ends with a whole group of eight. */
const rows = groupRows + 8;
const begin = (readingOctets + 63) & ~63;

/** What the kernel is told and tells. */
export const coding = {
  /** What stands in a table for the code 0: it rises with each column, so that whatever is less is of an earlier one. */
  base: begin,
  /** Values and distinct values so far. */
  count: begin + 4,
  size: begin + 8,
  /** Codes of the least and the greatest text. */
  least: begin + 12,
  most: begin + 16,
} as const;

/** Prefix codes of the octets below 128 (pack-texts.ts): how often each comes, its code, and how a frame tells them. */
const tables = begin + 64;
export const prefix = { counts: tables, codes: tables + 512, tree: tables + 1024, treeOctets: symbols / 2 + 1 } as const;
/** Texts of a dictionary by their lengths (pack-texts.ts): how many, where their octets end, and the code of the next one. */
export const longestText = 12;
export const byLength = { counts: tables + 1152, ends: tables + 1216, next: tables + 1280 } as const;
/** Texts of a block at most: with their lengths they have less than the 131,072 octets that a block may have. */
export const mostOfBlock = 8000;
/** Octets of a page from which on it is packed so: the codes alone take 65. */
export const leastPacked = 4096;

const columns = tables + 2048;
/** A column of a row group as batches have it. */
export const values = columns;
/** The codes of the values. */
export const codes = values + rows * 8;
/** By code: numbers of 64 bits, or codes of texts in words. */
export const entries = codes + rows * 4;
/** What is made: a page, and behind it as much room as the longest may take. */
export const page = entries + rows * 8;
export const pageOctets = rows * 16 + 1024;
/** The frame of a page. */
export const frame = page + pageOctets;
/** The codes of small numbers and of texts, plus the base. */
export const known = frame + pageOctets * 2;
/** The same for numbers that are looked up. */
export const large = known + mostKnown * 4;
const end = large + mostLarge * 4;
/** The batches that travel between the threads. */
export const batches = (end + 63) & ~63;
export const memoryOctets = batches + (batchesUnderWay + heldNamed) * placedOctets;
