import { Type } from 'typebox';
import { createFlows, flowsSettings } from '../flows/index.ts';
import { flowsRoutes, registerFlowsMetrics } from '../flows/routes.ts';
import { createKeys, keysSettings } from '../keys/index.ts';
import { keysRoutes } from '../keys/routes.ts';
import { logSettings, serverSettings } from './config.ts';
import type { MakeRoom } from './room.ts';

/**
 * The rooms of the house, in the order of their start. A room adds its settings to the schema and its maker to the list;
 * makers load their room when they are called, so that reading the configuration loads no engine.
 */
export const settings = Type.Object({
  server: serverSettings,
  log: logSettings,
  flows: flowsSettings,
  keys: keysSettings,
});

export type Config = Type.Static<typeof settings>;

/** The makers of all rooms for one configuration. */
export function roomsOf(config: Config): MakeRoom[] {
  return [flowsRoom(config), keysRoom(config)];
}

const flowsRoom =
  (config: Config): MakeRoom =>
  ({ dataFolder, log, clock, metrics }) => {
    const flows = createFlows(config.flows, { dataFolder, log, clock, isLongLived: true });
    registerFlowsMetrics(metrics, flows);
    return { name: 'flows', routes: flowsRoutes(flows), start: () => flows.start(), stop: () => flows.stop() };
  };

const keysRoom =
  (config: Config): MakeRoom =>
  ({ dataFolder, log, clock }) => {
    const keys = createKeys(config.keys, { dataFolder, log, clock });
    return { name: 'keys', routes: keysRoutes(keys), start: () => keys.start(), stop: () => keys.stop(), ready: () => keys.unready() };
  };
