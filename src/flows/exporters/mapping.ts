/**
 * The mapping file: elements of enterprises (or others that Weir does not know) and the column each fills, as JSON:
 *
 *   { "35632/87": "rtt_us", "57554": "retransmits" }
 *
 * The key is ENTERPRISE/ELEMENT, or ELEMENT alone for those without an enterprise.
 */
import { readFileSync } from 'node:fs';
import { Problem } from '../../core/problem.ts';
import { type ElementTable, elementKey, knownElements, mappedColumns, type SlotUse, slot } from './elements.ts';

const pointer = 'flows.exporters.elements';

const problem = (path: string, detail: string): Problem =>
  new Problem('invalid', `The element mapping ${path} cannot be used.`, { detail, pointer });

/** The elements of the file beside those that Weir knows; the file's go first. */
export const readMapping = (path: string): ElementTable => {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw problem(path, (error as Error).message);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw problem(path, 'expected a JSON object, such as { "35632/87": "rtt_us" }');
  const table = new Map(knownElements);
  for (const [key, column] of Object.entries(content)) addElement(path, table, key, column);
  return table;
};

const addElement = (path: string, table: Map<number, readonly SlotUse[]>, key: string, column: unknown): void => {
  const match = /^(?:(\d{1,10})\/)?(\d{1,5})$/.exec(key);
  const [enterprise, id] = [Number(match?.[1] ?? 0), Number(match?.[2])];
  if (match === null || enterprise >= 2 ** 32 || id > 65_535)
    throw problem(path, `${JSON.stringify(key)}: expected ENTERPRISE/ELEMENT, such as 35632/87`);
  const name = mappedColumns[String(column)];
  if (name === undefined)
    throw problem(path, `${key}: ${JSON.stringify(column)} is no column to fill; expected one of ${Object.keys(mappedColumns).join(', ')}`);
  const uses: SlotUse[] = [{ slot: slot[name], rank: -1 }];
  // An address of 16 octets goes to the same column as one of four.
  if (name === 'src4') uses.push({ slot: slot.src6, rank: -1 });
  if (name === 'dst4') uses.push({ slot: slot.dst6, rank: -1 });
  table.set(elementKey(enterprise, id), uses);
};
