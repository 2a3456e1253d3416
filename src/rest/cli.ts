/** The commands of a client: one request to any server, and GitHub's API. */
import type { Command } from 'commander';
import { addGet, addWriters } from './call.ts';
import { addGithub } from './github/commands.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  addGet(program);
  addWriters(program);
  addGithub(program);
}
