import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { RoomRoutes } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import type { Component } from '../core/shutdown.ts';
import type { TlsSource } from '../core/tls-source.ts';
import type { Tree } from '../keys/index.ts';
import type { Door } from './door.ts';

/** What the server hands to every room. */
export type RoomDependencies = {
  /** The data directory, held by this process; absolute. */
  dataFolder: string;
  /** Writes `room: NAME` into every line. */
  log: Log;
  clock: Clock;
  /** Where the room registers its metrics, named `weir_ROOM_…`. */
  metrics: Registry;
  /** The certificate of the house, when it speaks HTTPS. */
  tls?: TlsSource;
};

/** Where a room wants the server to listen as well, for clients that look for it there. */
export type MoreAddresses = {
  /** The setting that names them, and what is told to be there. */
  setting: string;
  name: string;
  listen: readonly string[];
  /** The path of the server that a client's path means. */
  rewrite(url: string): string;
};

/** A room as the server runs it: inert when made, then started, asked whether it is ready, and stopped. */
export type Room = Component & {
  routes: RoomRoutes;
  /** Undefined when it can work, otherwise the reason in a few words. */
  ready?(): Promise<string | undefined>;
  /** Of the one room that decides who comes in. */
  door?: Door;
  /** Of the one room that keeps what the server itself has to remember. */
  tree?: Tree;
  moreAddresses?: MoreAddresses;
};

/** Makes a room; the server calls it once it holds the data directory. */
export type MakeRoom = (deps: RoomDependencies) => Room | Promise<Room>;
