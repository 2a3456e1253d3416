/** Numbers, sizes and times as people read them. Programs get raw numbers (`--json`, `--csv`) and never these. */

const steps = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** Three significant digits with a decimal prefix (1 k = 1000): `1.53 M`, `12`, `999 k`. */
export function formatScaled(value: number, unit = ''): string {
  if (!Number.isFinite(value)) return '-';
  let scaled = Math.abs(value);
  let step = 0;
  // 999.5 would print as 1000, so it already belongs to the next prefix.
  while (scaled >= 999.5 && step < steps.length - 1) {
    scaled /= 1000;
    step++;
  }
  const digits = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  const number = step === 0 && Number.isInteger(value) ? String(scaled) : scaled.toFixed(digits);
  return `${value < 0 ? '-' : ''}${number} ${steps[step]}${unit}`.trimEnd();
}

/** Octets: `0 B`, `1.50 kB`, `2.59 GB`. */
export const formatBytes = (bytes: number): string => formatScaled(bytes, 'B');

/** A count in full, digits grouped: `448,859`. */
export const formatCount = (count: number): string =>
  Number.isFinite(count) ? count.toLocaleString('en-US', { maximumFractionDigits: 0 }) : '-';

/** A count with its noun: `1 flow`, `448,859 flows`. */
export const formatCounted = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** A share of one: `12.3 %`. */
export const formatShare = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Seconds as the two greatest units that matter: `350 ms`, `4.2 s`, `3 m 20 s`, `2 h 5 m`, `58 d 0 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '-';
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** Counts of a data set without a known origin (LANL) stay far below this; captures are younger than 1980. */
const firstUnixTime = 315_532_800;

/** A time in whole seconds: UTC for Unix time, `#SECONDS` for the count of a data set whose origin is not known. */
export function formatTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-';
  if (seconds < firstUnixTime) return `#${seconds}`;
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `#${seconds}` : date.toISOString().slice(0, 19).replace('T', ' ');
}
