/** One sync of tickets with the issues of a repository: what is new, what changed, what was said. Run again, it finds nothing to do. */
import { randomBytes } from 'node:crypto';
import { Problem } from '../../../core/problem.ts';
import { syncComments } from './comments.ts';
import {
  type Custom,
  faceOfIssue,
  faceOfTicket,
  type Issue,
  isOver,
  joinDescription,
  markOf,
  splitDescription,
  splitMark,
  type Ticket,
  ticketLabels,
} from './face.ts';
import type { House, Memory, Pair } from './house.ts';
import { isSame, type Loss, merge, type Side } from './merge.ts';
import { longestBody, type Repository } from './repository.ts';

export type SyncOptions = {
  /** `OWNER/NAME`. */
  name: string;
  /** Who wins where both sides changed the same. */
  preferred: Side;
  isDry: boolean;
  /** Also issues that are closed already and have no ticket. */
  withClosed: boolean;
  /** Go on although another sync seems to be at work. */
  isForced: boolean;
  /** Milliseconds since 1970. */
  now: () => number;
  custom: Custom;
};

/** One thing that was done, or in a dry run would be. */
export type Act = {
  what: 'ticket created' | 'issue created' | 'ticket changed' | 'issue changed' | 'conflict' | 'comments' | 'released' | 'failed';
  ticket: string | null;
  issue: number | null;
  detail: string;
};

/** A sync that began longer ago than this (ms) has died. */
const longestSync = 15 * 60_000;
/** Octets of a description that the tickets take at most, with room for the last line. */
const largestDescription = 60_000;

type Sync = SyncOptions & { house: House; repository: Repository; memory: Memory; tell: (act: Act) => void };

/** Brings both sides in step and tells each act. Throws Problem when it cannot go on; what fails for one pair alone is an act. */
export async function runSync(house: House, repository: Repository, options: SyncOptions, tell: (act: Act) => void): Promise<void> {
  const memory = await begin(house, options);
  const began = new Date(options.now()).toISOString();
  const sync: Sync = { ...options, house, repository, memory, tell };
  let failures = 0;
  const counted: Sync = {
    ...sync,
    tell: (act) => {
      if (act.what === 'failed') failures++;
      tell(act);
    },
  };
  try {
    await step(counted);
    // Whatever failed is looked at again next time.
    if (failures === 0) memory.since = overlap(began);
  } finally {
    if (!options.isDry) await house.keep({ ...memory, busy: null });
  }
}

// The clocks of both machines differ, and an issue may change while it is being read.
const overlap = (began: string): string => new Date(Date.parse(began) - 10 * 60_000).toISOString();

async function begin(house: House, { name, isDry, isForced, now }: SyncOptions): Promise<Memory> {
  const known = await house.memory(name);
  const memory: Memory = known ?? { kind: 'repository', repository: name, secret: randomBytes(32).toString('hex'), busy: null };
  if (memory.busy !== null && now() - Date.parse(memory.busy) < longestSync && !isForced) {
    throw new Problem('conflict', `another sync with ${name} has been at work since ${memory.busy}`, {
      hint: 'wait for it; --force if it is gone',
    });
  }
  return isDry ? memory : house.keep({ ...memory, busy: new Date(now()).toISOString() });
}

async function step(sync: Sync): Promise<void> {
  const { house, repository, memory } = sync;
  const [issues, tickets, pairs] = [await repository.list(memory.since), await house.tickets(), await house.pairs(sync.name)];
  const issueAt = new Map(issues.map((issue) => [issue.number, issue]));
  const ticketAt = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  const paired = { issues: new Set(pairs.map((pair) => pair.issue)), tickets: new Set(pairs.map((pair) => pair.ticket)) };
  for (const pair of pairs.filter((one) => !one.isReleased)) {
    await attempt(sync, pair.ticket, pair.issue, () => syncPair(sync, pair, ticketAt.get(pair.ticket), issueAt.get(pair.issue)));
  }
  for (const issue of issues.filter(({ number }) => !paired.issues.has(number))) {
    const twin = twinOf(
      sync,
      issue,
      tickets.filter(({ id }) => !paired.tickets.has(id)),
    );
    if (twin === undefined && issue.state === 'closed' && !sync.withClosed) continue;
    if (twin) paired.tickets.add(twin.id);
    await attempt(sync, twin?.id ?? null, issue.number, () => (twin ? join(sync, twin, issue) : createTicket(sync, issue)));
  }
  const waiting = tickets.filter(
    (ticket) => !paired.tickets.has(ticket.id) && !isOver(ticket.state) && ticket.labels.includes(sync.custom.pushLabel),
  );
  for (const ticket of waiting) await attempt(sync, ticket.id, null, () => createIssue(sync, ticket));
}

