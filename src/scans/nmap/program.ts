import { geteuid } from 'node:process';
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

/** True where nmap may send packets of its own making. With capabilities on its file it has to be told so by NMAP_PRIVILEGED. */
const isPrivileged = (): boolean => geteuid?.() === 0 || process.env.NMAP_PRIVILEGED !== undefined;

/** Throws `unavailable` where there is no nmap, or where it may not send packets of its own making; nothing is done another way instead. */
export function requireNmap(program: string): void {
  nmapCommand(program, []);
  if (isPrivileged()) return;
  throw new Problem('unavailable', 'SYN and FIN scans and the discovery of hosts need the rights of root.', {
    hint: 'sudo setcap cap_net_raw,cap_net_admin+eip "$(readlink -f "$(command -v nmap)")", and start Weir with NMAP_PRIVILEGED=1; or scan by connections',
  });
}

const absent = (program: string): Problem =>
  new Problem('unavailable', `The program ${program} is needed for this scan and is not here.`, {
    hint: 'apt-get install nmap, or name it by scans.nmap; scans by connections need none',
  });
