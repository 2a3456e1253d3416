import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { isConfigured } from '../../core/config-file.ts';
import type { FlowsPort, ImportSource } from '../access.ts';
import type { LocalOptions } from '../local.ts';

/** `imports` is what will be imported first: its threads start before anything else is loaded. */
export type PortOptions = LocalOptions & { imports?: ImportSource | undefined };

/** Runs `work` on the flows that `--server` or `--data` names, and closes them whatever happens. */
export async function withFlows<T>(command: Command, work: (flows: FlowsPort) => Promise<T>, options?: PortOptions): Promise<T> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  const flows = data === undefined ? await openServerFlows(server) : await openLocalFlows(data, options);
  try {
    return await work(flows);
  } finally {
    await flows.close();
  }
}

// Both are loaded on demand: HTTP costs help and completion some 20 ms.
async function openServerFlows(server: string): Promise<FlowsPort> {
  const { openRemoteFlows } = await import('../remote.ts');
  return openRemoteFlows(server);
}

// The store brings a database engine with it, which no remote command needs.
async function openLocalFlows(dataFolder: string, { imports, ...options }: PortOptions = {}): Promise<FlowsPort> {
  if (imports !== undefined) (await import('../import/threads.ts')).prepareImportThreads(imports.path, imports.bytes_total);
  const [{ openLocalFlows: open }, config] = await Promise.all([import('../local.ts'), configInForce()]);
  return open(dataFolder, { storePlace: 'here', ...config, ...options });
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