/** The ticket whose issue this is although nothing remembers it: a sync was cut off between the two. */
function twinOf({ memory: { secret } }: Sync, issue: Issue, free: readonly Ticket[]): Ticket | undefined {
  const { mark } = splitMark(issue.body ?? '');
  return free.find(
    ({ id, description }) => mark === markOf(secret, 'ticket', id) || splitDescription(description).issue === issue.html_url,
  );
}

// What concerns the whole way and not this pair: there is no use in trying the next.
const fatal = new Set(['exhausted', 'unavailable', 'unauthenticated', 'timeout']);

async function attempt(sync: Sync, ticket: string | null, issue: number | null, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem) || fatal.has(error.code)) throw error;
    sync.tell({ what: 'failed', ticket, issue, detail: [error.title, error.detail].filter(Boolean).join(': ') });
  }
}

async function createTicket(sync: Sync, issue: Issue): Promise<void> {
  const { house, custom, tell, isDry } = sync;
  const face = faceOfIssue(issue, custom);
  const description = joinDescription(face.title, face.body, `\n\nGitHub: ${issue.html_url}`);
  checkSize(description);
  if (isDry) return tell({ what: 'ticket created', ticket: null, issue: issue.number, detail: face.title });
  const { assignee, severity, labels } = face;
  const state = face.isOver ? overState(issue) : 'open';
  const name = assignee === null ? null : custom.people.nameOf(assignee);
  const ticket = await house.createTicket({ description, state, severity, labels, assignee: name });
  tell({ what: 'ticket created', ticket: ticket.id, issue: issue.number, detail: face.title });
  await join(sync, ticket, issue);
}

async function createIssue(sync: Sync, ticket: Ticket): Promise<void> {
  const { repository, custom, tell, isDry, memory } = sync;
  const face = faceOfTicket(ticket, custom);
  if (face.body.length > longestBody - 100) throw new Problem('too-large', 'the description is longer than an issue may be');
  if (isDry) return tell({ what: 'issue created', ticket: ticket.id, issue: null, detail: face.title });
  const issue = await repository.create(face, markOf(memory.secret, 'ticket', ticket.id));
  tell({ what: 'issue created', ticket: ticket.id, issue: issue.number, detail: face.title });
  await join(sync, ticket, issue);
}

/** Remembers that a ticket and an issue belong together, and carries what was said. */
async function join(sync: Sync, ticket: Ticket, issue: Issue): Promise<void> {
  const { house, custom, name } = sync;
  const base = { ticket: faceOfTicket(ticket, custom), issue: faceOfIssue(issue, custom) };
  const pair: Pair = { kind: 'pair', repository: name, issue: issue.number, ticket: ticket.id, base, seen: '', comments: [] };
  const kept = sync.isDry ? pair : await house.keep(pair);
  await carryComments(sync, kept, issue);
}

async function syncPair(sync: Sync, pair: Pair, listed: Ticket | undefined, changed: Issue | undefined): Promise<void> {
  const { custom } = sync;
  const isSilent =
    listed !== undefined && isSame(faceOfTicket(listed, custom), pair.base.ticket) && listed.comment_count <= pair.comments.length;
  if (isSilent && (changed === undefined || changed.updated_at === pair.seen)) return;
  const issue = await sync.repository.get(pair.issue);
  let found = await sync.house.ticket(pair.ticket);
  if (issue === undefined || found === undefined) return release(sync, pair, issue === undefined ? 'the issue' : 'the ticket');
  const faces = { ticket: faceOfTicket(found.ticket, custom), issue: faceOfIssue(issue, custom) };
  const merged = merge(pair.base, faces.ticket, faces.issue, sync.preferred);
  if (merged.losses.length > 0) {
    // What would be overwritten is said first: cut off in between, nothing is lost.
    await tellLosses(sync, pair, merged.losses);
    found = await again(sync, pair, faces.ticket);
  }
  let { ticket } = found;
  let latest = issue;
  if (!isSame(merged.ticket, faces.ticket)) {
    sync.tell({ what: 'ticket changed', ticket: pair.ticket, issue: pair.issue, detail: changesOf(faces.ticket, merged.ticket) });
    if (!sync.isDry) ticket = await sync.house.changeTicket(pair.ticket, ticketPatch(sync, found.ticket, merged.ticket, issue), found.tag);
  }
  if (!isSame(merged.issue, faces.issue)) {
    sync.tell({ what: 'issue changed', ticket: pair.ticket, issue: pair.issue, detail: changesOf(faces.issue, merged.issue) });
    if (!sync.isDry) latest = await sync.repository.change(issue, faces.issue, merged.issue);
  }
  pair.base = { ticket: faceOfTicket(ticket, custom), issue: faceOfIssue(latest, custom) };
  await carryComments(sync, pair, latest);
}

