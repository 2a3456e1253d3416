/** What `weir doctor` checks for captures: whether this user may open an interface. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { Finding } from './finding.ts';

const run = promisify(execFile);

/** How long tcpdump may take to see a packet of ours, and between two of them: those before it listens are not seen. */
const patienceMs = 5000;
const betweenMs = 50;
const code = 'capture';
const fix =
  'sudo setcap cap_net_raw+ep "$(readlink -f "$(command -v tcpdump)")"   (for a service: AmbientCapabilities=CAP_NET_RAW in its unit)';

/** Has tcpdump wait for a packet that we send over loopback. Nothing is found where it is missing: that is another check's. */
export async function checkCapture(program = 'tcpdump'): Promise<Finding[]> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const sending = setInterval(() => socket.send('weir', port, '127.0.0.1'), betweenMs);
  try {
    const words = ['-i', 'lo', '-n', '-p', '-c', '1', '--immediate-mode', '-w', '/dev/null', '--', `udp and dst port ${port}`];
    await run(program, words, { timeout: patienceMs, env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' } });
    return [{ level: 'ok', code, text: 'this user may capture' }];
  } catch (error) {
    const { code: reason, stderr = '', killed } = error as { code?: string | number; stderr?: string; killed?: boolean };
    if (reason === 'ENOENT') return [];
    const why = killed ? 'tcpdump saw nothing of what was sent over loopback' : (stderr.trim().split('\n').at(-1) ?? '');
    return [{ level: 'warning', code, text: `this user may not capture: ${why}`, fix }];
  } finally {
    clearInterval(sending);
    socket.close();
  }
}
