/** The lines that a session or a batch has printed, as a part of its log. */
import { Type } from 'typebox';

export const printedQuery = Type.Object({
  from: Type.Optional(Type.Integer({ minimum: 0, description: 'The first line. Without it: the last `size`.' })),
  size: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, default: 100 })),
});

export const printedSchema = Type.Object({ from: Type.Integer(), total: Type.Integer(), lines: Type.Array(Type.String()) });
