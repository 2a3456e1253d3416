import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { formatBytes, formatCount, formatShare } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import { formatBar, isAsciiTerminal } from '../../cli/progress.ts';
import type { TableColumn } from '../../cli/table.ts';
import type { Metric, TopItem } from '../access.ts';
import { showKey } from './key.ts';
import { withFlows } from './port.ts';
import { addSelection, groupingOption, type SelectionOptions, selectionOf } from './selection.ts';

/** What flows are ranked and drawn by. */
export const metrics = ['bytes', 'packets', 'flows'] as const satisfies readonly Metric[];

type TopOptions = SelectionOptions & { by: string; metric: Metric; limit: number };

/** Adds `weir flows top`. */
export function addTop(flows: Command): void {
  const command = addSelection(flows.command('top').description('rank hosts, ports, protocols or pairs'))
    .addOption(groupingOption('what to group by').default('host'))
    .addOption(new Option('--metric <metric>', 'what to rank by').choices(metrics).default('bytes'))
    .option('-n, --limit <count>', 'how many to show', wholeNumber(1), 10)
    .action(top);
  withExamples(command, 'weir flows top', 'weir flows top --by dst_port --metric flows proto tcp', 'weir flows top --by pair -n 50 --csv');
}

async function top(words: string[], options: TopOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const { by, metric, limit } = options;
  const result = await withFlows(command, (flows) => flows.top({ ...selectionOf(words, options), by, metric, limit }));
  if (output.form === 'json') return output.json(result);
  const total: TopItem = { key: 'total', ...result.total, share: result.total[metric] === 0 ? 0 : 1 };
  const bar = { title: '', show: ({ share }: TopItem) => formatBar(share, 10, isAsciiTerminal()) };
  const columns: TableColumn<TopItem>[] = [
    { title: by, show: (item) => (item === total ? 'total' : showKey(by, item.key)) },
    { title: 'flows', align: 'right', show: ({ flows }) => formatCount(flows) },
    { title: 'packets', align: 'right', show: ({ packets }) => formatCount(packets) },
    { title: 'bytes', align: 'right', show: ({ bytes }) => formatBytes(bytes) },
    { title: `of ${metric}`, align: 'right', show: ({ share }) => formatShare(share) },
    ...(output.width === undefined ? [] : [bar]),
  ];
  const rows = output.form === 'table' ? [...result.items, total] : result.items;
  output.rows(rows, columns, ['key', 'flows', 'packets', 'bytes', 'share']);
}
