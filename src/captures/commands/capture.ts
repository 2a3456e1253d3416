import { type Command, InvalidArgumentError, Option } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { readDuration, readSize } from '../../core/quantity.ts';
import { addShowOptions } from '../../packets/commands/index.ts';
import type { CaptureOptions } from './capture-options.ts';

const readMilliseconds = (text: string): number => Number(needed(readDuration(text, 's'), 'a time, such as 30s or 5m') / 1_000_000n);
const readOctets = (text: string): number => Number(needed(readSize(text), 'a size, such as 100MB'));

function needed(value: bigint | undefined, what: string): bigint {
  if (value === undefined || value <= 0n) throw new InvalidArgumentError(`Expected ${what}.`);
  return value;
}

/** Adds `weir packets capture`. */
export function addCapture(packets: Command): void {
  const command = packets
    .command('capture')
    .argument('[filter...]', 'a capture filter of libpcap, as for tcpdump: tcp port 80')
    .description('capture packets of an interface: print them, write files, make flows, in any combination')
    .requiredOption('-i, --interface <name>', 'an interface of `weir packets interfaces`; any for all');
  addShowOptions(command)
    .option('-w, --write <file>', 'write a pcap file; nothing is printed then, unless --print')
    .option('-C, --turn-size <size>', 'begin another file at this size: 100MB', readOctets)
    .option('-G, --turn-time <time>', 'begin another file after this time: 5m', readMilliseconds)
    .option('--turn-packets <count>', 'begin another file after so many packets', wholeNumber(1))
    .option('-W, --keep <count>', 'keep so many files; the oldest goes', wholeNumber(2))
    .option('--flows', 'make flows and store them in the server (--server), or in --data; nothing is printed then, unless --print')
    .option('--to <url>', 'the same, with the Weir at this URL: be a sensor of it')
    .option('--spool <dir>', 'where flows wait until they are stored (default: in the data home)')
    .option('--spool-size <size>', 'what may wait there; flows beyond that are lost, and counted (default: 4 GiB)', readOctets)
    .option('--idle <time>', 'a flow silent for so long has ended', readMilliseconds)
    .option('--idle-udp <time>', 'the same for UDP and ICMP', readMilliseconds)
    .option('--active <time>', 'a flow older than this is cut', readMilliseconds)
    .option('--uniflow', 'one flow for each direction')
    .option('--print', 'print packets besides')
    .option('-c, --count <packets>', 'stop after so many packets', wholeNumber(1))
    .option('--duration <time>', 'stop after this time', readMilliseconds)
    .option('-s, --snap <bytes>', 'bytes kept of a packet', wholeNumber(14), 262_144)
    .option('-B, --buffer <size>', "the kernel's buffer", readOctets, 16_777_216)
    .option('--promiscuous', 'see packets for others, too')
    .option('--no-immediate', 'take packets in blocks: for more than some 20,000 a second')
    .addOption(new Option('--tool <program>', 'what opens the interface').choices(['tcpdump', 'dumpcap']).default('tcpdump'))
    .action(async (words: string[], options: CaptureOptions, command: Command) => {
      const { captureLive } = await import('./live-command.ts');
      await captureLive(words.join(' '), options, command.optsWithGlobals<GlobalOptions>());
    });
  withExamples(
    command,
    'weir packets capture -i eth0 tcp port 443',
    'weir packets capture -i any --http',
    'weir packets capture -i br-1eb30f278167 -w docker.pcap -C 100MB -W 10',
    'weir packets capture -i eth0 --flows',
    'weir packets capture -i eth0 --to https://weir.example',
  );
}
