import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

// The commands as a person runs them, against a server of a few lines that records what was asked.
const weirPath = new URL('../../../bin/weir', import.meta.url).pathname;
const asked: { method: string; path: string; query: Record<string, string>; body: string }[] = [];
let server: http.Server;
let url = '';
let folder = '';

const running = {
  id: 7,
  name: 'a.pcap',
  format: 'pcap',
  bytes_read: 3,
  bytes_total: 3,
  packets: 12,
  packets_metered: 10,
  flows: 4,
  rows_bad: 0,
  ended_at: null,
};
const details = {
  skipped: { arp: 2 },
  rate_bytes_s: 1,
  eta_s: 0,
  started_at: '',
  problem: null,
  digest: 'd',
  warnings: ['odd clock'],
  bad_rows: [],
};
const done = { ...running, ...details, state: 'done', ended_at: 'now' };
const withBadRow = { ...done, rows_bad: 1, bad_rows: [{ line: 6, reason: 'line 6: expected 9 columns, got 3' }] };
const failed = {
  ...done,
  state: 'failed',
  problem: { code: 'unprocessable', title: 'the capture is cut at offset 24', hint: '--keep-good' },
};
const flow = {
  time: 1488326400,
  duration: 2,
  protocol: 1,
  src_comp: '10.0.0.1',
  src_port: '0',
  dst_comp: '::1',
  dst_port: '2048',
  packet_count: 3,
  byte_count: 1500,
  session_id: 'BIG',
};
const counters = { flows: 4, packets: 10, bytes: 3_000_000 };

const answers: Record<string, unknown> = {
  '/api/v1/imports': { items: [] },
  '/api/v1/imports/7': done,
  '/api/v1/flows': { items: [flow] },
  '/api/v1/flows/summary': { ...counters, first: 1488326400, last: null, sources: 1, links: {} },
  '/api/v1/flows/top': { by: 'protocol', metric: 'bytes', items: [{ key: 6, ...counters, share: 0.75 }], total: { ...counters, flows: 5 } },
  '/api/v1/flows/series': {
    bucket_s: 60,
    items: [
      { time: 0, key: 6, ...counters },
      { time: 60, key: 17, ...counters },
    ],
  },
  '/api/v1/flows/pairs': {
    items: [
      {
        a: 'C1',
        b: 'C2',
        flows_ab: 1,
        flows_ba: 0,
        packets_ab: 1,
        packets_ba: 0,
        bytes_ab: 46,
        bytes_ba: 0,
        first: 1,
        last: 2,
        paired: false,
      },
    ],
  },
  '/api/v1/flows/seal': { files: 2, rows: 1234 },
  '/api/v1/flows/check': {
    ok: false,
    findings: [{ level: 'error', code: 'orphan', text: 'a file too many', fix: 'weir flows seal' }],
    counts: { flows: 5 },
  },
};

function problem(response: http.ServerResponse, status: number, code: string, title: string, pointer?: string) {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ code, title, status, pointer }));
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse) {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  let body = '';
  for await (const block of request) body += block;
  const query = Object.fromEntries(searchParams);
  if (pathname !== '/api/v1/imports' || request.method === 'POST')
    asked.push({ method: request.method ?? '', path: pathname, query, body });
  if (query.filter === 'bad') return problem(response, 400, 'invalid', 'column 1: expected a word, got bad');
  if (request.method === 'POST' && pathname === '/api/v1/imports') {
    if (query.format === 'pcop') return problem(response, 400, 'invalid', 'format: expected one of pcap, got "pcop"', 'format');
    if (body === 'dup') return problem(response, 409, 'conflict', 'the content of this file is stored already');
    const id = { cut: 8, 'bad row': 9 }[body] ?? 7;
    response.writeHead(202, { location: `/api/v1/imports/${id}` });
    return response.end(JSON.stringify({ ...running, id }));
  }
  if (pathname.endsWith('/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: progress\ndata: ${JSON.stringify({ ...running, ...details, state: 'metering' })}\n\n`);
    const end = pathname.includes('/8/') ? failed : pathname.includes('/9/') ? withBadRow : done;
    response.write(`event: ${end.state}\ndata: ${JSON.stringify(end)}\n\n`);
    return; // left open: the client must go by itself
  }
  if (pathname === '/api/v1/stream/flows') {
    if (query.filter === 'break') {
      response.write('[{');
      setTimeout(() => response.destroy(), 30);
      return;
    }
    return response.end(`stream as ${query.format}\n`);
  }
  if (!(pathname in answers)) return problem(response, 404, 'not-found', `there is no ${pathname}`);
  response.end(JSON.stringify(answers[pathname]).replace('"BIG"', '18446744073709551615'));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-commands-'));
  server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [name, content] of [
    ['a.pcap', 'abc'],
    ['cut.pcap', 'cut'],
    ['dup.pcap', 'dup'],
  ] as const)
    await writeFile(join(folder, name), content);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => void asked.splice(0));

