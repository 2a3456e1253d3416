import { type Command, Option } from 'commander';
import { type GlobalOptions, wholeNumber, withExamples } from '../../cli/command.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import { type SocketAddress, showAddress } from '../address.ts';
import { readAllowed } from '../allowed.ts';
import type { House } from '../destinations/house.ts';
import { openDestination } from '../destinations/open.ts';
import type { TextForm } from '../destinations/text.ts';
import { type Framing, lines } from '../framing/framing.ts';
import { defaultLimits } from '../limits.ts';
import { Listener } from '../listener.ts';
import { parseTo, type To } from '../to.ts';
import { untilStopped } from './until-stopped.ts';
import { addressWord, another, durationWord, framingWord, sizeWord } from './words.ts';

type ListenOptions = GlobalOptions & {
  frame?: Framing;
  to: string;
  file?: string;
  raw?: boolean;
  count?: number;
  idle: number;
  connections: number;
  datagram: number;
  queue: number;
  allow: string[];
};

/** Adds `weir sockets listen`. */
export function addListen(sockets: Command): void {
  const command = sockets
    .command('listen')
    .description('take frames from whoever connects or sends, until Ctrl-C')
    .argument(
      '<address...>',
      'tcp://HOST:PORT (port 0: any free one), udp://HOST:PORT or unix:PATH',
      (text, before: SocketAddress[] = []) => [...before, addressWord(text)],
    )
    .option('--frame <framing>', 'how streams are cut: line, length:4, fixed:64, delimiter:\\x00, raw', framingWord)
    .option('--to <place>', 'stdout, file:PATH, records:COLLECTION, tickets, flows[:NAME] or discard', 'stdout')
    .option('--file <path>', 'the file of --to file')
    .option('--raw', 'to standard output as it came, in its own framing')
    .option('-c, --count <frames>', 'end after so many frames', wholeNumber(1))
    .option('--idle <time>', 'close connections that are silent for so long', durationWord, defaultLimits.idleMs)
    .option('--connections <count>', 'connections at once', wholeNumber(1), defaultLimits.connections)
    .option('--datagram <size>', 'bytes of a datagram at most', sizeWord, defaultLimits.datagram)
    .option('--queue <size>', 'bytes that may wait until they are delivered', sizeWord, defaultLimits.queue)
    .addOption(new Option('--allow <network>', 'take from these networks (and this machine) alone').argParser(another).default([]))
    .action(async (addresses: SocketAddress[], options: ListenOptions, command: Command) => listen(addresses, options, command));
  withExamples(
    command,
    'weir sockets listen tcp://127.0.0.1:9000',
    "weir sockets listen unix:/tmp/in.sock --frame 'delimiter:\\x00' --to file:/tmp/frames",
    'weir sockets listen udp://127.0.0.1:5514 --to records:syslog',
    'weir sockets listen tcp://127.0.0.1:9000 --frame length:4 --json --count 10',
  );
}

async function listen(addresses: readonly SocketAddress[], options: ListenOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const to = parseTo(options.to === 'file' && options.file !== undefined ? `file:${options.file}` : options.to, 'listen');
  const house = await houseOf(to, command);
  const end = Promise.withResolvers<void>();
  const places = new Map<Listener, string>();
  const listeners = addresses.map((address) => listenerOf(address, { to, house: house?.house, output, options }));
  try {
    for (const listener of listeners) {
      await listener.start();
      if (options.count !== undefined) endAfter(listeners, listener, options.count, end.resolve);
      const place = showAddress(listener.bound ?? listener.plan.address);
      places.set(listener, place);
      output.note(`listening on ${place}, frames go to ${options.to}`);
    }
    await Promise.race([untilStopped(output, async () => {}), end.promise]);
  } finally {
    await Promise.all(listeners.map((listener) => listener.stop()));
    house?.close();
  }
  for (const listener of listeners) output.note(`${places.get(listener)}: ${summaryOf(listener)}`);
  if (listeners.some(({ outcome }) => outcome.lost + outcome.refused > 0)) process.exitCode = 1;
}

function summaryOf({ plan, counters, outcome }: Listener): string {
  const { frames, bytes, accepted } = counters;
  const from = plan.address.kind === 'udp' ? '' : ` from ${accepted} connections`;
  return `${frames} frames, ${bytes} bytes${from}; ${outcome.delivered} delivered, ${outcome.refused} refused, ${outcome.lost} lost`;
}

type Context = { to: To; house: House | undefined; output: Output; options: ListenOptions };

function listenerOf(address: SocketAddress, { to, house, output, options }: Context): Listener {
  const { frame = lines, allow, idle, connections, datagram, queue } = options;
  const form: TextForm = output.form === 'json' ? 'json' : to.kind === 'stdout' && options.raw !== true ? 'lines' : 'framed';
  const isDatagrams = address.kind === 'udp';
  return new Listener(
    { name: 'listen', address, framing: frame, to: options.to },
    {
      limits: {
        ...defaultLimits,
        idleMs: idle,
        firstMs: Math.max(idle, defaultLimits.firstMs),
        connections,
        perAddress: connections,
        datagram,
        queue,
      },
      allowed: allow.length === 0 ? undefined : readAllowed(allow, '--allow'),
      openDestination: () => openDestination(to, { name: 'listen', framing: frame, isDatagrams, house: house ?? noHouse, form }),
      now: () => Date.now(),
      onFault: (error) => output.note(`not delivered: ${error instanceof Error ? error.message : error}`),
    },
  );
}

function endAfter(listeners: readonly Listener[], listener: Listener, count: number, end: () => void): void {
  listener.watch(() => {
    if (listeners.reduce((sum, { counters }) => sum + counters.frames, 0) >= count) end();
  });
}

/** A connection to the server for what only it can do. */
async function houseOf({ kind }: To, command: Command): Promise<{ house: House; close(): void } | undefined> {
  if (kind !== 'records' && kind !== 'tickets' && kind !== 'flows') return undefined;
  const { SocketsClient } = await import('../remote.ts');
  return new SocketsClient(command.optsWithGlobals<GlobalOptions>().server);
}

const refuse = async (): Promise<never> => {
  throw new Problem('internal', 'There is no server to ask.');
};
const noHouse: House = { addRecords: refuse, openTicket: refuse, importFlows: refuse };
