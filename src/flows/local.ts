/** The flows of a data directory that no server holds: the same port as over HTTP, answered by a store of this process. */

import { blockStream } from '../core/block-stream.ts';
import { systemClock } from '../core/clock.ts';
import { type DataFolder, openDataFolder } from '../core/data-folder.ts';
import type { ExportQuery, FlowRow, FlowsPort, Import, ImportOptions, ImportSource, PairsQuery, SeriesQuery, TopQuery } from './access.ts';
import { type FlowsConfig, flowsDefaults } from './defaults.ts';
import { createFlows, type Flows } from './flows.ts';
import { readImportWords } from './import/words.ts';
import type { FlowsLog } from './log.ts';
import type { StorePlace } from './store/client.ts';

/** `expectsImport` starts what an import needs while the store opens. */
export type LocalOptions = { expectsImport?: boolean; storePlace?: StorePlace; config?: FlowsConfig };

/** Opens the directory, creating it where it is missing; who holds it already is told by a `conflict`. */
export const openLocalFlows = async (
  dataFolder: string,
  { expectsImport = false, storePlace = 'thread', config = flowsDefaults }: LocalOptions = {},
): Promise<FlowsPort> => {
  const folder = await openDataFolder(dataFolder, 'a command');
  try {
    const flows = createFlows(config, { dataFolder: folder.path, log: plainLog, clock: systemClock, expectsImport, storePlace });
    await flows.start();
    return new LocalFlows(flows, folder);
  } catch (error) {
    await folder.release();
    throw error;
  }
};

/** Loaded with the first question: it brings the schemas of all pages with it, 350 modules that an import does without. */
const answers = () => import('./answers.ts');

/** A command has no log: what the room would write there goes to stderr as a line. */
const plainLog: FlowsLog = {
  error: (facts, message) => process.stderr.write(`weir: ${message}${facts.err === undefined ? '' : `: ${facts.err}`}\n`),
  info: () => {},
};

class LocalFlows implements FlowsPort {
  readonly #flows: Flows;
  readonly #folder: DataFolder;

  constructor(flows: Flows, folder: DataFolder) {
    this.#flows = flows;
    this.#folder = folder;
  }

  async import(source: ImportSource, options: ImportOptions, onProgress: (state: Import) => void, signal?: AbortSignal): Promise<Import> {
    const settings = readImportWords({ ...options, name: options.name ?? source.name }, this.#flows.config.imports.maxFlows);
    const origin = source.path === undefined ? { stream: source.open() } : { path: source.path };
    const run = await this.#flows.imports.start(settings, origin, source.bytes_total);
    const unfollow = this.#flows.imports.follow(run.record.id, (record) => onProgress(record));
    const abort = (): void => run.abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await run.done;
    } finally {
      unfollow();
      signal?.removeEventListener('abort', abort);
    }
  }

  imports = async (): Promise<Import[]> => this.#flows.imports.list();
  list = async (query: Parameters<FlowsPort['list']>[0]): Promise<FlowRow[]> =>
    JSON.parse((await (await answers()).listFlows(this.#flows, query)).items) as FlowRow[];
  summary = async (selection: Parameters<FlowsPort['summary']>[0]) => (await answers()).summariseFlows(this.#flows, selection);
  top = async (query: TopQuery) => (await answers()).rankFlows(this.#flows, query);
  series = async (query: SeriesQuery) => (await answers()).seriesOfFlows(this.#flows, query);
  pairs = async (query: PairsQuery) => (await (await answers()).pairFlows(this.#flows, query)).items;
  seal = () => this.#flows.seal();
  check = () => this.#flows.store.check();

  async close(): Promise<void> {
    // One command after the other would each leave a tiny file: what is hot stays so until there is enough of it.
    await this.#flows.stop({ seal: false });
    await this.#folder.release();
  }

  async *export(query: ExportQuery): AsyncGenerator<Uint8Array> {
    const { readFormat, readStream } = await import('./query.ts'); // and the filter language with it, which an import does without
    const stream = readStream(query, readFormat(query.format));
    yield* blockStream((onBlock, signal) => this.#flows.store.stream(stream, { onBlock, signal }));
  }
}
