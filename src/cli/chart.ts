import { formatDuration, formatScaled, formatTime } from './format.ts';

/** A value over a span of time: `time` in whole seconds, the begin of its bucket. */
export type ChartPoint = { time: number; value: number };

export type ChartOptions = {
  /** Seconds of a bucket of the points. */
  bucketSeconds: number;
  /** Cells of the terminal. */
  width: number;
  /** Lines of the plot, axis and labels not counted. */
  height?: number;
  ascii?: boolean;
  /** Unit behind the prefix of a value: `B`, `packets`. */
  unit?: string;
};

const levels = { unicode: [...' ▁▂▃▄▅▆▇█'], ascii: [...' .:|#'] } as const;
const frame = {
  unicode: { side: '┤', corner: '└', line: '─', tick: '┬' },
  ascii: { side: '|', corner: '+', line: '-', tick: '+' },
} as const;

/**
 * Lines of a chart with one column of blocks for each bucket, or for several where the terminal is too narrow: their values
 * are summed, and the foot says how long a column is. Buckets without a point are zero. Points must rise in time.
 */
export function formatChart(points: readonly ChartPoint[], options: ChartOptions): string[] {
  if (points.length === 0) return ['(no flows)'];
  const { height = 10, ascii = false, unit = '' } = options;
  const marks = ascii ? frame.ascii : frame.unicode;
  const labelWidth = 8 + unit.length;
  const columns = gather(points, options.bucketSeconds, Math.max(10, options.width - labelWidth - 2));
  const top = Math.max(...columns.values);
  const lines: string[] = [];
  for (let line = height; line > 0; line--) {
    const isLabelled = line === height || (line === height >> 1 && height > 3);
    const label = isLabelled ? formatScaled((top * line) / height, unit) : '';
    const cells = columns.values.map((value) => levelAt(value, top, line, height, ascii)).join('');
    lines.push(`${label.padStart(labelWidth)} ${marks.side}${repeatCells(cells, columns.cellsEach)}`.trimEnd());
  }
  const plotCells = columns.values.length * columns.cellsEach;
  lines.push(`${'0'.padStart(labelWidth)} ${marks.corner}${marks.line.repeat(plotCells)}`);
  lines.push(' '.repeat(labelWidth + 2) + formatSpan(columns.start, columns.end, plotCells));
  lines.push(`${' '.repeat(labelWidth + 2)}a step is ${formatSeconds(columns.seconds)}`);
  return lines;
}

/** One row of blocks for a key, for tables of several series: all rows given the same `top` compare. */
export function formatSparkline(
  points: readonly ChartPoint[],
  span: { start: number; seconds: number; columns: number; top: number },
  ascii = false,
): string {
  const values = new Array<number>(span.columns).fill(0);
  for (const { time, value } of points) {
    const i = Math.floor((time - span.start) / span.seconds);
    if (i >= 0 && i < span.columns) values[i] = (values[i] as number) + value;
  }
  return values.map((value) => levelAt(value, span.top, 1, 1, ascii)).join('');
}

/** Values by column of the plot: `seconds` long each, drawn `cellsEach` cells wide. */
type Columns = { values: number[]; start: number; end: number; seconds: number; cellsEach: number };

/** How many buckets of `bucketSeconds` a column must hold so that the span from `start` to the bucket `last` fits. */
export function columnSeconds(start: number, last: number, bucketSeconds: number, cells: number): number {
  const buckets = Math.floor((last - start) / bucketSeconds) + 1;
  return Math.ceil(buckets / cells) * bucketSeconds;
}

function gather(points: readonly ChartPoint[], bucketSeconds: number, cells: number): Columns {
  const start = (points[0] as ChartPoint).time;
  const last = (points.at(-1) as ChartPoint).time;
  const seconds = columnSeconds(start, last, bucketSeconds, cells);
  const count = Math.floor((last - start) / seconds) + 1;
  const values = new Array<number>(count).fill(0);
  for (const { time, value } of points) {
    const i = Math.floor((time - start) / seconds);
    values[i] = (values[i] as number) + value;
  }
  // Few buckets are drawn broader, up to four cells, so that a short capture is not a sliver.
  const cellsEach = Math.max(1, Math.min(4, Math.floor(cells / count)));
  return { values, start, end: start + count * seconds, seconds, cellsEach };
}

const repeatCells = (cells: string, times: number): string => (times === 1 ? cells : [...cells].map((cell) => cell.repeat(times)).join(''));

// The part of a value that falls into `line` (1 is the lowest); a value above zero shows at least the lowest mark.
function levelAt(value: number, top: number, line: number, height: number, ascii: boolean): string {
  const marks = ascii ? levels.ascii : levels.unicode;
  const steps = marks.length - 1;
  if (value <= 0 || top <= 0) return marks[0] as string;
  const filled = Math.max(1, Math.round((value / top) * height * steps)) - (line - 1) * steps;
  return marks[Math.max(0, Math.min(steps, filled))] as string;
}

function formatSpan(start: number, end: number, cells: number): string {
  const left = formatTime(start);
  const right = formatTime(end);
  return left.length + right.length + 2 > cells ? `${left} to ${right}` : left + right.padStart(cells - left.length);
}

function formatSeconds(seconds: number): string {
  const whole = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ] as const;
  for (const [length, unit] of whole)
    if (seconds >= length && seconds % length === 0 && seconds < 100 * length) return `${seconds / length} ${unit}`;
  return formatDuration(seconds);
}
