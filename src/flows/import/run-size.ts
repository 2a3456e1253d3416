/** How much of an import is in memory at once. */
import type { Shape } from '../schema.ts';

/** Rows from which on a run is written; up to three are in memory at once, of some 150 and 330 octets a row. */
export const runRows: Record<Shape, number> = { named: 245_760, addressed: 65_536 };
