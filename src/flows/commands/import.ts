import { type Command, InvalidArgumentError, Option } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { complain } from '../../cli/complaint.ts';
import { formatBytes, formatCount, formatCounted, formatDuration, formatScaled } from '../../cli/format.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { Problem } from '../../core/problem.ts';
import { parseDurationMs } from '../../core/quantity.ts';
import type { FlowsPort, Import, ImportOptions, ImportSource } from '../access.ts';
import { withFlows } from './port.ts';
import { findSources } from './sources.ts';

/** Adds `weir import`. */
export function addImport(program: Command): void {
  const seconds = (option: string) => (text: string) => parseDurationMs(text, option, 's') / 1000;
  const command = program
    .command('import')
    .description('turn capture and flow files into stored flows')
    .argument('<file...>', 'files, folders or globs; - is standard input')
    .option('--format <format>', 'how to read them (default: what their content says)')
    .option('--name <name>', 'what to call the source (default: the name of the file)')
    .addOption(
      new Option('--follow', 'go on while the file, a capture, is being written; end with Ctrl-C').conflicts([
        'again',
        'keepGood',
        'skipBad',
        'epoch',
      ]),
    )
    .option('--again', 'take content that is stored already once more')
    .option('--keep-good', 'of a damaged capture keep what was good')
    .option('--skip-bad [count]', 'pass over bad rows, at most so many', parseSkipBad)
    .option('--uniflow', 'one flow for each direction')
    .addOption(new Option('--tunnels <which>', 'meter inside of tunnels').choices(['inner', 'both']))
    .option('--active <seconds>', 'active time-out, 0 for none', seconds('--active'))
    .option('--idle <seconds>', 'idle time-out of TCP and all else, 0 for none', seconds('--idle'))
    .option('--idle-udp <seconds>', 'idle time-out of UDP', seconds('--idle-udp'))
    .option('--idle-icmp <seconds>', 'idle time-out of ICMP', seconds('--idle-icmp'))
    .option('--tcp-close <seconds>', 'how long a closed session waits for late packets', seconds('--tcp-close'))
    .option('--key-vlan', 'tell flows of different VLANs apart')
    .option('--key-interface', 'tell flows of different interfaces of a pcapng file apart')
    .option('--macs', 'keep Ethernet addresses')
    .option('--epoch <time>', 'the origin of relative times: seconds or ISO 8601')
    .action(importFiles);
  withExamples(
    command,
    'weir import office.pcap',
    'weir import captures/ "more/*.pcapng.zst" --keep-good',
    'weir import flows.txt.gz --skip-bad=100',
    'weir import --follow /var/log/eth0.pcap',
    'tcpdump -i eth0 -w - -c 10000 | weir import - --name eth0',
  );
}

type ImportFlags = {
  format?: string;
  name?: string;
  follow?: boolean;
  again?: boolean;
  keepGood?: boolean;
  skipBad?: number | true;
  uniflow?: boolean;
  tunnels?: 'inner' | 'both';
  active?: number;
  idle?: number;
  idleUdp?: number;
  idleIcmp?: number;
  tcpClose?: number;
  keyVlan?: boolean;
  keyInterface?: boolean;
  macs?: boolean;
  epoch?: string;
  verbose?: boolean;
};

// `--skip-bad FILE` would take the file for the count, so anything else than digits says how to write it.
function parseSkipBad(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError(`Expected a count as in --skip-bad=100; put a bare --skip-bad after the files.`);
  return Number(text);
}

