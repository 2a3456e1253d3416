import { Type } from 'typebox';
import { Access, accessSettings } from '../access/index.ts';
import { accessRoutes } from '../access/routes.ts';
import { Captures, capturesSettings } from '../captures/index.ts';
import { capturesRoutes, registerCapturesMetrics } from '../captures/routes.ts';
import { isLoopback, parseListen } from '../core/listen-address.ts';
import { createFlows, type Flows, flowsSettings } from '../flows/index.ts';
import { flowsRoutes, registerFlowsMetrics } from '../flows/routes.ts';
import { Jobs, jobsSettings } from '../jobs/index.ts';
import { jobsRoutes, registerJobsMetrics } from '../jobs/routes.ts';
import { createKeys, type Keys, keysSettings } from '../keys/index.ts';
import { keysRoutes, registerKeysMetrics } from '../keys/routes.ts';
import { Records, recordsSettings } from '../records/index.ts';
import { recordsRoutes } from '../records/routes.ts';
import { Scans, scansSettings } from '../scans/index.ts';
import { scansRoutes } from '../scans/routes.ts';
import { flowsShelf, livyPathOf, Sessions, sessionsSettings } from '../sessions/index.ts';
import { sessionsRoutes } from '../sessions/routes.ts';
import { Sockets, socketsSettings } from '../sockets/index.ts';
import { registerSocketsMetrics, socketsRoutes } from '../sockets/routes.ts';
import { Tickets, ticketsSettings } from '../tickets/index.ts';
import { ticketsRoutes } from '../tickets/routes.ts';
import { logSettings, serverSettings } from './config.ts';
import type { MakeRoom } from './room.ts';
import { ticketOf } from './scan-tickets.ts';
import { socketHouse } from './socket-house.ts';

/**
 * The rooms of the house, in the order of their start. A room adds its settings to the schema and its maker to the list;
 * makers load their room when they are called, so that reading the configuration loads no engine.
 */
export const settings = Type.Object({
  server: serverSettings,
  log: logSettings,
  flows: flowsSettings,
  keys: keysSettings,
  access: accessSettings,
  tickets: ticketsSettings,
  records: recordsSettings,
  jobs: jobsSettings,
  sessions: sessionsSettings,
  captures: capturesSettings,
  scans: scansSettings,
  sockets: socketsSettings,
});

export type Config = Type.Static<typeof settings>;

/** The makers of all rooms for one configuration. */
export function roomsOf(config: Config): MakeRoom[] {
  const made: Made = {};
  return [
    flowsRoom(config, made),
    keysRoom(config, made),
    accessRoom(config, made),
    ticketsRoom(config, made),
    recordsRoom(config, made),
    jobsRoom(config, made),
    sessionsRoom(config, made),
    capturesRoom(config, made),
    scansRoom(config, made),
    socketsRoom(config, made),
    keysListenersRoom(made),
  ];
}

/** Rooms that later ones of the list stand on, there once they are made. */
type Made = { flows?: Flows; keys?: Keys; access?: Access; tickets?: Tickets; records?: Records };

/** The keys, for a room that comes behind theirs. */
function keysOf({ keys }: Made): Keys {
  if (keys === undefined) throw new Error('a room that stands on keys is made before them');
  return keys;
}

const flowsRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ dataFolder, log, clock, metrics }) => {
    const flows = createFlows(config.flows, { dataFolder, log, clock, isLongLived: true });
    made.flows = flows;
    registerFlowsMetrics(metrics, flows);
    return {
      name: 'flows',
      routes: flowsRoutes(flows),
      start: () => flows.start(),
      stop: () => flows.stop(),
      ready: () => flows.unready(),
    };
  };

const keysRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ dataFolder, log, clock, metrics, tls }) => {
    const keys = createKeys(config.keys, {
      dataFolder,
      log,
      clock,
      door: { ...config.server, certificate: tls, admission: () => made.access },
    });
    made.keys = keys;
    registerKeysMetrics(metrics, keys);
    const { system: tree } = keys;
    return {
      name: 'keys',
      tree,
      routes: keysRoutes(keys),
      start: () => keys.start(),
      stop: () => keys.stop(),
      ready: () => keys.unready(),
    };
  };

const accessRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ dataFolder, log, clock }) => {
    const access = new Access(config.access, { tree: keysOf(made).system, dataFolder, log, clock });
    made.access = access;
    return { name: 'access', routes: accessRoutes(access), start: () => access.start(), stop: () => access.stop(), door: access };
  };

const ticketsRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ log, clock }) => {
    const tickets = new Tickets(config.tickets, { engine: keysOf(made).engine, log, clock });
    made.tickets = tickets;
    return { name: 'tickets', routes: ticketsRoutes(tickets), start: () => tickets.start(), stop: () => tickets.stop() };
  };

const recordsRoom =
  (config: Config, made: Made): MakeRoom =>
  () => {
    const records = new Records(config.records, { tree: keysOf(made).system });
    made.records = records;
    return { name: 'records', routes: recordsRoutes(records), start: () => records.start(), stop: () => records.stop() };
  };

const jobsRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ dataFolder, log, clock, metrics }) => {
    const address = parseListen(config.server.listen);
    const jobs = new Jobs(config.jobs, {
      tree: keysOf(made).system,
      dataFolder,
      log: log.child({ room: 'jobs' }),
      clock,
      isLoopback: address.kind === 'unix' || isLoopback(address),
      note: async (entry) => made.access?.note(entry),
    });
    registerJobsMetrics(metrics, jobs);
    return { name: 'jobs', routes: jobsRoutes(jobs), start: () => jobs.start(), stop: () => jobs.stop() };
  };

const sessionsRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ dataFolder, log, clock }) => {
    const address = parseListen(config.server.listen);
    const sessions = new Sessions(config.sessions, {
      tree: keysOf(made).system,
      dataFolder,
      log: log.child({ room: 'sessions' }),
      clock,
      isLoopback: address.kind === 'unix' || isLoopback(address),
      ...(made.flows !== undefined && { flows: flowsShelf(made.flows) }),
      note: async (entry) => made.access?.note(entry),
    });
    return {
      name: 'sessions',
      routes: sessionsRoutes(sessions),
      start: () => sessions.start(),
      stop: () => sessions.stop(),
      moreAddresses: { setting: 'sessions.listen', name: 'Livy', listen: config.sessions.listen, rewrite: livyPathOf },
    };
  };

const scansRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ dataFolder, log, clock }) => {
    const address = parseListen(config.server.listen);
    const scans = new Scans(config.scans, {
      tree: keysOf(made).system,
      dataFolder,
      log: log.child({ room: 'scans' }),
      clock,
      isLoopback: address.kind === 'unix' || isLoopback(address),
      note: async (entry) => made.access?.note(entry),
      onNewlyOpen: async (news) => made.tickets && void (await ticketOf(made.tickets, news)),
    });
    return { name: 'scans', routes: scansRoutes(scans), start: () => scans.start(), stop: () => scans.stop() };
  };

const capturesRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ dataFolder, log, clock, metrics }) => {
    const address = parseListen(config.server.listen);
    const { flows } = made;
    const captures = new Captures(config.captures, {
      dataFolder,
      clock,
      log: log.child({ room: 'captures' }),
      isLoopback: address.kind === 'unix' || isLoopback(address),
      note: async (entry) => made.access?.note(entry),
      ...(flows !== undefined && { deliver: (source) => flows.importMetered(source) }),
    });
    registerCapturesMetrics(metrics, captures);
    return { name: 'captures', routes: capturesRoutes(captures), start: () => captures.start(), stop: () => captures.stop() };
  };

const socketsRoom =
  (config: Config, made: Made): MakeRoom =>
  ({ log, clock, metrics }) => {
    const sockets = new Sockets(config.sockets, {
      log: log.child({ room: 'sockets' }),
      clock,
      house: socketHouse(() => made),
      note: async (entry) => made.access?.note(entry),
    });
    registerSocketsMetrics(metrics, sockets);
    return { name: 'sockets', routes: socketsRoutes(sockets), start: () => sockets.start(), stop: () => sockets.stop() };
  };

/** The keys' own listeners: they open when it is known whether there are users, and close first. */
const keysListenersRoom =
  (made: Made): MakeRoom =>
  () => {
    const keys = keysOf(made);
    return { name: 'keys-listeners', routes: async () => {}, start: () => keys.listen(), stop: () => keys.hush() };
  };
