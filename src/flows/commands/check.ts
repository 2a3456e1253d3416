import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatCount } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import { withFlows } from './port.ts';

/** Adds `weir check`, which exits 1 where the store is not sound. */
export function addCheck(program: Command): void {
  const command = program.command('check').description('verify the store: counts, orphans, digests').action(check);
  withExamples(command, 'weir check', 'weir check --data /var/lib/weir', 'weir check --json');
}

async function check(_options: unknown, command: Command): Promise<void> {
  const result = await withFlows(command, (flows) => flows.check());
  const output = openOutput(command);
  if (!result.ok) process.exitCode = 1;
  if (output.form === 'json') return output.json(result);
  if (output.form === 'csv') return output.rows(result.findings, [], ['level', 'code', 'text', 'fix']);
  for (const { level, text, fix } of result.findings) output.line(`${level}: ${text}${fix ? `\n  fix: ${fix}` : ''}`);
  const counts = Object.entries(result.counts).map(([name, count]) => `${formatCount(count)} ${name.replaceAll('_', ' ')}`);
  output.line(`${result.ok ? 'sound' : 'not sound'}: ${counts.join(', ')}`);
}
