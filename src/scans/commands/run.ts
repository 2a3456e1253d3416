import { type Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { onInterrupt } from '../../cli/interrupt.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import type { ShownScan } from '../api.ts';
import type { Method } from '../plan.ts';
import type { ScansClient } from '../remote.ts';
import type { ScanRequest } from '../request.ts';
import { withScans } from './port.ts';
import { noteHosts, printHosts, printPorts, remarkOf } from './print.ts';
import { ProgressLine } from './progress-line.ts';

type RunOptions = {
  ports?: string;
  exclude?: string;
  syn?: boolean;
  fin?: boolean;
  discover?: boolean;
  rate?: number;
  concurrency?: number;
  retries?: number;
  assumeUp?: boolean;
  iAmAuthorised?: boolean;
  name?: string;
  all?: boolean;
  every?: string;
  ticket: boolean;
  wait: boolean;
  direct?: boolean;
  allow?: string[];
};

const repeated = (text: string, all: string[] = []): string[] => [...all, text];

/** Adds `weir scans run`. */
export function addRun(scans: Command): void {
  const command = scans
    .command('run')
    .description('scan ports of hosts')
    .argument('<target...>', 'addresses, 10.0.0.0/24, 10.0.0.1-20, names')
    .option('-p, --ports <list>', '22,80,1000-2000,https; - for all; top:100 (default)')
    .option('--exclude <list>', 'ports to leave out')
    .addOption(new Option('--syn', 'by SYN packets (nmap, root)').conflicts(['fin', 'discover']))
    .addOption(new Option('--fin', 'by FIN packets (nmap, root)').conflicts('discover'))
    .option('--discover', 'look only which hosts are up (nmap, root)')
    .option('--rate <count>', 'new probes a second', wholeNumber(1))
    .option('--concurrency <count>', 'connections at once', upTo(2000))
    .option('--retries <count>', 'how often a silent port is tried again', wholeNumber(0))
    .option('--assume-up', 'ask all hosts of ranges, also those that nothing shows to be up')
    .option('--i-am-authorised', 'I may scan these targets (needed outside of private networks)')
    .option('--name <name>', 'a name for people')
    .option('--all', 'print ports in all states, not open ones alone')
    .option('--every <time>', 'repeat it: 30m, 6h, 1d')
    .option('--no-ticket', 'with --every: no ticket when a port is newly open')
    .option('--no-wait', 'print the id, and let it run')
    .option('--direct', 'scan from this host, without a server; nothing is kept')
    .option('--allow <network>', 'with --direct: a network that may be scanned, too; may be repeated', repeated)
    .action(run);
  withExamples(
    command,
    'weir scans run 127.0.0.1 -p 1-1024',
    'weir scans run 10.0.0.0/24 -p ssh,https --json',
    'weir scans run --direct ::1 -p -',
    'weir scans run 10.0.0.0/24 -p top:100 --every 1d',
  );
}

async function run(targets: string[], options: RunOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const request = requestOf(targets, options);
  if (options.direct) {
    const { runDirect } = await import('./direct.ts');
    return await runDirect(output, request, { allow: options.allow ?? [], isAll: options.all === true });
  }
  await withScans(command, async (scans) => {
    if (options.every !== undefined) {
      const schedule = await scans.schedule({ ...request, every: options.every, ticket: options.ticket });
      return output.form === 'table' ? output.line(schedule.id) : output.record(schedule);
    }
    const scan = await scans.run(request);
    if (!options.wait) return output.form === 'table' ? output.line(String(scan.id)) : output.record(scan);
    const end = await followed(output, scans, scan);
    const hosts = await scans.hosts(String(scan.id));
    if (options.discover) printHosts(output, hosts);
    else {
      printPorts(output, await scans.results(String(scan.id), options.all ? 'all' : 'open'));
      noteHosts(output, hosts.slice(0, 100));
    }
    output.note(`scan ${end.id} is ${end.state}${end.reason === undefined ? '' : ` (${end.reason})`}: ${remarkOf(end)}`);
    if (end.state !== 'done') process.exitCode = 1;
  });
}

/** Follows a scan to its end, and shows on a terminal how far it is. */
async function followed(output: Output, scans: ScansClient, scan: ShownScan): Promise<ShownScan> {
  const line = new ProgressLine(output);
  const forget = onInterrupt(() => {
    line.end();
    output.note(`scan ${scan.id} goes on: weir scans cancel ${scan.id}`);
  });
  let last = scan;
  try {
    for await (last of scans.follow(scan.id)) line.show(last);
  } finally {
    line.end();
    forget();
  }
  return last;
}

function requestOf(targets: string[], options: RunOptions): ScanRequest {
  const { syn, fin, discover, ports, exclude, rate, concurrency, retries, assumeUp, iAmAuthorised, name } = options;
  const method: Method | undefined = syn ? 'syn' : fin ? 'fin' : discover ? 'discover' : undefined;
  const members = {
    targets,
    ports,
    exclude_ports: exclude,
    method,
    rate,
    concurrency,
    retries,
    assume_up: assumeUp,
    authorised: iAmAuthorised,
    name,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ScanRequest;
}

function upTo(most: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(1)(text);
    if (value > most) throw new InvalidArgumentError(`Expected ${most} at most.`);
    return value;
  };
}
