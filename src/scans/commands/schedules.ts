import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatDuration } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import { withScans } from './port.ts';

/** Adds `weir scans schedules` and `weir scans unschedule`. */
export function addSchedules(scans: Command): void {
  const list = scans
    .command('schedules')
    .description('list scans that come again (weir scans run --every)')
    .action(async (_options: unknown, command: Command) => {
      const output = openOutput(command);
      const schedules = await withScans(command, (scans) => scans.schedules());
      if (output.form === 'table' && schedules.length === 0) return output.note('no schedules');
      output.rows(
        schedules,
        [
          { title: 'ID', show: ({ id }) => id },
          { title: 'EVERY', show: ({ every_seconds }) => formatDuration(every_seconds) },
          { title: 'TARGETS', show: ({ targets }) => targets.join(' ') },
          { title: 'PORTS', show: ({ port_list }) => port_list ?? '' },
          { title: 'TICKET', show: ({ ticket }) => (ticket ? 'yes' : 'no') },
          { title: 'NEXT', show: ({ next }) => next.slice(0, 19).replace('T', ' ') },
          { title: 'LAST', align: 'right', show: ({ last }) => String(last ?? '') },
        ],
        ['id', 'every_seconds', 'targets', 'port_list', 'method', 'ticket', 'user', 'made', 'next', 'last'],
      );
    });
  withExamples(list, 'weir scans schedules');
  const remove = scans
    .command('unschedule')
    .description('repeat scans no more; what they found stays')
    .argument('<id...>', 'ids of schedules')
    .action(async (ids: string[], _options: unknown, command: Command) => {
      await withScans(command, async (scans) => {
        for (const id of ids) await scans.unschedule(id);
      });
    });
  withExamples(remove, 'weir scans unschedule k3v9x0qa');
}
