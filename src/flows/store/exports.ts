/**
 * Flow exports in the store: one source for all that exporters ever send, to which a little is added every moment. When
 * what arrived is kept in a table of its own, by the ids that were taken until then, so that who asks for what came after
 * a moment gets that, and not the whole source.
 */
import type { RunFile } from '../import/run-writer.ts';
import { momentText, takeRuns } from './commit.ts';
import { type ExportsRecord, exportsKind, isExportsRecord } from './exports-record.ts';
import type { Store } from './store.ts';

/** Up to so many rows of one commit go to the hot table. More are better left in the file that they are in. */
const hotRows = 20_000;

/** For how long every single commit is remembered, in microseconds; before that the last of each hour is. */
const exactUs = 86_400_000_000n;
const hourUs = 3_600_000_000n;
/** Commits between two thinnings. */
const thinEvery = 3600;

/** Begins to collect: answers the source's id. Ends with `endImport` of the store. */
export const openExports = (store: Store): Promise<number> =>
  store.exclusively(async () => {
    await thin(store);
    const known = (await store.catalog.sources()).find(({ record }) => isExportsRecord(record));
    if (known !== undefined) {
      store.ids.hold();
      return known.id;
    }
    const id = store.ids.takeSource();
    const now = new Date().toISOString();
    const record: ExportsRecord = { kind: exportsKind, name: 'flow exports', flows: 0, started_at: now, ended_at: null };
    await store.change(() => store.catalog.putSource({ id, digest: null, state: 'done', endedAtUs: 0n, record: JSON.stringify(record) }));
    await store.refresh();
    return id;
  });

let commits = 0;

/** Takes written runs of exports into the store; durable and visible when it resolves. */
export const commitExports = async (store: Store, { sourceId, files }: { sourceId: number; files: RunFile[] }): Promise<string> => {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const lastId = Math.max(...files.map(({ maxId }) => maxId));
  const change = async (moment: bigint): Promise<void> => {
    const source = await store.catalog.source(sourceId);
    if (source === undefined) throw new Error(`source ${sourceId} of the exports is gone`);
    const record = JSON.parse(source.record) as ExportsRecord;
    const next: ExportsRecord = { ...record, flows: record.flows + rows, ended_at: momentText(moment) };
    await store.catalog.putSource({ ...source, endedAtUs: moment, record: JSON.stringify(next) });
    await store.writer.run('INSERT INTO arrivals VALUES (?, ?, ?)', [sourceId, moment, lastId]);
  };
  const moment = await takeRuns(store, files, hotRows, { change });
  if (++commits % thinEvery === 0) await store.exclusively(() => thin(store));
  return momentText(moment);
};

const thin = async (store: Store): Promise<void> => {
  const before = BigInt(Date.now()) * 1000n - exactUs;
  await store.writer.run(
    `DELETE FROM arrivals WHERE ended_at_us < ? AND ended_at_us NOT IN
       (SELECT max(ended_at_us) FROM arrivals GROUP BY source_id, ended_at_us // ?)`,
    [before, hourUs],
  );
};
