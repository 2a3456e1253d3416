import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where servers' programs live, which an ordinary user may not have on the path. */
const more = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The path of a program, looked for on `PATH` and where servers' programs live; undefined where there is none. A path is answered as it is. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isProgram(name) ? name : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...more].filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
