import { readFileSync } from 'node:fs';
import { serviceNames } from './service-names.ts';

let local: { byPort: Map<number, string>; byName: Map<string, number> } | undefined;

/** The usual name of a TCP port: a guess from its number, nothing that was seen. Empty where there is none. */
export const serviceOf = (port: number): string => serviceNames[port] ?? additions().byPort.get(port) ?? '';

/** The port that a service has by its name; undefined for names that nobody knows. */
export function portOfService(name: string): number | undefined {
  const word = name.toLowerCase();
  const found = Object.entries(serviceNames).find(([, known]) => known === word);
  return found === undefined ? additions().byName.get(word) : Number(found[0]);
}

/** What `/etc/services` of this machine adds. */
function additions() {
  local ??= readServices('/etc/services');
  return local;
}

function readServices(file: string) {
  const byPort = new Map<number, string>();
  const byName = new Map<string, number>();
  for (const line of textOf(file).split('\n')) {
    const [, name, port, aliases = ''] = /^([A-Za-z0-9._+-]{1,64})\s+(\d{1,5})\/tcp\b([^#]*)/.exec(line) ?? [];
    if (name === undefined || port === undefined) continue;
    if (!byPort.has(Number(port))) byPort.set(Number(port), name);
    for (const word of [name, ...aliases.trim().split(/\s+/)]) if (word !== '') byName.set(word.toLowerCase(), Number(port));
  }
  return { byPort, byName };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // a machine without it: the built-in names do
  }
}