type Ran = { code: number | null; stdout: string; stderr: string };

function weir(words: string[], input = ''): Promise<Ran> {
  const child = spawn(weirPath, words, { cwd: folder, env: { ...process.env, WEIR_SERVER: url, NO_COLOR: '1' } });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (ran.stdout += text));
  child.stderr.on('data', (text) => (ran.stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ran, code })));
}

test('import uploads a file, follows it and says what came of it', async () => {
  const { code, stdout, stderr } = await weir([
    'import',
    'a.pcap',
    '--again',
    '--skip-bad=5',
    '--tunnels',
    'both',
    '--active',
    '5m',
    '--idle-udp',
    '30',
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^a\.pcap: 12 packets: 10 in 4 flows, 2 skipped \(2 arp\); 3 B in .*\n {2}warning: odd clock\n$/);
  expect(asked[0]).toMatchObject({
    method: 'POST',
    body: 'abc',
    query: { name: 'a.pcap', again: 'true', skip_bad: '5', tunnels: 'both', active: '300', idle_udp: '30' },
  });
});

test('import reads standard input', async () => {
  const { code, stdout } = await weir(['import', '-', '--name', 'eth0', '--skip-bad', '--json'], 'from stdin');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ id: 7, state: 'done' }]);
  expect(asked[0]).toMatchObject({ body: 'from stdin', query: { name: 'eth0', skip_bad: 'all' } });
});

test('import lists the bad rows that it passed over', async () => {
  const { stdout } = await weir(['import', '-', '--name', 'odd', '--skip-bad'], 'bad row');
  expect(stdout).toContain('\n  1 bad row passed over\n    line 6: expected 9 columns, got 3\n');
});

test('import goes on after a source that fails, and exits with the code of the first failure', async () => {
  const { code, stdout, stderr } = await weir(['import', 'dup.pcap', 'cut.pcap', 'a.pcap']);
  expect(code).toBe(6);
  expect(stderr).toContain('weir: dup.pcap: the content of this file is stored already');
  expect(stderr).toContain('weir: cut.pcap: the capture is cut at offset 24\n  hint: --keep-good');
  expect(stdout).toContain('4 flows');
  expect(stdout).toMatch(/\n1 of 3 files imported: 12 packets in 4 flows\n$/);
});

test('import says which file a fault is in, where there is but one', async () => {
  expect(await weir(['import', 'dup.pcap'])).toEqual({
    code: 6,
    stdout: '',
    stderr: 'weir: dup.pcap: the content of this file is stored already\n',
  });
});

test.skipIf(!existsSync('/proc/self/mem'))('import goes on after a file that cannot be read', async () => {
  await writeFile(join(folder, 'rows.txt'), '1,0,C1,N1,C2,443,6,1,40\n');
  const { code, stdout, stderr } = await weir(['import', '/proc/self/mem', 'rows.txt', '--data', 'readable']);
  expect(stderr).toMatch(/^weir: \/proc\/self\/mem cannot be read\n/);
  expect([code, stdout]).toEqual([5, expect.stringMatching(/rows\.txt: 1 flow;.*\n1 of 2 files imported: 1 flow\n$/)]);
});

test('import gives up at an option that the server does not understand, and says so once', async () => {
  const { code, stderr } = await weir(['import', 'a.pcap', 'cut.pcap', '--format', 'pcop']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'weir: format: expected one of pcap, got "pcop"\n' });
});

test('import names a missing file before it imports anything', async () => {
  const { code, stderr } = await weir(['import', 'a.pcap', 'b.pcap']);
  expect({ code, stderr }).toEqual({ code: 3, stderr: 'weir: there is no file b.pcap\n' });
  expect(asked).toEqual([]);
});

