import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatBytes, formatCount } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import type { Summary } from '../access.ts';
import { showMoment } from './pairs.ts';
import { withFlows } from './port.ts';
import { addSelection, type SelectionOptions, selectionOf } from './selection.ts';

/** Adds `weir flows summary`. */
export function addSummary(flows: Command): void {
  const command = addSelection(flows.command('summary').description('count flows, packets and bytes')).action(summary);
  withExamples(
    command,
    'weir flows summary',
    'weir flows summary proto udp and dst port 53',
    'weir flows summary --after 2024-05-01T00:00:00Z --json',
  );
}

async function summary(words: string[], options: SelectionOptions, command: Command): Promise<void> {
  const found = await withFlows(command, (flows) => flows.summary(selectionOf(words, options)));
  openOutput(command).record(found, () => showSummary(found));
}

function showSummary({ flows, packets, bytes, first, last, links: _links, left_out: leftOut, ...rest }: Summary): [string, string][] {
  return [
    ['flows', formatCount(flows)],
    ['packets', formatCount(packets)],
    ['bytes', `${formatCount(bytes)} (${formatBytes(bytes)})`],
    ['first', showMoment(first)],
    ['last', showMoment(last)],
    ...Object.entries(rest).map(([name, value]): [string, string] => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
    ...(leftOut ? ([['left out', `${formatCount(Number(leftOut))} counters of 2^63 or more`]] as [string, string][]) : []),
  ];
}
