/** What can be asked of a store from behind a port: in a thread of its own (`thread.ts`), or in the thread of a command. */
import { type CallContext, type Port, serveCalls } from '../../core/thread.ts';
import type { RunFile } from '../import/run-writer.ts';
import type { SourceEntry } from './catalog.ts';
import { type Commit, commitImport } from './commit.ts';
import type { rank } from './ranking.ts';
import type { Retention } from './retention.ts';
import type { pairs, series, summarise } from './statistics.ts';
import { Store, type StoreLimits } from './store.ts';
import type { flowById, streamFlows } from './stream.ts';

/** What a store is opened with. */
export type StoreData = {
  root: string;
  limits: StoreLimits;
  /** Open the engine of streams before the first stream asks for them: for servers, which have the time. */
  warm: boolean;
};

/** What is loaded when it is asked for: a command that imports does without, and begins sooner. */
const parts = {
  check: () => import('./check.ts'),
  exports: () => import('./exports.ts'),
  ranking: () => import('./ranking.ts'),
  retention: () => import('./retention.ts'),
  seal: () => import('./seal.ts'),
  share: () => import('./share.ts'),
  statistics: () => import('./statistics.ts'),
  stream: () => import('./stream.ts'),
};

/** Opens the store and serves it on the port; the first call tells whether it could be opened. */
export const serveStore = (port: Port, { root, limits, warm }: StoreData): void => {
  const opening = Store.open(root, limits);
  opening.catch(() => undefined); // told by the first call
  if (warm)
    void Promise.all([opening.then((store) => store.scanner()), ...Object.values(parts).map((load) => load())]).catch(() => undefined); // the first call tells

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
    openExports: withStore(async (store) => (await parts.exports()).openExports(store)),
    commitExports: withStore(async (store, exports: { sourceId: number; files: RunFile[] }) =>
      (await parts.exports()).commitExports(store, exports),
    ),
    endImport: withStore(async (store) => store.ids.endImport()),
    recordFailure: withStore((store, source: SourceEntry) => store.exclusively(() => store.catalog.putSource(source))),
    seal: withStore(async (store, minRows: number) => (await parts.seal()).sealHot(store, minRows)),
    compact: withStore(async (store) => (await parts.seal()).compact(store)),
    retain: withStore(async (store, { retention, now }: { retention: Retention; now: number }) =>
      (await parts.retention()).retain(store, retention, now),
    ),
    check: withStore(async (store) => (await parts.check()).checkStore(store)),
    share: withStore(async (store, folder: string) => (await parts.share()).shareFiles(store, folder)),
    extent: withStore(async (store) => ({
      files: store.files.length,
      rows: store.files.reduce((sum, file) => sum + file.rows, 0),
      bytes: store.files.reduce((sum, file) => sum + file.bytes, 0),
      hotRows: store.hot?.rows ?? 0,
    })),
    stream: withStore(async (store, query: Parameters<typeof streamFlows>[1], context) =>
      (await parts.stream()).streamFlows(store, query, context),
    ),
    flow: withStore(async (store, query: Parameters<typeof flowById>[1]) => (await parts.stream()).flowById(store, query)),
    summary: withStore(async (store, query: Parameters<typeof summarise>[1], context) =>
      (await parts.statistics()).summarise(store, query, context.signal),
    ),
    top: withStore(async (store, query: Parameters<typeof rank>[1], context) => (await parts.ranking()).rank(store, query, context.signal)),
    series: withStore(async (store, query: Parameters<typeof series>[1], context) =>
      (await parts.statistics()).series(store, query, context.signal),
    ),
    pairs: withStore(async (store, query: Parameters<typeof pairs>[1], context) =>
      (await parts.statistics()).pairs(store, query, context.signal),
    ),
  });
};
