/**
 * Flows: who talked with whom, when, and how much. Packets are metered into flows and flow files are read into them; they
 * are kept in columns (a hot table and sealed Parquet files, one folder per UTC day) and come out as streams, pages, sums
 * and top lists. What was acknowledged survives a crash at any moment; an import is kept whole or not at all; memory does
 * not grow with the size of an import or of an answer. The room knows nothing of HTTP servers, users or tickets.
 */
export { flowsSettings } from './config.ts';
export type { FlowsConfig } from './defaults.ts';
export { createFlows, type Flows, type FlowsDependencies } from './flows.ts';
export { type FlowsLoan, type LentRows, lendFlows, writeFlows } from './lending.ts';
export { openLocalFlows as openFlows } from './local.ts';
