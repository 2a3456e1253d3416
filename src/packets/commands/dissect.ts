import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';

type DissectOptions = {
  where?: string;
  packet?: number;
  form: 'text' | 'json' | 'fields';
  field?: string[];
  only?: string[];
  seconds: number;
};

const repeated = (text: string, all: string[] = []): string[] => [...all, text];

/** Octets that tshark may write: its JSON is some forty times its capture. */
const mostOctets = 4_294_967_296;

/** Adds `weir packets dissect`. */
export function addDissect(packets: Command): void {
  const command = packets
    .command('dissect')
    .argument('<file>', 'a capture file that tshark can read')
    .description("open all layers of packets, with Wireshark's dissectors (needs tshark)")
    .option('-Y, --where <filter>', "a display filter of Wireshark, such as 'http.request'")
    .option('--packet <number>', 'this packet alone, counted from 1', wholeNumber(1))
    .addOption(new Option('-T, --form <form>', 'how packets are printed').choices(['text', 'json', 'fields']).default('text'))
    .option('-e, --field <name>', 'a field to print, with -T fields; may be repeated', repeated)
    .option('-O, --only <protocol>', 'with -T text: open this protocol alone; may be repeated', repeated)
    .option('--seconds <count>', 'how long tshark may take', wholeNumber(1), 600)
    .action(async (file: string, options: DissectOptions) => {
      const { where, packet, form, field = [], only = [], seconds } = options;
      const { dissect } = await import('../dissect/tshark.ts');
      const filters = [...(where === undefined ? [] : [`(${where})`]), ...(packet === undefined ? [] : [`frame.number == ${packet}`])];
      const filter = filters.length === 0 ? undefined : filters.join(' && ');
      const limits = { timeMs: seconds * 1000, octets: mostOctets };
      for await (const block of dissect({ file, filter, form, fields: field, protocols: only, ...limits }))
        if (!process.stdout.write(block)) await once(process.stdout, 'drain');
    });
  withExamples(
    command,
    'weir packets dissect office.pcap --packet 4',
    'weir packets dissect office.pcap --where http.request -T json',
    'weir packets dissect office.pcap -T fields -e ip.src -e http.host',
  );
}
