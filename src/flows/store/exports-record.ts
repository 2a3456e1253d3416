/** The record of the one source that all flow exports belong to; imports have another. */
export const exportsKind = 'exports';

export type ExportsRecord = { kind: typeof exportsKind; name: string; flows: number; started_at: string; ended_at: string | null };

/** Whether the record of a source is that of the exports. */
export const isExportsRecord = (record: string): boolean =>
  record.includes('"kind"') && (JSON.parse(record) as { kind?: string }).kind === exportsKind;
