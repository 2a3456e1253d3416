import type { Filter } from './ast.ts';

const fields: ReadonlySet<string> = new Set(['tunnel', 'tunnel-depth', 'parent-session']);

/** Whether a filter asks about tunnels: it then says itself which of their layers it wants. */
export const namesTunnels = (filter: Filter): boolean => {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.items.some(namesTunnels);
  if (filter.kind === 'not') return namesTunnels(filter.item);
  return filter.kind === 'number' && fields.has(filter.field);
};
