/** What a ticket is: its words and the rules that hold whichever way it is written. */

/** Where the work on a ticket stands. */
export const states = ['open', 'in-progress', 'waiting', 'resolved', 'closed'] as const;
export type State = (typeof states)[number];

/** How bad it is, the mildest first. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What a ticket may be about: hosts (addresses or names), flow filters, ids of scans and of jobs. */
export const subjects = ['hosts', 'flows', 'scans', 'jobs'] as const;
export type About = Readonly<Record<(typeof subjects)[number], readonly string[]>>;

/** The references of all kinds, from a function that gives those of one. */
export const aboutOf = (give: (kind: (typeof subjects)[number]) => readonly string[]): About => ({
  hosts: give('hosts'),
  flows: give('flows'),
  scans: give('scans'),
  jobs: give('jobs'),
});

/** What people write. Everything else about a ticket follows from what is done to it. */
export type Content = {
  /** Any text; its first line is the subject. */
  readonly description: string;
  readonly state: State;
  readonly severity: Severity;
  readonly assignee: string | null;
  readonly labels: readonly string[];
  readonly about: About;
};

/** By which door a change came: the native API, the plain ticket API, or the key tree itself (an etcd v2 client). */
export type Via = 'api' | 'plain' | 'keys';

/** Who changes something. `by` is null when nobody said. */
export type Actor = { readonly by: string | null; readonly via: Via };

/** Who did it, and when (ISO 8601, UTC, milliseconds). */
export type Mark = Actor & { readonly at: string };

export type Ticket = Content & {
  /** Name of its key: twenty digits, unless an etcd v2 client chose another. */
  readonly id: string;
  /** Moves with every change, whoever makes it; never goes back. */
  readonly version: number;
  readonly created: Mark;
  readonly updated: Mark;
  readonly comments: number;
};

/** A ticket that nobody has said more about than its description. */
export const plainContent: Content = {
  description: '',
  state: 'open',
  severity: 'medium',
  assignee: null,
  labels: [],
  about: { hosts: [], flows: [], scans: [], jobs: [] },
};

const nextStates: Record<State, readonly State[]> = {
  open: ['in-progress', 'waiting', 'resolved', 'closed'],
  'in-progress': ['open', 'waiting', 'resolved', 'closed'],
  waiting: ['open', 'in-progress', 'resolved', 'closed'],
  resolved: ['open', 'closed'],
  closed: ['open'],
};

/** The states that a ticket may go to from this one. What is over goes on only by being opened again. */
export const statesAfter = (state: State): readonly State[] => nextStates[state];

/** Characters that a subject shows at most. */
const longestSubject = 200;

/** The first line of a description that says something. */
export function subjectOf(description: string): string {
  // No more than the beginning is looked at: an etcd v2 client may have stored megabytes.
  const line =
    description
      .slice(0, 10_000)
      .trimStart()
      .split(/\r\n|[\r\n\u2028\u2029]/, 1)[0] ?? '';
  const characters = [...line.trimEnd().slice(0, 2 * longestSubject + 2)];
  return characters.length > longestSubject ? `${characters.slice(0, longestSubject - 1).join('')}…` : characters.join('');
}
