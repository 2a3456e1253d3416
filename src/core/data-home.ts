import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The data directory where none is named: `$XDG_DATA_HOME/weir` (XDG Base Directory Specification; `~/.local/share` where
 * the variable is unset or not absolute), or `/var/lib/weir` for root without that variable.
 */
export function defaultDataFolder(env: NodeJS.ProcessEnv = process.env, userId = process.getuid?.()): string {
  if (env.XDG_DATA_HOME?.startsWith('/')) return join(env.XDG_DATA_HOME, 'weir');
  return userId === 0 ? '/var/lib/weir' : join(env.HOME || homedir(), '.local', 'share', 'weir');
}
