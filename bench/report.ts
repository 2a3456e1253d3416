/** A report as people read it. */
import { formatBytes, formatScaled } from '../src/cli/format.ts';
import { formatTable } from '../src/cli/table.ts';
import type { Report, Target } from './benchmark.ts';
import type { Standing } from './rounds.ts';

/** The lines of a report: a table of those who ran, the targets with what was reached, then who is missing. */
export function formatReport(report: Report): string[] {
  return [
    '',
    `## ${report.title}`,
    '',
    ...formatStandings(report),
    ...(report.notes ?? []),
    ...report.targets.map(formatTarget),
    ...report.skipped.map(({ name, reason }) => `left out: ${name}: ${reason}`),
  ];
}

function formatStandings({ standings, unit }: Report): string[] {
  const [weir] = standings;
  if (weir === undefined) return [];
  const hasFirst = standings.some(({ median }) => median.firstMs !== undefined);
  return formatTable<Standing>(standings, [
    { title: 'program', show: ({ name }) => name },
    { title: 'median', align: 'right', show: ({ median }) => formatMs(median.wallMs) },
    { title: 'spread', align: 'right', show: spread },
    { title: `${unit}/s`, align: 'right', show: ({ unitsPerSecond }) => formatScaled(unitsPerSecond) },
    { title: 'processor', align: 'right', show: ({ median }) => formatMs(median.cpuMs) },
    ...(hasFirst
      ? [{ title: 'first octet', align: 'right' as const, show: ({ median }: Standing) => formatMs(median.firstMs ?? Number.NaN) }]
      : []),
    { title: 'peak memory', align: 'right', show: ({ median }) => formatBytes(median.peakOctets) },
    {
      title: `${weir.name} is`,
      align: 'right',
      show: (standing) => (standing === weir ? '' : `${(weir.unitsPerSecond / standing.unitsPerSecond).toFixed(2)}x`),
    },
  ]);
}

/** Fastest to slowest round: how far the median may be trusted. */
function spread({ rounds }: Standing): string {
  const walls = rounds.map(({ wallMs }) => wallMs);
  return walls.length < 2 ? '' : `${formatMs(Math.min(...walls))}..${formatMs(Math.max(...walls))}`;
}

const formatMs = (ms: number): string => {
  if (!Number.isFinite(ms)) return '-';
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 0.1) return `${(ms * 1000).toFixed(1)} µs`;
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
};

/** Whether a target is reached. What could not be measured is not. */
export const isReached = ({ reached, wanted, isLimit }: Target): boolean => (isLimit ? reached <= wanted : reached >= wanted);

function formatTarget(target: Target): string {
  const { what, reached, wanted, isLimit } = target;
  const show = { ratio: (value: number) => `${value.toFixed(2)}x`, milliseconds: formatMs, octets: formatBytes }[target.kind];
  return `${isReached(target) ? 'reached' : 'MISSED '}  ${what}: ${show(reached)}, wanted ${isLimit ? 'at most' : 'at least'} ${show(wanted)}`;
}
