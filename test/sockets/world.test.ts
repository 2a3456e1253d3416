/** The commands beside nc, socat and Python, and with signals. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { missing, Program, run, weir } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-sockets-'));
afterEach(() => Program.endAll());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const absent = missing('nc', 'socat', 'python3');
if (absent.length > 0) console.warn(`skipped: sockets beside ${absent.join(', ')} (not installed; scripts/setup does it)`);
const sockets = (...args: string[]) => new Program(weir, 'sockets', ...args);
const python = (code: string, ...args: (string | number)[]) => run('python3', ['-c', code, ...args.map(String)]);

describe.skipIf(absent.length > 0)('beside others [needs nc, socat and python3]', () => {
  test('listen takes from nc, socat and Python over TCP, UDP and Unix at once, and ends in order', async () => {
    const path = join(folder, 'in.sock');
    const listen = sockets('listen', 'tcp://127.0.0.1:0', 'udp://127.0.0.1:0', `unix:${path}`, '--json');
    const [tcp, udp] = [await listen.port('tcp'), await listen.port('udp')];
    await listen.until(/listening on unix:/);
    // nc ends when we have ended our side: then its frames are delivered.
    await run('nc', ['-N', '127.0.0.1', String(tcp)], 'from nc\nand\r\nno end');
    await run('socat', ['-', `UNIX-CONNECT:${path}`], 'from socat\n');
    await python(
      'import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.sendto(b"from \\xff python",("127.0.0.1",int(sys.argv[1])))',
      udp,
    );
    await listen.until(/base64/);
    expect(await listen.end('SIGINT')).toBe(0);
    const rows = listen.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { text?: string; base64?: string; peer: string });
    expect(rows.map(({ text, base64 }) => text ?? base64)).toEqual([
      'from nc',
      'and',
      'no end',
      'from socat',
      Buffer.from('from \xff python', 'latin1').toString('base64'),
    ]);
    expect(rows[3]?.peer).toBe('unix');
    expect(listen.said).toContain(`tcp://127.0.0.1:${tcp}: 3 frames, 19 bytes from 1 connections; 3 delivered, 0 refused, 0 lost`);
    expect(existsSync(path)).toBe(false);
  });

  test('send speaks to nc, socat and a Python server, in frames that they read', async () => {
    // The Python server prints its port, reads length-prefixed frames and answers each in capitals.
    const server = new Program(
      'python3',
      '-uc',
      `
import socket, struct
s = socket.create_server(("127.0.0.1", 0)); print("tcp://127.0.0.1:%d" % s.getsockname()[1])
c, _ = s.accept()
def exactly(n):
    b = b""
    while len(b) < n:
        p = c.recv(n - len(b))
        if not p: return b
        b += p
    return b
while True:
    h = exactly(4)
    if len(h) < 4: break
    b = exactly(struct.unpack(">I", h)[0]).upper()
    c.sendall(struct.pack(">I", len(b)) + b)
c.close()`,
    );
    const port = await server.port();
    const sent = await run(weir, ['sockets', 'send', `tcp://127.0.0.1:${port}`, '--frame', 'length:4'], 'first\n\nthird line');
    expect(sent).toBe('FIRST\n\nTHIRD LINE\n');
    const out = join(folder, 'out');
    const socat = new Program('socat', '-u', '-ddd', 'TCP-LISTEN:0,bind=127.0.0.1', `CREATE:${out}`);
    const at = (await socat.until(/listening on AF=2 127\.0\.0\.1:(\d+)/))[1];
    await run(weir, ['sockets', 'send', `tcp://127.0.0.1:${at}`, '--frame', 'raw', '--no-answer'], Buffer.from('\0raw\xff', 'latin1'));
    await socat.ended;
    expect(readFileSync(out, 'latin1')).toBe('\0raw\xff');
    await expect(run(weir, ['sockets', 'send', `tcp://127.0.0.1:${at}`, 'x'])).rejects.toThrow('Nobody listens');
  });

  test('echo answers nc byte for byte, and checks a socat that echoes', async () => {
    const echo = sockets('echo', 'serve', 'tcp://127.0.0.1:0', 'udp://127.0.0.1:0');
    const [tcp, udp] = [await echo.port('tcp'), await echo.port('udp')];
    const bytes = randomBytes(1_000_000);
    expect(Buffer.from(await run('nc', ['-N', '127.0.0.1', String(tcp)], bytes), 'latin1').equals(bytes)).toBe(true);
    const back = await python(
      `
import socket,sys
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.connect(("127.0.0.1",int(sys.argv[1])))
for m in (b"", b"x"*8000): s.send(m); assert s.recv(65535)==m
print("right")`,
      udp,
    );
    expect(back.trim()).toBe('right');
    const socat = new Program('socat', '-ddd', 'TCP-LISTEN:0,bind=127.0.0.1,fork', 'PIPE');
    const at = (await socat.until(/listening on AF=2 127\.0\.0\.1:(\d+)/))[1];
    for (const address of [`tcp://127.0.0.1:${at}`, `tcp://127.0.0.1:${tcp}`, `udp://127.0.0.1:${udp}`]) {
      const result = JSON.parse(await run(weir, ['sockets', 'echo', 'check', address, '-c', '50', '--json'])) as Record<string, number>;
      expect(result).toMatchObject({ sent: 50, good: 50, wrong: 0, lost: 0 });
      expect(result.p50_us).toBeLessThanOrEqual(result.p99_us as number);
    }
    expect(await echo.end()).toBe(0);
    expect(echo.said).toContain('2 connections, 1003200 bytes');
  });

  test('echo finds a server that answers something else', async () => {
    const echo = sockets('echo', 'serve', 'tcp://127.0.0.1:0', '--upper');
    const check = sockets('echo', 'check', `tcp://127.0.0.1:${await echo.port()}`, '-c', '3', '--size', '1000', '--json');
    expect(await check.ended).toBe(1);
    expect(JSON.parse(check.out)).toMatchObject({ good: 0, wrong: 3 });
  });
});

describe.skipIf(absent.length > 0 || !process.env.WEIR_SEEDS)(
  'the programs of the notes [needs WEIR_SEEDS: the folder with the notes, and python3]',
  () => {
    const notes = () => {
      const name = readdirSync(process.env.WEIR_SEEDS as string).find((file) => file.startsWith('002_')) as string;
      return [...readFileSync(join(process.env.WEIR_SEEDS as string, name), 'utf8').matchAll(/```python\n(.*?)```/gs)].map(
        ([, code]) => code as string,
      );
    };

    test('their sender and receiver work with echo as they stand', async () => {
      const echo = sockets('echo', 'serve', 'tcp://127.0.0.1:0');
      const blocks = notes();
      const sendAndReceive = blocks.find((code) => code.includes('s.send(b"Hello, world!")')) as string;
      const mysend = blocks.find((code) => code.includes('def mysend')) as string;
      const said = await python(
        `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect(("127.0.0.1", int(sys.argv[1])))
exec(sys.argv[2])
exec(sys.argv[3])
mysend(s, b"x" * 100000)
s.shutdown(socket.SHUT_WR)
rest = b"".join(iter(lambda: s.recv(4096), b""))
s.close()
print(data, len(rest))`,
        await echo.port(),
        sendAndReceive,
        mysend,
      );
      // What the block itself reads a second time is one greeting; all else comes behind it.
      expect(said.trim()).toBe(`b'Hello, world!' ${100_000}`);
    });

    test('their server takes what send sends', async () => {
      const accept = notes().find((code) => code.includes('serversocket.accept()')) as string;
      const server = new Program(
        'python3',
        '-uc',
        `
import socket, sys
serversocket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
serversocket.bind(("127.0.0.1", 0)); serversocket.listen(5)
print("tcp://127.0.0.1:%d" % serversocket.getsockname()[1])
exec(sys.argv[1].replace("while True:", "if True:"))
print(clientsocket.recv(1024))`,
        accept,
      );
      await run(weir, ['sockets', 'send', `tcp://127.0.0.1:${await server.port()}`, 'Hello', '--no-answer']);
      expect(await server.ended).toBe(0);
      expect(server.out).toContain(`b'Hello\\n'`);
    });
  },
);

describe('transfer', () => {
  const into = join(folder, 'into');
  const receiveWords = [weir, 'sockets', 'transfer', 'receive', 'tcp://127.0.0.1:0', '--into', into, '--no-sync', '--json'] as const;
  const receive = (...more: string[]) => new Program(...receiveWords, ...more);
  const transfer = (port: number, ...more: string[]) => sockets('transfer', 'send', '--to', `tcp://127.0.0.1:${port}`, '--json', ...more);

  test('goes on after the sender, and then the receiver, was killed', async () => {
    const bytes = randomBytes(4_000_000);
    const file = join(folder, 'big');
    writeFileSync(file, bytes);
    const part = join(into, 'big.part');
    const grows = (past: number) =>
      vi.waitFor(() => expect(existsSync(part) && statSync(part).size).toBeGreaterThan(past), { timeout: 110_000, interval: 10 });
    const first = receive();
    const slow = transfer(await first.port(), file, '--rate', '2MB');
    await grows(0);
    await slow.end('SIGKILL');
    await first.until(/"fault"/);
    const kept = statSync(part).size;
    const again = transfer(await first.port(), file, '--rate', '2MB');
    await grows(kept);
    await first.end('SIGKILL');
    expect(await again.ended).not.toBe(0);
    expect(existsSync(join(into, 'big'))).toBe(false);
    const second = receive('--once');
    const last = transfer(await second.port(), file);
    expect(await last.ended).toBe(0);
    expect(await second.ended).toBe(0);
    const told = last.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .at(-1);
    expect(told).toMatchObject({ event: 'file', name: 'big', outcome: 'ok' });
    expect(told?.resumed_at).toBeGreaterThan(0);
    expect(readFileSync(join(into, 'big')).equals(bytes)).toBe(true);
    expect(readdirSync(into)).toEqual(['big']);
  }, 120_000);

  test.each([
    ['as fast as it goes', []],
    ['at a rate', ['--rate', '20MB']],
  ])(
    'a disk that takes no more ends it at once, and both sides say why: %s',
    async (_how, rate) => {
      const file = join(folder, 'huge');
      const [size, most] = [200_000_000, 4_096_000];
      writeFileSync(file, '');
      truncateSync(file, size);
      const receiver = new Program('bash', '-c', `ulimit -f ${most / 1024}; exec "$@"`, 'bash', ...receiveWords, '--once');
      const sender = transfer(await receiver.port(), file, ...rate);
      expect(await sender.ended).toBe(3);
      expect(sender.said).toContain('huge is not taken: it cannot be written here (no file may be so large).');
      const sent = sender.out.split('\n').filter((line) => line.includes('"progress"'));
      expect((JSON.parse(sent.at(-1) ?? '{"bytes":0}') as { bytes: number }).bytes).toBeLessThan(size / 2);
      expect(await receiver.ended).toBe(1);
      expect(receiver.out.match(/"fault"/g)).toHaveLength(1);
      expect(receiver.out).toContain('huge is not taken: it cannot be written here (no file may be so large).');
      // What came stays for another time, as always.
      expect(statSync(join(into, 'huge.part')).size).toBe(most);
      rmSync(join(into, 'huge.part'));
      rmSync(join(into, 'huge.part.json'));
    },
    120_000,
  );

  test.skipIf(missing('openssl').length > 0)(
    'is encrypted on request, by a certificate that the sender trusts [needs openssl]',
    async () => {
      const [cert, key] = [join(folder, 'c.pem'), join(folder, 'k.pem')];
      await run('openssl', [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
        '-days',
        '2',
      ]);
      const file = join(folder, 'secret');
      writeFileSync(file, 'a secret');
      const receiver = receive('--tls', '--cert', cert, '--key', key);
      const port = await receiver.port();
      const stranger = transfer(port, file, '--tls');
      expect(await stranger.ended).not.toBe(0);
      expect(stranger.said).toContain('not of an authority that is trusted here');
      const plain = transfer(port, file);
      expect(await plain.ended).not.toBe(0);
      expect(existsSync(join(into, 'secret'))).toBe(false);
      const trusted = transfer(port, file, '--tls', '--cacert', cert);
      expect(await trusted.ended, trusted.said).toBe(0);
      expect(readFileSync(join(into, 'secret'), 'utf8')).toBe('a secret');
    },
  );
});
