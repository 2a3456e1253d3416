import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { formatBytes, formatCount, formatDuration, formatTime } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import type { FlowRow, FlowsPort, ListQuery } from '../access.ts';
import { publishedColumns } from '../schema.ts';
import { withFlows } from './port.ts';
import { protocolName } from './protocol-name.ts';
import { addSelection, type SelectionOptions, selectionOf } from './selection.ts';

type ListOptions = SelectionOptions & { limit: number; fields?: string; order: 'time' | '-time' };

/** Adds `weir flows list`. */
export function addList(flows: Command): void {
  const command = addSelection(flows.command('list').description('list flows in order of time'))
    .option('-n, --limit <count>', 'flows to show at most', wholeNumber(1), 20)
    .option('--fields <names>', 'columns, separated by commas')
    .addOption(new Option('--order <order>', 'oldest or newest first').choices(['time', '-time']).default('time'))
    .action(list);
  withExamples(command, 'weir flows list', 'weir flows list proto tcp and port 443', 'weir flows list --order -time -n 5 --json');
}

async function list(words: string[], options: ListOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const query: ListQuery = { ...selectionOf(words, options), order: options.order, ...(options.fields && { fields: options.fields }) };
  const rows = await withFlows(command, (flows) => readPages(flows, query, options.limit));
  const fields = options.fields?.split(',') ?? (rows[0] ? Object.keys(rows[0]) : publishedColumns);
  output.rows(rows, options.fields ? plainColumns(fields) : flowColumns, fields);
  if (output.form === 'table' && rows.length === options.limit)
    output.note(`the first ${rows.length}; more with --limit, all with: weir flows export`);
}

const largestPage = 1000;

async function readPages(flows: FlowsPort, query: ListQuery, limit: number): Promise<FlowRow[]> {
  const per_page = Math.min(limit, largestPage);
  const rows: FlowRow[] = [];
  for (let page = 1; rows.length < limit; page++) {
    const next = await flows.list({ ...query, page, per_page });
    rows.push(...next);
    if (next.length < per_page) break;
  }
  return rows.slice(0, limit);
}

const plainColumns = (fields: readonly string[]): TableColumn<FlowRow>[] =>
  fields.map((field) => ({ title: field, show: (row) => (row[field] == null ? '' : String(row[field])) }));

const number = (row: FlowRow, field: string): number => Number(row[field] ?? Number.NaN);
const isIcmp = (row: FlowRow): boolean => row.protocol === 1 || row.protocol === 58;

const flowColumns: TableColumn<FlowRow>[] = [
  { title: 'time', show: (row) => formatTime(number(row, 'time')) },
  { title: 'duration', align: 'right', show: (row) => formatDuration(number(row, 'duration')) },
  { title: 'proto', show: showProtocol },
  { title: 'source', show: (row) => showEnd(row, 'src') },
  { title: 'destination', show: (row) => showEnd(row, 'dst') },
  { title: 'packets', align: 'right', show: (row) => formatCount(number(row, 'packet_count')) },
  { title: 'bytes', align: 'right', show: (row) => formatBytes(number(row, 'byte_count')) },
  { title: 'back', align: 'right', show: (row) => formatCount(number(row, 'rev_packet_count')) },
  { title: 'bytes back', align: 'right', show: (row) => formatBytes(number(row, 'rev_byte_count')) },
];

// ICMP has no ports: dst_port is type * 256 + code there, which reads better as 8/0.
function showProtocol(row: FlowRow): string {
  const name = protocolName(number(row, 'protocol'));
  const word = Number(row.dst_port);
  return isIcmp(row) && Number.isInteger(word) ? `${name} ${word >> 8}/${word & 255}` : name;
}

function showEnd(row: FlowRow, side: 'src' | 'dst'): string {
  const host = String(row[`${side}_comp`]);
  const port = String(row[`${side}_port`]);
  if (port === '0' || isIcmp(row)) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
