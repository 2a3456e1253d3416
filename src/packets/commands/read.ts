import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { lineTimes } from '../lines/line-time.ts';
import type { ReadOptions } from './read-options.ts';

const repeated = (text: string, all: string[] = []): string[] => [...all, text];

/** Options of what is shown of packets: equal for files and for live captures. */
export function addShowOptions(command: Command): Command {
  return command
    .option('-Y, --where <words>', "only packets whose fields fit: 'tcp.dstport == 80 and ip.src == 10.0.0.0/8'")
    .addOption(new Option('-T, --form <form>', 'how packets are printed').choices(['lines', 'json', 'ndjson', 'fields']).default('lines'))
    .option('-e, --field <name>', 'a field to print, with -T fields or ndjson; may be repeated', repeated)
    .option('--header', 'begin -T fields with the names')
    .option('--separator <text>', 'between fields; \\t is a tab', '\\t')
    .option('--bytes', 'with -T json or ndjson: the captured octets, too (base64)')
    .addOption(new Option('--http', 'requests and answers of HTTP on any port, instead of packets').conflicts('handshakes'))
    .option('--handshakes', 'TCP handshakes with their round trips, instead of packets')
    .addOption(new Option('-t, --time <form>', 'the time that begins a line').choices(lineTimes).default('clock'))
    .option('-S, --absolute', 'TCP numbers as they are on the wire')
    .option('-#, --number', 'begin lines with the number of the packet');
}

/** Adds `weir packets read`. */
export function addRead(packets: Command): void {
  const command = packets
    .command('read')
    .argument('<file>', 'a pcap or pcapng file, packed or not; - for standard input')
    .description('print the packets of a capture: lines, JSON, fields, HTTP, handshakes');
  addShowOptions(command)
    .option('-c, --count <packets>', 'stop after so many packets that fit', wholeNumber(1))
    .action(async (file: string, options: ReadOptions, command: Command) => {
      const { readCapture } = await import('./read-capture.ts');
      await readCapture(file, options, command.optsWithGlobals<GlobalOptions>());
    });
  withExamples(
    command,
    'weir packets read office.pcap',
    "weir packets read office.pcap --where 'dns or tcp.flags.syn' -c 20",
    'weir packets read office.pcap -T fields -e ip.src -e tcp.dstport',
    'weir packets read office.pcap -T json --where http',
    'weir packets read office.pcap --http',
    'weir packets read office.pcap --handshakes --json',
  );
}
