import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatCounted } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import { withFlows } from './port.ts';

/** Adds `weir flows seal`. */
export function addSeal(flows: Command): void {
  const command = flows.command('seal').description('write what is still hot to sealed Parquet files').action(seal);
  withExamples(command, 'weir flows seal', 'weir flows seal --data /var/lib/weir');
}

async function seal(_options: unknown, command: Command): Promise<void> {
  const sealed = await withFlows(command, (flows) => flows.seal());
  const output = openOutput(command);
  if (output.form !== 'table') return output.record(sealed);
  output.line(
    sealed.files === 0 ? 'nothing to seal' : `sealed ${formatCounted(sealed.rows, 'flow')} in ${formatCounted(sealed.files, 'file')}`,
  );
}
