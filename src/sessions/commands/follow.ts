/** Follows a statement to its end: what it prints as it prints, how far it is, and its output. */
import { setTimeout as pause } from 'node:timers/promises';
import type { LivyClient, LivyStatement } from '../remote.ts';

/** Hears of a statement that runs. */
export type Follower = {
  printed(stream: 'stdout' | 'stderr', text: string): void;
  progress(share: number): void;
};

const firstWaitMs = 20;
const longestWaitMs = 1000;
const heartbeatMs = 20_000;
const done: ReadonlySet<string> = new Set(['available', 'cancelled', 'error']);

export async function follow(sessions: LivyClient, session: number, id: number, follower: Follower): Promise<LivyStatement> {
  if (sessions.isWeir) await listen(sessions, session, id, follower);
  // From here on each question says that somebody is there.
  for (let wait = firstWaitMs; ; wait = Math.min(longestWaitMs, wait * 1.3)) {
    const statement = await sessions.statement(session, id);
    if (done.has(statement.state)) return statement;
    follower.progress(statement.progress);
    await pause(wait);
  }
}

async function listen(sessions: LivyClient, session: number, id: number, follower: Follower): Promise<void> {
  // Who only listens would be taken for gone.
  const heartbeat = setInterval(() => void sessions.session(session).catch(() => {}), heartbeatMs);
  try {
    await hear(sessions, session, id, follower);
  } finally {
    clearInterval(heartbeat);
  }
}

async function hear(sessions: LivyClient, session: number, id: number, follower: Follower): Promise<void> {
  for await (const { event, data } of sessions.events(session, id)) {
    const facts = JSON.parse(data) as { stream: 'stdout' | 'stderr'; text: string; progress: number; state: string };
    if (event === 'printed') follower.printed(facts.stream, facts.text);
    else follower.progress(facts.progress);
    if (event === 'statement' && done.has(facts.state)) return;
  }
}