test.each([
  [['list'], /time +duration +proto +source +destination/],
  [['list'], /2017-03-01 00:00:00 +2 s +icmp 8\/0 +10\.0\.0\.1 +::1 +3 +1\.50 kB +- +-/],
  [['list', '--json'], /"session_id":18446744073709551615/],
  [['list', '--csv'], /^time,duration,protocol,.*\n1488326400,2,1,/],
  [['list', '--fields', 'time,byte_count'], /^time +byte_count\n1488326400 +1500\n/],
  [['top', '--by', 'protocol'], /tcp +4 +10 +3\.00 MB +75\.0 %\ntotal +5/],
  [['top', '--by', 'protocol', '--csv'], /^key,flows,packets,bytes,share\n6,4,10,3000000,0.75\n$/],
  [['series'], /3\.00 MB ┤/],
  [
    ['series', '--by', 'protocol', '--ascii'],
    /^protocol +bytes +peak +#0 to #120\ntcp +3\.00 MB +3\.00 MB {2}#\nudp +3\.00 MB +3\.00 MB {3}#\n$/,
  ],
  [['series', '--csv'], /^time,key,flows,packets,bytes\n0,6,4,10,3000000\n/],
  [['pairs'], /C1 +C2 +1 +0 +46 B +0 B +#1 +#2/],
  [['pairs', '--metric', 'packets'], /packets a>b +b>a.*\nC1 +C2 +1 +0 +1 +0 +#1 +#2/],
  [['summary'], /^flows +4\npackets +10\nbytes +3,000,000 \(3\.00 MB\)\nfirst +2017-03-01 00:00:00\nlast +-\nsources +1\n$/],
  [['seal'], /^sealed 1,234 flows in 2 files\n$/],
  [['export', '--format', 'xml'], /^stream as xml\n$/],
])('flows %j', async (words, expected) => {
  const { code, stdout } = await weir(['flows', ...words]);
  expect(code).toBe(0);
  expect(stdout).toMatch(expected);
});

test('filter words and the range of time reach the server', async () => {
  await weir(['flows', 'summary', 'proto', 'tcp', 'and', 'port', '443', '--after', '5', '--scanned-before', '2017-03-01T00:00:00Z']);
  expect(asked[0]?.query).toEqual({ filter: 'proto tcp and port 443', scanned_after: '5', scanned_before: '2017-03-01T00:00:00Z' });
});

test.each([
  [['flows', 'list', 'bad'], 2, 'weir: column 1: expected a word, got bad\n'],
  [['flows', 'list', 'tcp', '--filter', 'udp'], 2, /given twice/],
  [['flows', 'tpo'], 2, /unknown command 'tpo'\n {2}hint: did you mean top\?/],
  [['flows', 'export', '--out', 'flows.txt'], 2, /does not tell a format/],
  [['flows', 'list', '--limit', '0'], 2, /whole number from 1 up/],
  [['import', 'a.pcap', '--active', 'soon'], 2, /--active: expected a duration/],
  [['import', '--skip-bad', 'a.pcap', 'cut.pcap'], 2, /--skip-bad=100/],
])('%j exits %i', async (words, expectedCode, expected) => {
  const { code, stderr } = await weir(words);
  expect(stderr).toMatch(expected);
  expect(code).toBe(expectedCode);
});

test('export writes the file when it is whole, in the format of its suffix', async () => {
  const { code, stderr } = await weir(['flows', 'export', '--out', 'flows.parquet', '-n', '5']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^flows\.parquet: 18 B in /);
  expect(await readFile(join(folder, 'flows.parquet'), 'utf8')).toBe('stream as parquet\n');
  expect(asked[0]?.query).toEqual({ format: 'parquet', limit: '5' });
});

test('export leaves no file behind when the stream breaks off', async () => {
  const { code, stderr } = await weir(['flows', 'export', '--out', 'broken.json', 'break']);
  expect(code).toBe(5);
  expect(stderr).toContain('the stream broke off');
  expect(existsSync(join(folder, 'broken.json')) || existsSync(join(folder, 'broken.json.part'))).toBe(false);
});

test('check exits 1 and names the fix where the store is not sound', async () => {
  const { code, stdout } = await weir(['check']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'error: a file too many\n  fix: weir flows seal\nnot sound: 5 flows\n' });
});

test('get prints a response as it comes', async () => {
  const { code, stdout } = await weir(['get', '/api/v1/stream/flows?format=csv']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'stream as csv\n' });
  expect(await weir(['get', 'nowhere'])).toMatchObject({ code: 3, stderr: 'weir: there is no /nowhere\n' });
});
