/** The commands of the access: `weir users …`, `login`, `logout`, `token …`, `audit`. */
import type { Command } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addLogin, addLogout } from './commands/login.ts';
import { addTokens } from './commands/tokens.ts';
import { addUsers } from './commands/users.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  for (const add of [addUsers, addLogin, addLogout, addTokens, addAudit]) add(program);
}
