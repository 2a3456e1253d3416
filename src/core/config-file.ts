/** Where the configuration stands: apart from what reads it, so that a command that finds none loads nothing more. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Problem } from './problem.ts';

/**
 * The file to read: the one named by a flag or by `WEIR_CONFIG` (which must exist), else the first of
 * `$XDG_CONFIG_HOME/weir/weir.json` and `/etc/weir/weir.json` that exists, else none.
 */
export function findConfigFile(named: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  const wanted = named ?? environment.WEIR_CONFIG;
  if (wanted) {
    if (!existsSync(wanted))
      throw new Problem('not-found', `There is no configuration file ${wanted}.`, {
        hint: 'weir config > FILE writes one with the defaults',
      });
    return wanted;
  }
  const home = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config');
  return [join(home, 'weir', 'weir.json'), '/etc/weir/weir.json'].find((path) => existsSync(path));
}

/** False when a room has its defaults for sure: there is no file, and no variable of its own. */
export const isConfigured = (room: string, environment: NodeJS.ProcessEnv): boolean =>
  findConfigFile(undefined, environment) !== undefined ||
  Object.keys(environment).some((name) => name.startsWith(`WEIR_${room.toUpperCase()}_`));
