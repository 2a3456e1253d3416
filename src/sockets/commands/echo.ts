import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { parseSocketAddress, type SocketAddress, showAddress } from '../address.ts';
import { checkEcho } from '../echo/check.ts';
import { type EchoServer, openEcho } from '../echo/server.ts';
import { defaultLimits, largestDatagram } from '../limits.ts';
import { untilStopped } from './until-stopped.ts';
import { addressWord, durationWord, sizeWord } from './words.ts';

/** Echo's own port, 7, is for root alone. */
const usual = ['tcp://127.0.0.1:7007', 'udp://127.0.0.1:7007'];

/** Adds `weir sockets echo`. */
export function addEcho(sockets: Command): void {
  const echo = sockets.command('echo').description('send back what comes (RFC 862), or check and time one that does');
  addServe(echo);
  addCheck(echo);
  withExamples(echo, 'weir sockets echo serve', 'weir sockets echo check tcp://127.0.0.1:7007 --count 1000');
}

function addServe(echo: Command): void {
  const command = echo
    .command('serve')
    .description('send back what comes, over TCP, UDP and Unix sockets, until Ctrl-C')
    .argument('[address...]', `where (${usual.join(' ')})`)
    .option('--upper', 'answer in capitals, to try clients that compare')
    .option('--delay <time>', 'answer so much later', durationWord, 0)
    .option('--drop <likelihood>', 'leave out datagrams, or reset connections, with a likelihood of 0 to 1', likelihood, 0)
    .option('--idle <time>', 'close connections that are silent for so long', durationWord, defaultLimits.idleMs)
    .option('--connections <count>', 'connections at once', wholeNumber(1), defaultLimits.connections)
    .action(
      async (
        addresses: string[],
        options: { upper?: boolean; delay: number; drop: number; idle: number; connections: number },
        command: Command,
      ) => {
        const output = openOutput(command);
        const { upper: isUpper = false, delay: delayMs, drop, idle: idleMs, connections } = options;
        const servers: EchoServer[] = [];
        try {
          for (const address of (addresses.length > 0 ? addresses : usual).map((text) => parseSocketAddress(text))) {
            const server = await openEcho(address, { isUpper, delayMs, drop, idleMs, connections });
            servers.push(server);
            output.note(`echo on ${showAddress(server.bound)}`);
          }
          await untilStopped(output, async () => {});
        } finally {
          for (const server of servers) await server.close();
        }
        for (const { bound, counts } of servers) {
          const taken =
            bound.kind === 'udp' ? `${counts.datagrams} datagrams (${counts.held} without an answer)` : `${counts.connections} connections`;
          output.note(`${showAddress(bound)}: ${taken}, ${counts.bytes} bytes`);
        }
      },
    );
  withExamples(command, 'weir sockets echo serve', 'weir sockets echo serve tcp://127.0.0.1:0 unix:/tmp/echo.sock --delay 20ms');
}

function likelihood(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

function addCheck(echo: Command): void {
  const command = echo
    .command('check')
    .description('send messages to an echo server, and check and time what comes back; exit code 1 when something is wrong or lost')
    .argument('<address>', 'tcp://HOST:PORT, udp://HOST:PORT or unix:PATH', addressWord)
    .option('-c, --count <messages>', 'how many, one after the other', wholeNumber(1), 100)
    .option('--size <bytes>', 'of each message', sizeWord, 64)
    .option('--interval <time>', 'between two messages', durationWord, 0)
    .option('--timeout <time>', 'how long to wait for an answer', durationWord, 5000)
    .action(
      async (address: SocketAddress, options: { count: number; size: number; interval: number; timeout: number }, command: Command) => {
        const output = openOutput(command);
        const size = Math.min(Math.max(1, options.size), address.kind === 'udp' ? largestDatagram : 16 * 1024 * 1024);
        const { count, interval: intervalMs, timeout: timeoutMs } = options;
        const result = await checkEcho(address, { count, size, intervalMs, timeoutMs });
        output.record({ address: showAddress(address), size, ...result });
        if (result.good < result.sent) process.exitCode = 1;
      },
    );
  withExamples(
    command,
    'weir sockets echo check tcp://127.0.0.1:7007',
    'weir sockets echo check udp://127.0.0.1:7007 --count 1000 --size 512 --json',
  );
}
