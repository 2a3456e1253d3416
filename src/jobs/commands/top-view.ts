/** What `weir jobs top` shows: pure, from what is known to lines. */
import { highlighted } from '../../cli/screen.ts';
import { formatTable, makeVisible, type TableColumn } from '../../cli/table.ts';
import { prettyDuration } from '../duration.ts';
import type { QueueFacts, ShownJob } from '../remote.ts';

/** The orders that jobs can be shown in, as the key `s` goes through them. */
export const orders = ['state', 'id', 'time', 'user', 'priority'] as const;
export type Order = (typeof orders)[number];

export type TopState = {
  server: string;
  facts: QueueFacts | undefined;
  jobs: readonly ShownJob[];
  order: Order;
  isReversed: boolean;
  isMine: boolean;
  /** The chosen job, by its id. */
  chosen: string | undefined;
  /** A question, an answer of the server, or what is wrong. */
  message: string;
  now: number;
};

const ranks: Record<string, number> = { Running: 0, Suspended: 1, Transfer: 2, Queued: 3, Idle: 4, Failed: 5, Done: 6 };
const rankOf = ({ state }: ShownJob): number => ranks[state] ?? 7;
const byId = (a: ShownJob, b: ShownJob): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Seconds that a job has run by now; the server's count is as old as the last change. */
const runFor = ({ state, started, duration }: ShownJob, now: number): number =>
  (state === 'Running' || state === 'Suspended') && started !== undefined ? Math.max(0, (now - Date.parse(started)) / 1000) : duration;

/** Jobs in their order; what runs first, unless something else is asked for. */
export function sorted(jobs: readonly ShownJob[], { order, isReversed, now }: Pick<TopState, 'order' | 'isReversed' | 'now'>): ShownJob[] {
  const compare: Record<Order, (a: ShownJob, b: ShownJob) => number> = {
    state: (a, b) => rankOf(a) - rankOf(b) || b.priority - a.priority,
    id: () => 0,
    time: (a, b) => runFor(b, now) - runFor(a, now),
    user: (a, b) => (a.user < b.user ? -1 : a.user > b.user ? 1 : 0),
    priority: (a, b) => b.priority - a.priority,
  };
  const all = [...jobs].sort((a, b) => compare[order](a, b) || byId(a, b));
  return isReversed ? all.reverse() : all;
}

const columnsAt = (now: number): TableColumn<ShownJob>[] => [
  { title: 'id', align: 'right', show: ({ id }) => id },
  { title: 'status', show: ({ state }) => state },
  { title: 'pri', align: 'right', show: ({ priority }) => String(priority) },
  { title: 'user', show: ({ user }) => user },
  { title: 'host', show: ({ host = '' }) => host },
  { title: 'time', align: 'right', show: (job) => prettyDuration(runFor(job, now)) },
  { title: 'command', show: ({ command_line, reason }) => (reason === '' ? command_line : `${command_line}  (${reason})`) },
];

/** The table alone, for what is no terminal. */
export const tableOf = (state: TopState, width: number | undefined): string[] =>
  formatTable(sorted(state.jobs, state), columnsAt(state.now), { width });

/** The two lines above the table: how many jobs are in which state, and what of each host is taken. What keys change comes first: the rest may be cut. */
export function headOf({ server, facts, now, order, isReversed, isMine }: TopState): string[] {
  const time = new Date(now).toTimeString().slice(0, 8);
  const states = Object.entries(facts?.states ?? {})
    .map(([state, count]) => `${count} ${state.toLowerCase()}`)
    .join(', ');
  const hosts = (facts?.hosts ?? []).map(({ host, amounts, free }) => {
    const taken = Object.entries(amounts).map(([name, amount]) => `${name} ${amount - (free[name] ?? 0)}/${amount}`);
    return `${makeVisible(host)}: ${taken.join(', ')}`;
  });
  const shown = `${isMine ? 'yours' : 'all users'}, by ${order}${isReversed ? ' backwards' : ''}`;
  return [`${time}  ${shown}: ${states || 'no jobs'}  ${server}`, hosts.join('; ')];
}

const help = 'q quit  s order  r backwards  m mine/all  up/down choose  x stop  h hold/release';

/** The whole screen of `rows` lines of `width` cells; the chosen job is always in it. */
export function screenOf(state: TopState, { rows, width }: { rows: number; width: number }): string[] {
  const jobs = sorted(state.jobs, state);
  const [title = '', ...lines] = formatTable(jobs, columnsAt(state.now), { width });
  const room = Math.max(1, rows - 4);
  const at = jobs.findIndex(({ id }) => id === state.chosen);
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), lines.length - room));
  const shown = lines.slice(from, from + room).map((line, index) => (from + index === at ? highlighted(line, width) : line));
  const filled = [...shown, ...Array.from({ length: room - shown.length }, () => '')];
  return [...headOf(state), highlighted(title, width), ...filled, state.message === '' ? help : makeVisible(state.message)];
}
