import type { Output } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import type { ShownClass, ShownJob, ShownSet } from '../remote.ts';

const columns: TableColumn<ShownJob>[] = [
  { title: 'id', show: ({ id }) => id },
  { title: 'status', show: ({ state }) => state },
  { title: 'user', show: ({ user }) => user },
  { title: 'host', show: ({ host = '' }) => host },
  { title: 'duration', align: 'right', show: ({ duration_text }) => duration_text },
  { title: 'command', show: ({ command_line, index }) => (index === undefined ? command_line : `[${index}] ${command_line}`) },
];

/** Prints jobs, a line each. */
export function printJobs(output: Output, jobs: readonly ShownJob[]): void {
  output.rows(jobs, columns, [
    'id',
    'state',
    'user',
    'group',
    'host',
    'duration',
    'command_line',
    'submitted',
    'started',
    'ended',
    'cause',
  ]);
}

const classColumns: TableColumn<ShownClass>[] = [
  { title: 'class', show: ({ name }) => name },
  { title: 'presets', show: ({ members }) => Object.keys(members).join(' ') },
  { title: 'description', show: ({ description = '' }) => description },
];

/** Prints job classes, a line each. */
export const printClasses = (output: Output, classes: readonly ShownClass[]): void =>
  output.rows(classes, classColumns, ['name', 'description', 'members']);

/** Prints what a job class presets. */
export function printClass(output: Output, one: ShownClass): void {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const head: [string, string][] = [
    ['class', one.name],
    ...(one.description === undefined ? [] : [['description', one.description] as [string, string]]),
  ];
  output.record(one, () => [...head, ...Object.entries(one.members).map(([name, value]): [string, string] => [name, text(value)])]);
}

const setColumns: TableColumn<ShownSet>[] = [
  { title: 'set', show: ({ name }) => name },
  { title: 'jobs', align: 'right', show: ({ jobs }) => String(jobs) },
  {
    title: 'states',
    show: ({ states }) =>
      Object.entries(states)
        .map(([state, count]) => `${count} ${state}`)
        .join(', '),
  },
];

/** Prints sets of jobs, a line each. */
export const printSets = (output: Output, sets: readonly ShownSet[]): void => output.rows(sets, setColumns, ['name', 'jobs', 'states']);
