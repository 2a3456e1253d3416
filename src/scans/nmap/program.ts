import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Problem } from '../../core/problem.ts';

/** Where servers' programs live, which an ordinary user may not have on the path. */
const more = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * The command line that runs nmap so that it ends with this process, even when that is killed: by `setpriv` (util-linux 2.33), whose
 * `--pdeathsig` asks the kernel for it (prctl(2), PR_SET_PDEATHSIG). Without `setpriv` it is run alone. Throws `unavailable` where there
 * is no nmap.
 */
export function nmapCommand(program: string, args: readonly string[]): { command: string; args: string[] } {
  const nmap = findProgram(program);
  if (nmap === undefined) throw absent(program);
  const setpriv = findProgram('setpriv');
  if (setpriv === undefined) return { command: nmap, args: [...args] };
  return { command: setpriv, args: ['--pdeathsig', 'KILL', '--', nmap, ...args] };
}

function findProgram(name: string): string | undefined {
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

const absent = (program: string): Problem =>
  new Problem('unavailable', `The program ${program} is needed for this scan and is not here.`, {
    hint: 'apt-get install nmap, or name it by scans.nmap; scans by connections need none',
  });
