/** Comes by a session that is free: one that is there, or a new one. */
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../../core/problem.ts';
import type { LivyClient, LivySession } from '../remote.ts';

const over: ReadonlySet<string> = new Set(['error', 'dead', 'killed', 'success', 'shutting_down']);
const done: ReadonlySet<string> = new Set(['available', 'cancelled', 'error']);

/** How it is asked again whether a session is ready, in milliseconds: quickly at first. */
const firstWaitMs = 20;
const longestWaitMs = 1000;

/** A session to work with; `isOurs` when it was made for this. */
export type Acquired = { session: LivySession; isOurs: boolean };

export type Wish = { kind: string; conf: Record<string, string>; name?: string | undefined };

/** What a session really is: Livy's clients know six kinds only, so that a plain Python says elsewhere what it is. */
export const kindOf = ({ kind, appInfo }: LivySession): string => appInfo?.weirKind ?? kind;

/** The session of an id or a name, once it is ready. */
export async function useSession(sessions: LivyClient, word: string): Promise<Acquired> {
  return { session: await ready(sessions, await sessions.session(word)), isOurs: false };
}

/** An idle session of the kind where nothing runs, else a new one. */
export async function findOrMake(sessions: LivyClient, wish: Wish): Promise<Acquired> {
  if (wish.name === undefined && Object.keys(wish.conf).length === 0) {
    for (const session of await sessions.sessions()) {
      if (session.state !== 'idle' || kindOf(session) !== wish.kind) continue;
      const all = await sessions.statements(session.id).catch(() => undefined); // of somebody else
      if (all?.every(({ state }) => done.has(state))) return { session, isOurs: false };
    }
  }
  return await make(sessions, wish);
}

/** A new session, once it is ready. */
export async function make(sessions: LivyClient, { kind, conf, name }: Wish): Promise<Acquired> {
  const made = await sessions.create({ kind, conf, ...(name !== undefined && { name }), heartbeatTimeoutInSecond: heartbeatSeconds });
  return { session: await ready(sessions, made), isOurs: true };
}

/** A session whose client is gone ends by itself. */
const heartbeatSeconds = 120;

async function ready(sessions: LivyClient, session: LivySession): Promise<LivySession> {
  let now = session;
  for (let wait = firstWaitMs; now.state !== 'idle' && now.state !== 'busy'; wait = Math.min(longestWaitMs, wait * 1.5)) {
    if (over.has(now.state))
      throw new Problem('unavailable', `Session ${now.id} is ${now.state}.`, { detail: (now.log ?? []).slice(-3).join(' | ') });
    await pause(wait);
    now = await sessions.session(now.id);
  }
  return now;
}
