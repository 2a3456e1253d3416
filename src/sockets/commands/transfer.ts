import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { addReceive } from './transfer-receive.ts';
import { addTransferSend } from './transfer-send.ts';

/** Adds `weir sockets transfer`. */
export function addTransfer(sockets: Command): void {
  const transfer = sockets
    .command('transfer')
    .description('copy files to another machine: checked, resumed where they stopped, whole or not at all');
  addReceive(transfer);
  addTransferSend(transfer);
  withExamples(
    transfer,
    'weir sockets transfer receive --into inbox',
    'weir sockets transfer send report.pdf photos --to tcp://127.0.0.1:7010',
  );
}