function importOptions({ keepGood, skipBad, idleUdp, idleIcmp, tcpClose, keyVlan, keyInterface, ...flags }: ImportFlags): ImportOptions {
  const { format, again, uniflow, tunnels, active, idle, macs, epoch } = flags;
  const options = {
    format,
    again,
    keep_good: keepGood,
    skip_bad: skipBad === true ? 'all' : skipBad,
    uniflow,
    tunnels,
    active,
    idle,
    idle_udp: idleUdp,
    idle_icmp: idleIcmp,
    tcp_close: tcpClose,
    key_vlan: keyVlan,
    key_interface: keyInterface,
    macs,
    epoch,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Imports one source after the other. A source that fails is told and passed over; the exit code is that of the first. */
async function importFiles(words: string[], flags: ImportFlags, command: Command): Promise<void> {
  if (flags.follow) {
    const named = flags.name === undefined ? {} : { name: flags.name };
    return await (await import('./follow.ts')).followFile(words, { ...importOptions(flags), ...named }, command, describe);
  }
  const output = openOutput(command);
  const { verbose } = command.optsWithGlobals<ImportFlags>();
  const sources = await findSources(words);
  const done: Import[] = [];
  const options = importOptions(flags);
  const [first] = sources;
  await withFlows(
    command,
    async (port) => {
      for (const found of sources) {
        const source = flags.name === undefined ? found : { ...found, name: flags.name };
        try {
          const result = await importOne(port, source, options, output);
          done.push(result);
        } catch (error) {
          const { lines, exitCode } = complain(error, verbose);
          process.stderr.write(`${(isFatal(error) ? lines : ofSource(source, lines)).join('\n')}\n`);
          process.exitCode ||= exitCode;
          if (isFatal(error)) break;
        }
      }
    },
    {
      creates: true,
      expectsImport: true,
      imports: first === undefined ? undefined : { source: { ...first, name: flags.name ?? first.name }, options },
    },
  );
  if (sources.length > 1 && !output.quiet) output.line(sumUp(done, sources.length));
  if (output.form !== 'table') output.rows(done as unknown as Record<string, unknown>[], [], importFields);
}

// Nobody there, the disk full, or an option that nobody understands: the next source would fare no better. One file that cannot be read
// names itself.
const isFatal = (error: unknown): boolean =>
  !(error instanceof Problem) ||
  (['unavailable', 'denied', 'internal'].includes(error.code) && error.facts?.path === undefined) ||
  error.pointer !== undefined;

/** The lines of a complaint, with the file that it is about. */
function ofSource({ path, name }: ImportSource, [title = '', ...rest]: string[]): string[] {
  return [title.includes(name) ? title : title.replace(/^weir: /, `weir: ${path ?? name}: `), ...rest];
}

/** The line under several sources. */
function sumUp(done: readonly Import[], sources: number): string {
  const sum = (read: (one: Import) => number): number => done.reduce((total, one) => total + read(one), 0);
  const packets = sum((one) => one.packets);
  const metered = packets > 0 ? `${formatCounted(packets, 'packet')} in ` : '';
  return `${formatCount(done.length)} of ${formatCounted(sources, 'file')} imported: ${metered}${formatCounted(
    sum((one) => one.flows),
    'flow',
  )}`;
}

const importFields = ['id', 'name', 'format', 'bytes_read', 'packets', 'flows', 'rows_bad', 'skipped', 'started_at', 'ended_at', 'digest'];

async function importOne(port: FlowsPort, source: ImportSource, options: ImportOptions, output: Output): Promise<Import> {
  const bar = new ProgressBar({ label: source.name, quiet: output.quiet });
  try {
    const result = await port.import(source, options, (state) =>
      bar.update({ bytes: state.bytes_read, total: state.bytes_total, remark: remarkOf(state) }),
    );
    bar.end();
    if (!output.quiet) for (const line of describe(result, bar.seconds)) output.line(line);
    return result;
  } finally {
    bar.end();
  }
}

function remarkOf({ state, packets, flows }: Import): string {
  const counts = [packets > 0 ? `${formatScaled(packets)} packets` : '', flows > 0 ? `${formatScaled(flows)} flows` : ''];
  return [...counts, state === 'committing' ? 'storing' : ''].filter((part) => part !== '').join('  ');
}

/** What came of an import: packets read = packets in flows + packets skipped, by reason. */
function describe(result: Import, seconds: number): string[] {
  const { name, packets, packets_metered, flows, bytes_read, skipped, rows_bad, warnings, bad_rows } = result;
  const skippedCount = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  const rate = seconds > 0 ? `, ${formatBytes(bytes_read / seconds)}/s` : '';
  const metered = packets > 0 ? `${formatCounted(packets, 'packet')}: ${formatCount(packets_metered)} in ` : '';
  const reasons = Object.entries(skipped)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const lost =
    skippedCount > 0
      ? `, ${formatCount(skippedCount)} skipped (${reasons.map(([reason, count]) => `${formatCount(count)} ${reason}`).join(', ')})`
      : '';
  return [
    `${name}: ${metered}${formatCounted(flows, 'flow')}${lost}; ${formatBytes(bytes_read)} in ${formatDuration(seconds)}${rate}`,
    ...(rows_bad > 0 ? [`  ${formatCounted(rows_bad, 'bad row')} passed over`] : []),
    ...bad_rows.map(({ reason }) => `    ${reason}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ];
}
