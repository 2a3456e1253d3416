import { Problem } from '../core/problem.ts';
import { usualPorts } from './service-names.ts';
import { portOfService } from './services.ts';

const mostItems = 1000;
const largest = 65_535;

/** What is scanned where nobody names ports. */
export const usualList = 'top:100';

/**
 * The ports that a list names, rising, each once: `22`, `1-1024`, `-` (all), `-100`, `60000-`, `http`, `top:100`, separated by commas.
 * `except` names some to leave out, in the same words. Throws `unprocessable`.
 */
export function readPorts(list: string, except = ''): number[] {
  const ports = new Set<number>();
  for (const item of itemsOf(list)) for (const port of readItem(item)) ports.add(port);
  if (except !== '') for (const item of itemsOf(except)) for (const port of readItem(item)) ports.delete(port);
  if (ports.size === 0) throw fault(list, 'no port is left');
  return [...ports].sort((a, b) => a - b);
}

/** The ports of a list that `formatPorts` or nmap wrote: numbers and ranges, as many as there are. */
export const listedPorts = (list: string): number[] => list.split(',').flatMap((item) => [...readItem(item)]);

/** Ports as a list with ranges, the shortest that names them all: `22,80,1000-2000`. The ports rise. */
export function formatPorts(ports: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < ports.length; ) {
    let end = i;
    while (ports[end + 1] === (ports[end] as number) + 1) end++;
    parts.push(end === i ? `${ports[i]}` : `${ports[i]}-${ports[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}

function itemsOf(list: string): string[] {
  const items = list.split(',').map((item) => item.trim());
  if (items.length > mostItems) throw fault(list, `more than ${mostItems} items`);
  return items;
}

function readItem(item: string): readonly number[] {
  const top = /^top:(\d{1,5})$/.exec(item);
  if (top !== null) return usual(Number(top[1]), item);
  const range = /^(\d{0,5})-(\d{0,5})$/.exec(item);
  if (range !== null) return between(range[1] === '' ? 1 : Number(range[1]), range[2] === '' ? largest : Number(range[2]), item);
  if (/^\d+$/.test(item)) return between(Number(item), Number(item), item);
  const port = /^[A-Za-z][A-Za-z0-9._+-]{0,63}$/.test(item) ? portOfService(item) : undefined;
  if (port === undefined) throw fault(item, 'expected a port, a range such as 1-1024, the name of a service, or top:100');
  return [port];
}

function between(first: number, last: number, item: string): number[] {
  if (first < 1 || last > largest || first > last) throw fault(item, `ports go from 1 to ${largest}`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function usual(count: number, item: string): readonly number[] {
  if (count < 1 || count > usualPorts.length) throw fault(item, `the list of usual ports has ${usualPorts.length}`);
  return usualPorts.slice(0, count);
}

const fault = (item: string, detail: string): Problem =>
  new Problem('unprocessable', 'That is no list of ports.', {
    detail: `${item.slice(0, 80)}: ${detail}`,
    hint: '22,80,1000-2000,https',
    pointer: '/ports',
  });
