import type { Output } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import type { ShownJob } from '../remote.ts';

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
