import { type Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { formatBytes, formatCount } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';

type ReplayCommandOptions = { to: string; speed: number; port?: number };

/** Adds `weir replay`. */
export function addReplay(program: Command): void {
  const command = program
    .command('replay')
    .argument('<capture>', 'a pcap or pcapng file with the datagrams, packed or not')
    .description('send recorded flow exports again, to this or another collector')
    .addOption(new Option('--to <url>', 'udp://HOST:PORT, or tcp://HOST:PORT for IPFIX').makeOptionMandatory())
    .option('--speed <factor>', 'how many times faster than recorded; max for no pauses', readSpeed, 1)
    .option('--port <number>', 'only what was sent to this UDP port', wholeNumber(1))
    .action(replayCapture);
  withExamples(
    command,
    'weir replay exports.pcap --to udp://127.0.0.1:2055',
    'weir replay exports.pcap.gz --to udp://127.0.0.1:2055 --speed max --port 2055',
  );
}

function readSpeed(text: string): number {
  if (text === 'max') return 0;
  const speed = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || speed <= 0) throw new InvalidArgumentError('Expected a number above 0, or max.');
  return speed;
}

async function replayCapture(capture: string, { to, speed, port }: ReplayCommandOptions, command: Command): Promise<void> {
  const [{ replay }, { parseExportListener }] = await Promise.all([import('../exporters/replay.ts'), import('../exporters/listen.ts')]);
  const target = parseExportListener(to);
  if (target.port === 0) throw new Problem('invalid', 'Exports are sent to a port from 1 up.', { pointer: '--to' });
  const controller = new AbortController();
  const sent = await replay(capture, { to: target, speed, port, signal: controller.signal, onProgress: () => undefined });
  openOutput(command).record(sent, () => [
    ['datagrams', formatCount(sent.datagrams)],
    ['bytes', formatBytes(sent.bytes)],
    ['no datagrams', `${formatCount(sent.passed)} packets, ${formatCount(sent.cut)} cut`],
  ]);
}