/** The ticket in its version of now, which still has to show the same. */
async function again({ house, custom }: Sync, pair: Pair, face: ReturnType<typeof faceOfTicket>) {
  const found = await house.ticket(pair.ticket);
  if (found !== undefined && isSame(faceOfTicket(found.ticket, custom), face)) return found;
  throw new Problem('conflict', 'the ticket was changed meanwhile');
}

function ticketPatch({ custom }: Sync, ticket: Ticket, face: ReturnType<typeof faceOfTicket>, issue: Issue): object {
  const before = faceOfTicket(ticket, custom);
  const description = joinDescription(face.title, face.body, splitDescription(ticket.description).trailer);
  if (face.title !== before.title || face.body !== before.body) checkSize(description);
  return {
    ...((face.title !== before.title || face.body !== before.body) && { description }),
    // Work in progress and waiting are Weir's own: only the end of the work, and its going on, come from GitHub.
    ...(face.isOver !== before.isOver && { state: face.isOver ? overState(issue) : 'open' }),
    ...(face.severity !== before.severity && { severity: face.severity }),
    ...(face.assignee !== before.assignee && { assignee: face.assignee === null ? null : custom.people.nameOf(face.assignee) }),
    ...(face.labels.join() !== before.labels.join() && { labels: ticketLabels(ticket, face.labels, custom) }),
  };
}

const overState = ({ state_reason }: Issue): string =>
  state_reason === 'not_planned' || state_reason === 'duplicate' ? 'closed' : 'resolved';

function checkSize(description: string): void {
  if (Buffer.byteLength(description) > largestDescription) throw new Problem('too-large', 'the issue is longer than a ticket may be');
}

const changesOf = (before: object, after: object): string =>
  Object.entries(after)
    .filter(([member, value]) => String(value) !== String((before as Record<string, unknown>)[member]))
    .map(([member]) => (member === 'isOver' ? 'state' : member))
    .join(', ');

/** What was overruled is said as a comment on the ticket, which goes to the issue like any other. */
async function tellLosses({ house, tell, isDry }: Sync, pair: Pair, losses: readonly Loss[]): Promise<void> {
  for (const { side, member, said } of losses) {
    const word = member === 'isOver' ? 'state' : member;
    const where = side === 'weir' ? 'Weir' : 'GitHub';
    tell({ what: 'conflict', ticket: pair.ticket, issue: pair.issue, detail: `${word}: ${where} gave way` });
    if (isDry) continue;
    const text = `Both sides changed the ${word}. ${where} had:\n\n${said.slice(0, 14_000)}`;
    const comments = await house.comments(pair.ticket);
    // A sync that was cut off has said it already.
    if (!comments.some((comment) => comment.text === text)) await house.comment(pair.ticket, text);
  }
}

async function carryComments(sync: Sync, pair: Pair, issue: Issue): Promise<void> {
  const { house, repository, memory, isDry, tell } = sync;
  const { pairs, toTicket, toIssue } = await syncComments(
    { house, repository, secret: memory.secret, isDry },
    pair.ticket,
    issue,
    pair.comments,
  );
  if (toTicket + toIssue > 0) {
    const detail = `${toTicket} to the ticket, ${toIssue} to the issue`;
    tell({ what: 'comments', ticket: pair.ticket, issue: pair.issue, detail });
  }
  if (!isDry) await house.keep({ ...pair, comments: pairs, seen: toIssue > 0 ? '' : issue.updated_at });
}

async function release({ house, tell, isDry }: Sync, pair: Pair, gone: string): Promise<void> {
  tell({ what: 'released', ticket: pair.ticket, issue: pair.issue, detail: `${gone} is gone; the other stays as it is` });
  if (!isDry) await house.keep({ ...pair, isReleased: true });
}
