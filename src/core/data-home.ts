import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The data directory where none is named: `/var/lib/weir` for root, `$XDG_DATA_HOME/weir` otherwise
 * (XDG Base Directory Specification; `~/.local/share` where the variable is unset or not absolute).
 */
export function defaultDataFolder(env: NodeJS.ProcessEnv = process.env, userId = process.getuid?.()): string {
  if (userId === 0) return '/var/lib/weir';
  const base = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(env.HOME || homedir(), '.local', 'share');
  return join(base, 'weir');
}
