/** Priorities of Accelerator: 1 to 15, or a word; before the point for the queue, behind it for the run. */

const words = { low: 1, normal: 4, high: 8, top: 15 } as const;

export const normalPriority = words.normal;

/** Reads `8`, `high`, `h`, `12.low`; what is not said behind the point is as before it. Undefined for anything else. */
export function readPriority(text: string | number): { priority: number; runPriority: number } | undefined {
  const parts = String(text).split('.');
  const priority = one(parts[0] ?? '');
  const runPriority = parts.length === 1 ? priority : one(parts[1] ?? '');
  if (priority === undefined || runPriority === undefined || parts.length > 2) return undefined;
  return { priority, runPriority };
}

function one(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= 15 ? Number(text) : undefined;
  const found = Object.entries(words).filter(([word]) => text !== '' && word.startsWith(text.toLowerCase()));
  return found.length === 1 ? found[0]?.[1] : undefined;
}

/** The word of a priority that has one, else its number. */
export const priorityText = (priority: number): string =>
  Object.entries(words).find(([, value]) => value === priority)?.[0] ?? String(priority);
