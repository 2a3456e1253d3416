/**
 * Makes `examples/loopback.pcap.gz`, the capture that the project ships: starts small services on the loopback interface,
 * talks to them, and records that traffic alone with tcpdump. Needs Linux, tcpdump, ping and the right to capture (root).
 *
 *   node scripts/make-demo-capture.ts [FILE]
 *
 * The play: 127.77.0.0/24 is an office. Clients .11 to .13 ask the web server .80 and the name server .53, chat with the
 * echo .7, write to the log collector .14 and knock in vain at .99. The IPv6 part is between ::1 and itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, createServer as createHttpServer, get } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { answerName } from './name-server.ts';

const target = process.argv[2] ?? fileURLToPath(new URL('../examples/loopback.pcap.gz', import.meta.url));

const hosts = { web: '127.77.0.80', names: '127.77.0.53', echo: '127.77.0.7', logs: '127.77.0.14', closed: '127.77.0.99' };
const clients = ['127.77.0.11', '127.77.0.12', '127.77.0.13'] as const;
const ports = { web: 18_080, echo: 18_007, names: 18_053, logs: 18_514, closed: 18_099 };
// Nothing else of this machine may end up in a file that everyone downloads.
const filter = 'net 127.77.0.0/24 or (ip6 host ::1 and (portrange 18000-18999 or icmp6))';

const closers: (() => unknown)[] = [];

async function main(): Promise<void> {
  await startServices();
  const recorder = await startRecorder();
  await Promise.all([browse(), lookUpNames(), chat(), writeLogs(), knockOnClosedDoors(), pingAround()]);
  await sleep(300); // the last acknowledgements
  const capture = await recorder.end();
  for (const close of closers) close();
  writeFileSync(target, gzipSync(capture, { level: 9 }));
  process.stdout.write(`${target}: ${capture.length} octets of capture\n`);
}

// Services.

async function startServices(): Promise<void> {
  for (const host of [hosts.web, '::1']) await listen(startWeb(), ports.web, host);
  await listen(startEcho(), ports.echo, hosts.echo);
  for (const host of [hosts.names, '::1']) await bindNames(host);
  await bind('udp4', ports.logs, hosts.logs);
}

const page = (path: string): string =>
  `<!doctype html><title>${path}</title>\n${'<p>The weir is a low dam that measures a river.\n'.repeat(20)}`;

/** Answers `/download/N` with N octets, and any other path with a page of about 1 kB. */
const startWeb = (): Server =>
  createHttpServer((request, response) => {
    const octets = Number(/^\/download\/(\d+)$/.exec(request.url ?? '')?.[1]);
    if (Number.isNaN(octets)) response.setHeader('content-type', 'text/html').end(page(request.url ?? ''));
    else response.end(Buffer.alloc(octets, 'all of this came over the loopback interface. '));
  });

const startEcho = (): Server => createServer((socket) => socket.pipe(socket).on('error', () => undefined));

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
  closers.push(() => server.close());
}

async function bind(type: 'udp4' | 'udp6', port: number, host: string): Promise<Socket> {
  const socket = createSocket(type);
  socket.bind(port, host);
  await once(socket, 'listening');
  closers.push(() => socket.close());
  return socket;
}

async function bindNames(host: string): Promise<void> {
  const socket = await bind(host.includes(':') ? 'udp6' : 'udp4', ports.names, host);
  socket.on('message', (question, from) => socket.send(answerName(question), from.port, from.address));
}

// Traffic. Each part takes some seconds, so that the capture has a course over time.

async function browse(): Promise<void> {
  const paths = ['/', '/news', '/download/40000', '/about', '/download/250000', '/weather', '/download/9000', '/news'];
  for (const [turn, path] of paths.entries()) {
    await Promise.all(clients.slice(0, 1 + (turn % clients.length)).map((localAddress) => fetchPage(hosts.web, path, localAddress)));
    await fetchPage('::1', path);
    await sleep(700);
  }
}

async function fetchPage(host: string, path: string, localAddress?: string): Promise<void> {
  const agent = new Agent({ keepAlive: false });
  const request = get({ host, port: ports.web, path, agent, ...(localAddress !== undefined && { localAddress }) });
  const [response] = await once(request, 'response');
  await once(response.resume(), 'end');
}

