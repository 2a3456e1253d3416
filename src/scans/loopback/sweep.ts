/**
 * All ports of a loopback address in a fraction of the time that sockets of Node take: helpers in Perl (`asker.pl`) ask them one after
 * the other. What they cannot tell for certain is left to the connect scanner, which asks it like a port of any other host.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { code } from '../state.ts';

const script = fileURLToPath(new URL('asker.pl', import.meta.url));

/** Below so many ports it takes longer to start helpers. */
export const leastPorts = 1000;

/** Codes by what the helper says of a port: those that leave no doubt. */
const certain = new Uint8Array(256).fill(code.none);
certain[0] = code.open;
certain[constants.errno.ECONNREFUSED] = code.refused;
certain[constants.errno.ECONNRESET] = code.reset;

export type SweepListener = {
  signal: AbortSignal;
  /** How many more ports were asked, and how many of them are open. */
  onAsked(ports: number, open: number): void;
};

/** A code for each of `ports`, in their order; `none` where the helpers do not know, and everywhere without Perl. */
export async function sweepLoopback(address: string, ports: Uint16Array, listener: SweepListener): Promise<Uint8Array> {
  const codes = new Uint8Array(ports.length).fill(code.none);
  await Promise.all(
    sharesOf(ports).map(async (share) => {
      const words = Buffer.alloc(2 * share.length);
      for (let i = 0; i < share.length; i++) words.writeUInt16BE(ports[share[i] as number] as number, 2 * i);
      let asked = 0;
      await ask(address, words, listener.signal, (ends) => {
        let open = 0;
        for (const end of ends) {
          const found = certain[end] as number;
          codes[share[asked++] as number] = found;
          if (found === code.open || found === code.reset) open++;
        }
        listener.onAsked(ends.length, open);
      });
    }),
  );
  return codes;
}

/**
 * Places of ports, in two shares: those that the kernel gives to our own end of a connection, and the others. Two helpers then never
 * connect to one another, which would look like an open port to both of them.
 */
function sharesOf(ports: Uint16Array): number[][] {
  const [first, last] = localPorts();
  const shares: [number[], number[]] = [[], []];
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i] as number;
    shares[port >= first && port <= last ? 0 : 1].push(i);
  }
  return shares.filter(({ length }) => length > 0);
}

function localPorts(): [number, number] {
  try {
    const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim().split(/\s+/).map(Number);
    if (first !== undefined && last !== undefined) return [first, last];
  } catch {
    // No /proc: one helper asks all.
  }
  return [0, 65_535];
}

/** Runs one helper to its end. One that cannot be started, or fails on the way, has told less than it was asked. */
async function ask(address: string, words: Buffer, signal: AbortSignal, onEnds: (ends: Buffer) => void): Promise<void> {
  const child = spawn('perl', [script, address], {
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'ignore'],
    signal,
    killSignal: 'SIGKILL',
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {}).end(words);
  child.stdout.on('data', onEnds);
  await once(child, 'close').catch(() => {});
}
