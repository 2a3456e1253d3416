/** Lengths of time as Accelerator writes them: `3h30m` in, `3h30m` out (see docs/20-jobs.md). */

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds that a time specification names: digits with `s m h d w` in any case, one after the other; a plain number counts seconds. */
export function readTimeSpec(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isSafeInteger(text) && text >= 0 ? text : undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  if (!/^(?:\d{1,12}[smhdw])+$/i.test(text) || text.length > 80) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.toLowerCase().matchAll(/(\d+)([smhdw])/g))
    seconds += Number(digits) * (unitSeconds[unit as string] as number);
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** Seconds with some loss of precision: at most two units, the second in two digits; whole seconds, never below 0. */
export function prettyDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d${two(Math.floor((whole % 86_400) / 3600))}h`;
}

const two = (value: number): string => String(value).padStart(2, '0');
