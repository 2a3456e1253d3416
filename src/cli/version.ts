import type { Command } from 'commander';
import { version } from '../core/version.ts';
import { withExamples } from './command.ts';
import { openOutput } from './output.ts';

/** Adds `weir version`. */
export function addCommands(program: Command): void {
  const command = program.command('version').description('print versions').action(printVersions);
  withExamples(command, 'weir version', 'weir version --json');
}

function printVersions(_options: unknown, command: Command): void {
  const versions = { weir: version, node: process.version.slice(1), platform: `${process.platform}-${process.arch}` };
  openOutput(command).record(versions);
}
