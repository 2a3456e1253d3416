import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { isConfigured } from '../../core/config-file.ts';
import { Problem } from '../../core/problem.ts';
import type { FlowsPort, ImportOptions, ImportSource } from '../access.ts';
import type { LocalOptions } from '../local.ts';
import { StorePaths } from '../store/paths.ts';

/**
 * `creates` makes a store where there is none: to look into a directory of another name shall not. `imports` is what will be imported first, and
 * how: its threads start before anything else is loaded.
 */
export type PortOptions = LocalOptions & {
  creates?: boolean;
  imports?: { source: ImportSource; options: ImportOptions } | undefined;
};

/** Runs `work` on the flows that `--server` or `--data` names, and closes them whatever happens. */
export async function withFlows<T>(command: Command, work: (flows: FlowsPort) => Promise<T>, options?: PortOptions): Promise<T> {
  const flows = await openFlows(command, options);
  try {
    return await work(flows);
  } finally {
    await flows.close();
  }
}

/** The flows that `--server` or `--data` names, to be closed by the caller. */
export async function openFlows(command: Command, options?: PortOptions): Promise<FlowsPort> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  return data === undefined ? await openServerFlows(server) : await openLocalFlows(data, options);
}

// Both are loaded on demand: HTTP costs help and completion some 20 ms.
async function openServerFlows(server: string): Promise<FlowsPort> {
  const { openRemoteFlows } = await import('../remote.ts');
  return openRemoteFlows(server);
}

// The store brings a database engine with it, which no remote command needs.
async function openLocalFlows(dataFolder: string, { creates = false, imports, ...options }: PortOptions = {}): Promise<FlowsPort> {
  if (!creates && !existsSync(new StorePaths(dataFolder).database))
    throw new Problem('not-found', `There are no flows in ${dataFolder}: it is no data directory of Weir.`, {
      hint: 'weir import FILE --data DIR makes one',
    });
  if (imports !== undefined) await prepareImport(imports);
  const [{ openLocalFlows: open }, config] = await Promise.all([import('../local.ts'), configInForce()]);
  return open(dataFolder, { storePlace: 'here', ...config, ...options });
}

/** Starts the threads of an import, and has them begin where nothing is configured that they would have to know. */
async function prepareImport({ source, options }: { source: ImportSource; options: ImportOptions }): Promise<void> {
  const [{ prepareImportThreads }, { readImportWords }, { flowsDefaults }] = await Promise.all([
    import('../import/threads.ts'),
    import('../import/words.ts'),
    import('../defaults.ts'),
  ]);
  const { path, bytes_total: octets } = source;
  if (path === undefined || octets === null || isConfigured('flows', process.env)) return prepareImportThreads(undefined);
  try {
    const settings = readImportWords({ ...options, name: options.name ?? source.name }, flowsDefaults.imports.maxFlows);
    prepareImportThreads({ path, octets, settings });
  } catch {
    // A wrong word: whoever asks for the import is told.
  }
}

/** The same settings as `weir serve` reads; nothing is loaded where there are none. */
async function configInForce(): Promise<Pick<LocalOptions, 'config'>> {
  if (!isConfigured('flows', process.env)) return {};
  const [{ loadRoomsConfig }, { flowsSettings }, { Type }] = await Promise.all([
    import('../../core/config.ts'),
    import('../config.ts'),
    import('typebox'),
  ]);
  return { config: loadRoomsConfig(Type.Object({ flows: flowsSettings })).flows };
}
