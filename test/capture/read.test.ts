/** `weir packets read`: lines beside tcpdump's, fields beside tshark's, HTTP and handshakes of conversations made by hand. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasReferenceData, needed, referencePath } from '../flows/reference-data.ts';
import { Conversation, flag, writeFrames } from './conversation.ts';
import { hasTcpdump, hasTshark, linesOf, show, tcpdumpLines, tsharkRows } from './reading.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const { syn, ack, push, fin, rst } = flag;
let folder: string;
let made: string;

const get = 'GET /a HTTP/1.1\r\nHost: h.example\r\n\r\n';
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nGET /no HTTP/1.1\r\n\r\n';

/** Two requests on one connection, the second in two segments; a refused connection; and data out of order. */
function traffic(): Uint8Array[] {
  const web = new Conversation(40_001);
  const refused = new Conversation(40_002);
  return [
    ...web.opened(),
    web.segment(0, ack | push, get),
    web.segment(1, ack | push, answer),
    web.segment(0, ack | push, 'POST /b HTTP/1.1\r\nHost: h.exa'),
    web.segment(0, ack | push, 'mple\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'),
    web.segment(1, ack | push, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
    web.segment(0, ack | fin),
    web.segment(1, ack | fin),
    web.segment(0, ack),
    refused.segment(0, syn),
    refused.segment(1, rst | ack),
  ];
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-read-'));
  made = join(folder, 'made.pcap');
  writeFrames(made, traffic());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a line says of HTTP, which tcpdump tells on its own ports alone, and in other words. */
const plain = (line: string): string => line.replace(/(, length \d+): HTTP.*$/, '$1');

describe.skipIf(!hasTcpdump)('lines are those of tcpdump -n', () => {
  test('on a capture made here, line for line', async () => {
    expect(linesOf(await show(made)).map(plain)).toEqual(tcpdumpLines(made));
  });

  const files = [
    'zeek/vlan-collisions.pcap',
    'zeek/icmp-icmp6-ping.pcap',
    'zeek/linuxsll-arp.pcap',
    'zeek/ticks-dns-1hr.pcap',
    'arkime/twovlan.pcap',
  ];
  test.skipIf(!hasReferenceData)(`on reference captures, line for line ${needed}`, async () => {
    for (const file of files) {
      const path = referencePath(`captures/${file}`);
      expect([file, ...linesOf(await show(path)).map(plain)]).toEqual([file, ...tcpdumpLines(path).map(plain)]);
    }
  });

  test.skipIf(!hasReferenceData)(`all TCP headers of a busy network ${needed}`, async () => {
    const path = referencePath('captures/ndpi/1kxun.pcap');
    const head = (lines: string[]) =>
      lines.flatMap((line) => /^.* IP6? \S+ > \S+: Flags .*?, length \d+/.exec(line)?.[0].replace(/: HTTP.*/, '') ?? []);
    const theirs = head(tcpdumpLines(path));
    expect(theirs.length).toBeGreaterThan(500);
    expect(head(linesOf(await show(path)))).toEqual(theirs);
  });
});

const fields = [
  'frame.number',
  'frame.len',
  'eth.src',
  'ip.src',
  'ip.dst',
  'ip.ttl',
  'ipv6.src',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.len',
  'tcp.window_size_value',
];
describe.skipIf(!hasTshark)('fields are those of tshark', () => {
  test('on a capture made here', async () => {
    expect(linesOf(await show(made, { form: 'fields', field: fields }))).toEqual(tsharkRows(made, fields));
    const port = 'tcp.port == 8081';
    const rows = linesOf(
      await show(made, { form: 'fields', field: ['http.request.uri', 'http.response.code'], where: `http and ${port}` }),
    );
    expect(rows).toEqual(['/a\t', '\t200', '/b\t', '\t404']);
  });

  test.skipIf(!hasReferenceData)(`on reference captures ${needed}`, async () => {
    for (const file of ['zeek/vlan-collisions.pcap', 'zeek/ticks-dns-1hr.pcap', 'arkime/twovlan.pcap']) {
      const path = referencePath(`captures/${file}`);
      expect([file, ...linesOf(await show(path, { form: 'fields', field: fields }))]).toEqual([file, ...tsharkRows(path, fields)]);
    }
    const dns = ['dns.id', 'dns.qry.name', 'dns.a'];
    const path = referencePath('captures/zeek/ticks-dns-1hr.pcap');
    const theirs = tsharkRows(path, ['dns.id', 'dns.qry.name', 'dns.a']).map((row) =>
      row.replace(/^0x[0-9a-f]+/, (id) => String(Number(id))),
    );
    expect(linesOf(await show(path, { form: 'fields', field: dns }))).toEqual(theirs);
  });

  test.skipIf(!hasReferenceData)(`filter words choose the packets that display filters choose ${needed}`, async () => {
    const path = referencePath('captures/ndpi/1kxun.pcap');
    const words = [
      'tcp.dstport == 80',
      'ip.src == 192.168.0.0/16 and udp',
      'tcp.flags.syn and not tcp.flags.ack',
      'dns.qry.name contains "google"',
      'udp.port in {53, 5355}',
      'ip.ttl < 64 || arp',
    ];
    for (const where of words) {
      const ours = linesOf(await show(path, { form: 'fields', field: ['frame.number'], where }));
      const theirs = tsharkRows(
        path,
        ['frame.number'],
        where.replaceAll('tcp.flags.syn and not tcp.flags.ack', 'tcp.flags.syn==1 and tcp.flags.ack==0'),
      );
      expect([where, ...ours]).toEqual([where, ...theirs]);
    }
  });
});

test('--http tells requests with their answers, however they were cut; what a body holds is no request', async () => {
  const uses = linesOf(await show(made, { http: true }, true)).map((line) => JSON.parse(line));
  expect(
    uses.map(({ request, response }) => [request.method, request.uri, response.code, request.first_frame, request.head_frame]),
  ).toEqual([
    ['GET', '/a', 200, 4, 4],
    ['POST', '/b', 404, 6, 7],
  ]);
  expect(uses[1].request).toMatchObject({ body_bytes: 3, whole: true, headers: { host: 'h.example' } });
  expect(uses[0].milliseconds).toBe(1);
});

test('--http finds the same in segments of one octet, out of order and sent twice', async () => {
  const web = new Conversation(40_003);
  const frames = web.opened();
  const requests = [...(get + get)].map((octet) => web.segment(0, ack, octet));
  for (let i = 0; i + 1 < requests.length; i += 2)
    frames.push(requests[i + 1] as Uint8Array, requests[i] as Uint8Array, requests[i] as Uint8Array);
  for (const octet of answer + answer) frames.push(web.segment(1, ack, octet));
  const path = join(folder, 'cut.pcap');
  writeFrames(path, frames);
  const uses = linesOf(await show(path, { http: true }, true)).map((line) => JSON.parse(line));
  expect(uses.map(({ request, response }) => [request.uri, response.code, response.body_bytes])).toEqual([
    ['/a', 200, 20],
    ['/a', 200, 20],
  ]);
});

test('--http names TLS with its server and does not guess', async () => {
  const hello = `16030100430100003f0303${'00'.repeat(32)}00000213010100001400000010000e00000b6578616d706c652e6f7267`;
  const tls = new Conversation(40_004, 443);
  const path = join(folder, 'tls.pcap');
  writeFrames(path, [...tls.opened(), tls.segment(0, ack | push, Buffer.from(hello, 'hex').toString('latin1'))]);
  expect(linesOf(await show(path, { http: true }, true)).map((line) => JSON.parse(line))).toMatchObject([
    { kind: 'tls', server_name: 'example.org', server_port: 443 },
  ]);
});

test('--handshakes tells what came of each', async () => {
  const [good, refused, silent, half, scan, quick] = [1, 2, 3, 4, 5, 6].map((i) => new Conversation(41_000 + i)) as Conversation[];
  const at = (at: number, frame: Uint8Array) => ({ at, frame });
  const path = join(folder, 'handshakes.pcap');
  const lost = (silent as Conversation).segment(0, syn);
  writeFrames(path, [
    at(0, good?.segment(0, syn) as Uint8Array),
    at(0.02, good?.segment(1, syn | ack) as Uint8Array),
    at(0.03, good?.segment(0, ack) as Uint8Array),
    at(0.04, good?.segment(0, ack | push, 'x') as Uint8Array),
    at(1, refused?.segment(0, syn) as Uint8Array),
    at(1.1, refused?.segment(1, rst | ack) as Uint8Array),
    at(2, lost),
    at(3, lost),
    at(5, lost),
    at(6, half?.segment(0, syn) as Uint8Array),
    at(6.1, half?.segment(1, syn | ack) as Uint8Array),
    at(7, scan?.segment(0, syn) as Uint8Array),
    at(7.1, scan?.segment(1, syn | ack) as Uint8Array),
    at(7.2, scan?.segment(0, rst) as Uint8Array),
    at(8, quick?.segment(0, syn) as Uint8Array),
    at(8.1, quick?.segment(1, syn | ack) as Uint8Array),
    at(8.2, quick?.segment(0, ack) as Uint8Array),
    at(8.3, quick?.segment(1, rst) as Uint8Array),
  ]);
  const told = linesOf(await show(path, { handshakes: true }, true)).map((line) => JSON.parse(line));
  const outcomes = Object.fromEntries(told.map(({ client_port: port, outcome }) => [port - 41_000, outcome]));
  expect(outcomes).toEqual({
    1: 'established',
    2: 'refused',
    3: 'no-answer',
    4: 'half-open',
    5: 'reset-by-client',
    6: 'reset-after-accept',
  });
  expect(told.find(({ client_port: port }) => port === 41_001)).toMatchObject({ rtt_server_ms: 20, rtt_client_ms: 10, rtt_ms: 30 });
  expect(told.find(({ client_port: port }) => port === 41_003)).toMatchObject({ syn_retries: 2 });
  expect(await show(path, { handshakes: true })).toContain('1 established, 1 refused');
});

test('wrong words are told with their place', () => {
  const complaint = (where: string): string => {
    try {
      execFileSync(weir, ['packets', 'read', made, '--where', where], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      return String((error as { stderr: string }).stderr);
    }
    return 'no complaint';
  };
  expect(complaint('tcp.dtsport == 80')).toContain('tcp.dstport?');
  expect(complaint('tcp and (udp')).toContain('column 13');
});

test('the command prints JSON that is one document, and stops after --count', () => {
  const text = execFileSync(weir, ['packets', 'read', made, '--json', '-c', '4'], { encoding: 'utf8' });
  const packets = JSON.parse(text);
  expect(packets).toHaveLength(4);
  expect(packets[3].layers).toMatchObject({ ip: { src: '10.0.0.1' }, tcp: { dstport: 8081 }, http: { 'request.method': 'GET' } });
});

test('interfaces are listed with their addresses', () => {
  const listed = JSON.parse(execFileSync(weir, ['packets', 'interfaces', '--json'], { encoding: 'utf8' }));
  expect(listed).toContainEqual(expect.objectContaining({ name: 'any', kind: 'any' }));
  expect(listed).toContainEqual(expect.objectContaining({ name: 'lo', kind: 'loopback' }));
});

test.skipIf(!hasTshark)('dissect opens the layers of one packet, and gives no option away', () => {
  const text = execFileSync(weir, ['packets', 'dissect', made, '--packet', '4', '-T', 'json', '--where', 'tcp'], { encoding: 'utf8' });
  expect(JSON.parse(text)).toHaveLength(1);
  const hostile = ['packets', 'dissect', made, '-T', 'fields', '-e', '-X'];
  expect(() => execFileSync(weir, hostile, { stdio: 'pipe' })).toThrow('is no name');
});
