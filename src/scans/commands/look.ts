import type { Command } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import type { ShownScan } from '../api.ts';
import { withScans } from './port.ts';
import { noteHosts, printPorts, remarkOf } from './print.ts';

/** Adds `weir scans list`. */
export function addList(scans: Command): void {
  const command = scans
    .command('list')
    .description('list scans, the latest first')
    .option('--mine', 'yours alone')
    .option('--state <state>', 'in this state alone')
    .option('-n, --limit <count>', 'scans to show at most (up to 1000)', wholeNumber(1), 50)
    .action(async ({ limit, ...query }: { limit: number; mine?: boolean; state?: string }, command: Command) => {
      const output = openOutput(command);
      const { items, total } = await withScans(command, (scans) => scans.list(limit, query));
      if (output.form === 'table' && total === 0) return output.note('no scans');
      printScans(output, items);
      if (total > items.length) output.note(`${items.length} of ${total}; more with --limit`);
    });
  withExamples(command, 'weir scans list', 'weir scans list --state running', 'weir scans list --json');
}

function printScans(output: Output, scans: readonly ShownScan[]): void {
  output.rows(
    scans,
    [
      { title: 'ID', align: 'right', show: ({ id }) => String(id) },
      { title: 'STATE', show: ({ state }) => state },
      { title: 'METHOD', show: ({ method }) => method },
      { title: 'TARGETS', show: ({ targets, name }) => name ?? targets.join(' ') },
      { title: 'PORTS', show: ({ port_list }) => port_list ?? '' },
      {
        title: 'DONE',
        align: 'right',
        show: ({ progress: { done, total } }) => (total === 0 ? '' : `${Math.floor((100 * done) / total)} %`),
      },
      { title: 'OPEN', align: 'right', show: ({ states, progress }) => String(states.open ?? progress.open) },
      { title: 'USER', show: ({ user }) => user },
      { title: 'MADE', show: ({ made }) => made.slice(0, 19).replace('T', ' ') },
    ],
    ['id', 'state', 'method', 'targets', 'port_list', 'addresses', 'ports', 'states', 'user', 'made', 'started', 'ended'],
  );
}

/** Adds `weir scans show`. */
export function addShow(scans: Command): void {
  const command = scans
    .command('show')
    .description('show a scan and what it has found')
    .argument('<id>', 'its id')
    .option('--all', 'ports in all states, not open ones alone')
    .option('--hosts', 'hosts, with their ports in groups')
    .action(async (id: string, { all, hosts: isHosts }: { all?: boolean; hosts?: boolean }, command: Command) => {
      const output = openOutput(command);
      await withScans(command, async (scans) => {
        const scan = await scans.get(id);
        const hosts = await scans.hosts(id);
        if (isHosts) return output.json(hosts);
        const ports = await scans.results(id, all ? 'all' : 'open');
        if (output.form === 'json') return output.json({ ...scan, results: ports });
        output.line(`scan ${scan.id} of ${scan.targets.join(' ')} is ${scan.state}${scan.reason === undefined ? '' : ` (${scan.reason})`}`);
        if (scan.engine !== undefined) output.line(`by ${scan.engine.name} ${scan.engine.version}: ${scan.engine.arguments.join(' ')}`);
        printPorts(output, ports);
        noteHosts(output, hosts.slice(0, 100));
        output.note(remarkOf(scan));
      });
    });
  withExamples(command, 'weir scans show 3', 'weir scans show 3 --all --csv', 'weir scans show 3 --hosts');
}

/** Adds `weir scans diff`. */
export function addDiff(scans: Command): void {
  const command = scans
    .command('diff')
    .description('what is different between two scans; exit code 1 when something is')
    .argument('<before>', 'the id of the earlier one')
    .argument('<after>', 'the id of the later one')
    .action(async (before: string, after: string, _options: unknown, command: Command) => {
      const output = openOutput(command);
      const changes = await withScans(command, (scans) => scans.changes(before, after));
      if (changes.length > 0) process.exitCode = 1;
      if (output.form === 'table' && changes.length === 0) return output.note('no difference');
      output.rows(
        changes,
        [
          { title: 'CHANGE', show: ({ change }) => change },
          { title: 'HOST', show: ({ address }) => address },
          { title: 'PORT', align: 'right', show: ({ port }) => String(port) },
          { title: 'BEFORE', show: ({ before }) => before },
          { title: 'AFTER', show: ({ after }) => after },
          { title: 'NAME GUESS', show: ({ service }) => service },
        ],
        ['change', 'address', 'port', 'before', 'after', 'service'],
      );
    });
  withExamples(command, 'weir scans diff 3 4', 'weir scans diff 3 4 --json');
}

/** Adds `weir scans cancel`. */
export function addCancel(scans: Command): void {
  const command = scans
    .command('cancel')
    .description('end scans before their time; what they found is kept')
    .argument('<id...>', 'ids of scans')
    .action(async (ids: string[], _options: unknown, command: Command) => {
      const output = openOutput(command);
      await withScans(command, async (scans) => {
        for (const id of ids) output.note(`scan ${(await scans.cancel(id)).id} is cancelled`);
      });
    });
  withExamples(command, 'weir scans cancel 3');
}

/** Adds `weir scans rm`. */
export function addRemove(scans: Command): void {
  const command = scans
    .command('rm')
    .description('forget scans that are over, with their results')
    .argument('<id...>', 'ids of scans')
    .action(async (ids: string[], _options: unknown, command: Command) => {
      await withScans(command, async (scans) => {
        for (const id of ids) await scans.forget(id);
      });
    });
  withExamples(command, 'weir scans rm 3');
}
