/** A session as it is kept in the key tree: what somebody asked for, the process that came of it, and how it ended. */
import type { ProcessIdentity } from '../core/process-identity.ts';
import type { Kind } from './kind.ts';
import type { SessionRequest } from './request.ts';

/** Livy's words for how a session stands. */
export const states = [
  'not_started',
  'starting',
  'idle',
  'busy',
  'recovering',
  'shutting_down',
  'error',
  'dead',
  'killed',
  'success',
] as const;
export type State = (typeof states)[number];

const final: ReadonlySet<State> = new Set(['error', 'dead', 'killed', 'success']);

/** True when there is no way back to life. */
export const isOver = (state: State): boolean => final.has(state);

/** True when it takes statements. */
export const takesStatements = (state: State): boolean => state === 'idle' || state === 'busy';

/** What a client is told of the application behind a session: Livy's three members, and what Weir adds, all texts. */
export type AppInfo = Record<string, string | null>;

/** The entry of a session. Times are milliseconds since 1970. */
export type Session = {
  id: number;
  kind: Kind;
  request: SessionRequest;
  /** The user who made it; nobody in particular where nobody has to log in. */
  owner: string;
  created: number;
  /** The server whose process it is. */
  server: string;
  process?: ProcessIdentity;
  /** When its interpreter was ready. */
  ready?: number;
  appId?: string;
  appInfo?: AppInfo;
  /** Set once it is over. */
  end?: { at: number; state: State; reason: string };
};