async function lookUpNames(): Promise<void> {
  const resolvers = [...clients, undefined].map((client) => {
    const resolver = new Resolver({ timeout: 500, tries: 1 });
    if (client !== undefined) resolver.setLocalAddress(client);
    resolver.setServers([client === undefined ? `[::1]:${ports.names}` : `${hosts.names}:${ports.names}`]);
    return resolver;
  });
  const names = ['www.example.test', 'mail.example.test', 'river.example.test', 'gone.example.test'];
  for (let turn = 0; turn < 12; turn++) {
    const resolver = resolvers[turn % resolvers.length] as Resolver;
    // The name server denies `gone`, which is part of the play.
    await resolver.resolve4(names[turn % names.length] as string).catch(() => undefined);
    await sleep(450);
  }
}

/** Three long sessions on the echo, a line now and then; the last is torn down with RST. */
async function chat(): Promise<void> {
  const sockets = clients.map((localAddress) => connect({ host: hosts.echo, port: ports.echo, localAddress }));
  for (const socket of sockets) socket.resume();
  for (let line = 0; line < 8; line++) {
    for (const [who, socket] of sockets.entries()) if ((line + who) % 2 === 0) socket.write(`line ${line} of client ${who}\n`);
    await sleep(650);
  }
  sockets.pop()?.resetAndDestroy();
  for (const socket of sockets) socket.end();
}

/** One way only, as syslog over UDP goes. */
async function writeLogs(): Promise<void> {
  for (const [who, client] of clients.entries()) {
    const socket = createSocket('udp4');
    socket.bind(0, client);
    await once(socket, 'listening');
    for (let line = 0; line < 5; line++) {
      socket.send(`<134>host${who} demo[${1000 + who}]: this is message ${line}`, ports.logs, hosts.logs);
      await sleep(300);
    }
    socket.close();
  }
}

/** TCP answers with RST, UDP with an ICMP message that nobody is there. */
async function knockOnClosedDoors(): Promise<void> {
  for (const [from, host] of [
    [clients[2], hosts.closed],
    ['::1', '::1'],
  ] as const) {
    await once(connect({ host, port: ports.closed, localAddress: from }), 'error').catch(() => undefined); // once() rejects with it
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, from);
    await once(socket, 'listening');
    socket.send('anybody there?', ports.closed, host);
    await sleep(400);
    socket.close();
  }
}

async function pingAround(): Promise<void> {
  for (const args of [['-I', clients[0], hosts.web], ['-I', clients[1], hosts.names], ['::1']]) {
    await ended(spawn('ping', ['-n', '-c', '3', '-i', '0.5', ...args], { stdio: 'ignore' }), 'ping');
  }
}

// Recording.

async function startRecorder(): Promise<{ end: () => Promise<Buffer> }> {
  // A slot of the kernel's ring is as long as the longest frame, so the usual 2 MiB would be eight slots and lose packets.
  const args = ['-i', 'lo', '-n', '-w', '-', '-B', '65536', '-s', '66000', '--immediate-mode', '--time-stamp-precision=nano', filter];
  const tcpdump = spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const blocks: Buffer[] = [];
  tcpdump.stdout.on('data', (block: Buffer) => blocks.push(block));
  const finished = ended(tcpdump, 'tcpdump');
  await Promise.race([untilListening(tcpdump), finished.then(() => Promise.reject(new Error('tcpdump ended before it began')))]);
  const words: string[] = [];
  tcpdump.stderr.on('data', (text) => words.push(String(text)));
  const end = async (): Promise<Buffer> => {
    tcpdump.kill('SIGINT'); // it then writes what it still holds
    await finished;
    if (!/^0 packets dropped by kernel$/m.test(words.join(''))) throw new Error(`packets were lost:\n${words.join('')}`);
    return Buffer.concat(blocks);
  };
  return { end };
}

async function untilListening({ stderr }: ChildProcess): Promise<void> {
  const isListening = Promise.withResolvers<void>();
  stderr?.on('data', (text) => String(text).includes('listening on') && isListening.resolve());
  await isListening.promise;
  await sleep(300); // it says so a moment before it is true
}

async function ended(child: ChildProcess, name: string): Promise<void> {
  const [code] = await once(child, 'close').catch((cause) => {
    throw new Error(`${name} cannot be run`, { cause });
  });
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
}

await main();
