import { type Command, Option } from 'commander';
import { type ChartPoint, columnSeconds, formatChart, formatSparkline } from '../../cli/chart.ts';
import { withExamples } from '../../cli/command.ts';
import { formatScaled, formatTime } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import { isAsciiTerminal } from '../../cli/progress.ts';
import { displayWidth, formatTable, type TableColumn } from '../../cli/table.ts';
import type { Metric, Series, SeriesItem } from '../access.ts';
import { showKey } from './key.ts';
import { withFlows } from './port.ts';
import { addSelection, groupingOption, type SelectionOptions, selectionOf } from './selection.ts';
import { metrics } from './top.ts';

type SeriesOptions = SelectionOptions & { bucket?: string; by?: string; metric: Metric; ascii?: boolean };

/** Adds `weir flows series`. */
export function addSeries(flows: Command): void {
  const command = addSelection(flows.command('series').description('draw flows over time'))
    .option('--bucket <duration>', 'length of a step, such as 60s or 1h (default: what suits the span)')
    .addOption(groupingOption('one line for each value of this key'))
    .addOption(new Option('--metric <metric>', 'what to draw').choices(metrics).default('bytes'))
    .option('--ascii', 'draw with ASCII characters')
    .action(series);
  withExamples(command, 'weir flows series', 'weir flows series --bucket 1h --by protocol', 'weir flows series --bucket 60s port 53 --csv');
}

async function series(words: string[], options: SeriesOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const { bucket, by, metric } = options;
  const query = { ...selectionOf(words, options), ...(bucket && { bucket }), ...(by && { by }), metric };
  const result = await withFlows(command, (flows) => flows.series(query));
  if (output.form === 'json') return output.json(result);
  if (output.form === 'csv') return output.rows(result.items, [], ['time', 'key', 'flows', 'packets', 'bytes']);
  const look = { metric, width: output.width ?? 80, ascii: options.ascii ?? isAsciiTerminal(), color: output.color };
  const lines = by === undefined ? drawTotal(result, look) : drawKeys(result, by, look);
  for (const line of lines) output.line(line);
}

type Look = { metric: Metric; width: number; ascii: boolean; color: boolean };

const unitOf = (metric: Metric): string => (metric === 'bytes' ? 'B' : '');
const pointOf = (item: SeriesItem, metric: Metric): ChartPoint => ({ time: item.time, value: item[metric] });

function drawTotal({ items, bucket_s }: Series, { metric, width, ascii }: Look): string[] {
  const chart = formatChart(
    items.map((item) => pointOf(item, metric)),
    { bucketSeconds: bucket_s, width, ascii, unit: unitOf(metric) },
  );
  return [metric, ...chart];
}

/** One line for each key: its sum, its greatest step and its course; all on the same scale. */
type Course = { key: string; sum: number; peak: number; points: ChartPoint[] };

function drawKeys({ items, bucket_s }: Series, by: string, { metric, width, ascii, color }: Look): string[] {
  const courses = gatherCourses(items, by, metric);
  if (courses.length === 0) return ['(no flows)'];
  const times = items.map((item) => item.time);
  const start = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const keyWidth = Math.max(by.length, ...courses.map(({ key }) => displayWidth(key)));
  const cells = Math.max(10, width - keyWidth - 26);
  const seconds = columnSeconds(start, last, bucket_s, cells);
  const columns = Math.floor((last - start) / seconds) + 1;
  const top = Math.max(...courses.map(({ points }) => highestStep(points, start, seconds)));
  const shape: TableColumn<Course>[] = [
    { title: by, show: ({ key }) => key },
    { title: metric, align: 'right', show: ({ sum }) => formatScaled(sum, unitOf(metric)) },
    { title: 'peak', align: 'right', show: ({ peak }) => formatScaled(peak, unitOf(metric)) },
    {
      title: `${formatTime(start)} to ${formatTime(last + bucket_s)}`,
      show: ({ points }) => formatSparkline(points, { start, seconds, columns, top }, ascii),
    },
  ];
  return formatTable(courses, shape, { width, color });
}

function gatherCourses(items: readonly SeriesItem[], by: string, metric: Metric): Course[] {
  const courses = new Map<string, Course>();
  for (const item of items) {
    const key = showKey(by, item.key);
    const course = courses.get(key) ?? { key, sum: 0, peak: 0, points: [] };
    courses.set(key, course);
    course.sum += item[metric];
    course.peak = Math.max(course.peak, item[metric]);
    course.points.push(pointOf(item, metric));
  }
  return [...courses.values()].sort((a, b) => b.sum - a.sum);
}

function highestStep(points: readonly ChartPoint[], start: number, seconds: number): number {
  const steps = new Map<number, number>();
  for (const { time, value } of points) {
    const step = Math.floor((time - start) / seconds);
    steps.set(step, (steps.get(step) ?? 0) + value);
  }
  return [...steps.values()].reduce((a, b) => Math.max(a, b), 0);
}
