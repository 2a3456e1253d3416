/** What can be asked of a store from behind a port: in a thread of its own (`thread.ts`), or in the thread of a command. */
import { type CallContext, type Port, serveCalls } from '../../core/thread.ts';
import type { RunFile } from '../import/run-writer.ts';
import type { SourceEntry } from './catalog.ts';
import { checkStore } from './check.ts';
import { type Commit, commitImport } from './commit.ts';
import { commitExports, openExports } from './exports.ts';
import { rank } from './ranking.ts';
import { type Retention, retain } from './retention.ts';
import { compact, sealHot } from './seal.ts';
import { shareFiles } from './share.ts';
import { pairs, series, summarise } from './statistics.ts';
import { Store, type StoreLimits } from './store.ts';
import type { flowById, streamFlows } from './stream.ts';

/** What a store is opened with. */
export type StoreData = {
  root: string;
  limits: StoreLimits;
  /** Open the engine of streams before the first stream asks for them: for servers, which have the time. */
  warm: boolean;
};

/** Opens the store and serves it on the port; the first call tells whether it could be opened. */
export const serveStore = (port: Port, { root, limits, warm }: StoreData): void => {
  const opening = Store.open(root, limits);
  opening.catch(() => undefined); // told by the first call
  // What streams and single flows need is a third of all modules here: a command that imports does without.
  const streams = () => import('./stream.ts');
  if (warm) void Promise.all([opening.then((store) => store.scanner()), streams()]).catch(() => undefined); // the first stream tells

  const withStore =
    <A, R>(work: (store: Store, args: A, context: CallContext) => Promise<R>) =>
    async (args: A, context: CallContext): Promise<R> =>
      work(await opening, args, context);

  serveCalls(port, {
    open: withStore(async (store) => ({ sources: await store.catalog.sources(), staging: store.paths.staging, spill: store.paths.spill })),
    close: withStore((store) => store.close()),
    takeSourceId: withStore(async (store) => store.ids.takeSource()),
    reserveIds: withStore(async (store, count: number) => store.ids.reserve(count)),
    commit: withStore((store, commit: Commit) => commitImport(store, commit)),
    openExports: withStore((store) => openExports(store)),
    commitExports: withStore((store, exports: { sourceId: number; files: RunFile[] }) => commitExports(store, exports)),
    endImport: withStore(async (store) => store.ids.endImport()),
    recordFailure: withStore((store, source: SourceEntry) => store.exclusively(() => store.catalog.putSource(source))),
    seal: withStore((store, minRows: number) => sealHot(store, minRows)),
    compact: withStore((store) => compact(store)),
    retain: withStore((store, { retention, now }: { retention: Retention; now: number }) => retain(store, retention, now)),
    check: withStore((store) => checkStore(store)),
    share: withStore((store, folder: string) => shareFiles(store, folder)),
    extent: withStore(async (store) => ({
      files: store.files.length,
      rows: store.files.reduce((sum, file) => sum + file.rows, 0),
      bytes: store.files.reduce((sum, file) => sum + file.bytes, 0),
      hotRows: store.hot?.rows ?? 0,
    })),
    stream: withStore(async (store, query: Parameters<typeof streamFlows>[1], context) =>
      (await streams()).streamFlows(store, query, context),
    ),
    flow: withStore(async (store, query: Parameters<typeof flowById>[1]) => (await streams()).flowById(store, query)),
    summary: withStore((store, query: Parameters<typeof summarise>[1], context) => summarise(store, query, context.signal)),
    top: withStore((store, query: Parameters<typeof rank>[1], context) => rank(store, query, context.signal)),
    series: withStore((store, query: Parameters<typeof series>[1], context) => series(store, query, context.signal)),
    pairs: withStore((store, query: Parameters<typeof pairs>[1], context) => pairs(store, query, context.signal)),
  });
};
