import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The name of this server among others on the same key tree: made once, and kept in a folder of its data. */
export function serverName(folder: string): string {
  const file = join(folder, 'server');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const name = randomUUID();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${name}\n`, { mode: 0o600, flag: 'wx' });
    return name;
  }
}
