/**
 * Compiled row loops, kept: the next stream of the same fields finds its loop compiled and optimised. Each is some ten
 * kilobytes, and clients choose the fields: so there are bounds, and what was not used longest goes first.
 */
import type { Notation } from './notation.ts';
import { compileRowLoop, type RowLoop } from './row-loop.ts';

/** Sets of fields whose loops are kept. */
const mostNotations = 32;
/** Loops of one set of fields; further mixtures of NULLs share one that expects them everywhere, and has no cells. */
const mostLoops = 16;

const kept = new Map<string, Map<string, RowLoop>>();

/** Gives the loop for the fields of a chunk as `presenceOf` has them; undefined where it would have cells and there are loops enough. */
export type RowLoops = (presence: string) => RowLoop | undefined;

/** The loops of a notation. */
export const rowLoops = (notation: Notation, room: number): RowLoops => {
  const key = JSON.stringify(notation);
  const loops = kept.get(key) ?? new Map<string, RowLoop>();
  kept.delete(key);
  kept.set(key, loops);
  if (kept.size > mostNotations) kept.delete(kept.keys().next().value as string);
  return (presence) => {
    const found = loops.get(presence);
    if (found !== undefined) return found;
    const isFull = loops.size >= mostLoops;
    if (isFull && /\d/.test(presence)) return undefined;
    const known = isFull ? 'm'.repeat(presence.length) : presence;
    const loop = loops.get(known) ?? compileRowLoop(notation, known, room);
    loops.set(known, loop);
    return loop;
  };
};
