import { findProgram } from '../../core/find-program.ts';
import { Problem } from '../../core/problem.ts';

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

const absent = (program: string): Problem =>
  new Problem('unavailable', `The program ${program} is needed for this scan and is not here.`, {
    hint: 'apt-get install nmap, or name it by scans.nmap; scans by connections need none',
  });
