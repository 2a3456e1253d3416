import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { formatBytes, formatCount, formatTime } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import type { Metric, Pair } from '../access.ts';
import { withFlows } from './port.ts';
import { addSelection, type SelectionOptions, selectionOf } from './selection.ts';
import { metrics } from './top.ts';

/** Adds `weir flows pairs`. */
export function addPairs(flows: Command): void {
  const command = addSelection(flows.command('pairs').description('join both directions of each conversation'))
    .addOption(new Option('--metric <metric>', 'what to rank by').choices(metrics).default('bytes'))
    .option('-n, --limit <count>', 'how many to show', wholeNumber(1), 20)
    .action(pairs);
  withExamples(command, 'weir flows pairs', 'weir flows pairs host 10.0.0.1', 'weir flows pairs -n 1000 --csv');
}

type PairsOptions = SelectionOptions & { limit: number; metric: Metric };

async function pairs(words: string[], options: PairsOptions, command: Command): Promise<void> {
  const { limit, metric } = options;
  const found = await withFlows(command, (flows) => flows.pairs({ ...selectionOf(words, options), limit, metric }));
  const fields = ['a', 'b', 'flows_ab', 'flows_ba', 'packets_ab', 'packets_ba', 'bytes_ab', 'bytes_ba', 'first', 'last', 'paired'];
  openOutput(command).rows(found, columnsOf(metric), fields);
}

/** Times come as seconds, or as text where the store keeps them finer. */
export const showMoment = (time: number | string | null): string =>
  time === null ? '-' : typeof time === 'number' ? formatTime(time) : time;

/** With what they were ranked by; bytes beside a ranking by flows. */
const columnsOf = (metric: Metric): TableColumn<Pair>[] => [
  { title: 'a', show: ({ a }) => a },
  { title: 'b', show: ({ b }) => b },
  { title: 'flows a>b', align: 'right', show: (pair) => formatCount(pair.flows_ab) },
  { title: 'b>a', align: 'right', show: (pair) => formatCount(pair.flows_ba) },
  ...(metric === 'packets' ? packetColumns : byteColumns),
  { title: 'first', show: ({ first }) => showMoment(first) },
  { title: 'last', show: ({ last }) => showMoment(last) },
];

const packetColumns: TableColumn<Pair>[] = [
  { title: 'packets a>b', align: 'right', show: (pair) => formatCount(pair.packets_ab) },
  { title: 'b>a', align: 'right', show: (pair) => formatCount(pair.packets_ba) },
];
const byteColumns: TableColumn<Pair>[] = [
  { title: 'bytes a>b', align: 'right', show: (pair) => formatBytes(pair.bytes_ab) },
  { title: 'b>a', align: 'right', show: (pair) => formatBytes(pair.bytes_ba) },
];
