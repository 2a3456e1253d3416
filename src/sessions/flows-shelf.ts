/** Where interpreters get flows from: files in the folder of their session. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { type Flows, lendFlows, writeFlows } from '../flows/index.ts';
import type { FlowsWish } from './driver-link.ts';

/** Answers what an interpreter asks of the flows. */
export const flowsShelf =
  (flows: Flows) =>
  async (wish: FlowsWish, folder: string): Promise<object> => {
    const { format, ...choice } = wish;
    if (format === 'files') return await lendFlows(flows, join(folder, 'flows'));
    if (format !== 'arrow' && format !== 'ndjson') throw new Problem('invalid', 'Flows come as arrow, ndjson or files.');
    const rows = join(folder, 'rows');
    await mkdir(rows, { recursive: true, mode: 0o700 });
    const file = join(rows, `${randomUUID()}.${format}`);
    await writeFlows(flows, { format, ...choice }, file, new AbortController().signal);
    return { file };
  };
