/** Scans in a network of namespaces, beside the answers of nmap. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, whyNoLab } from './lab.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const why = whyNoLab();
if (why !== undefined) console.warn(`skipped: scans in a lab (${why})`);

/** 2001 open, 2003 resets at once, 2005 closed; the rest are filtered in one way each. */
const filter = `
tcp dport 2011 drop
tcp dport 2012 reject with icmpx type port-unreachable
tcp dport 2013 reject with icmpx type admin-prohibited
tcp dport 2014 reject with icmpx type host-unreachable
tcp dport 2015 reject with tcp reset
tcp dport 2016 reject with icmpx type no-route
tcp dport 2017 tcp flags syn drop
`;
const list = '2001,2003,2005,2011-2017';

type Row = { address: string; port: number; state: string; reason: string };

describe.skipIf(why !== undefined)('in a network [needs root, nftables and nmap]', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = new Lab();
    await lab.host(2, { ports: [2001, 2003, 2011, 2013], filter });
    await lab.host(3, { ports: [2001], filter: 'meta l4proto tcp drop\n' });
    lab.filter('s', 'tcp dport 3001-3020 drop\ntcp dport 3050 reject with icmpx type admin-prohibited');
    await lab.listen('s', [3060]);
  }, 120_000);
  afterAll(() => lab?.close());

  const scan = async (...args: string[]): Promise<{ rows: Row[]; said: string }> => {
    const command = ['netns', 'exec', lab.nameOf('s'), weir, 'scans', 'run', '--direct', '--json', '--all', ...args];
    const { stdout, stderr } = await promisify(execFile)('ip', command, { timeout: 120_000 });
    return { rows: JSON.parse(stdout) as Row[], said: stderr };
  };
  const states = ({ rows }: { rows: Row[] }, address: string) =>
    Object.fromEntries(rows.filter((row) => row.address === address).map(({ port, state }) => [port, state]));
  const expected = {
    2001: 'open',
    2003: 'open',
    2005: 'closed',
    2011: 'filtered',
    2012: 'closed',
    2013: 'filtered',
    2014: 'filtered',
    2015: 'closed',
    2016: 'filtered',
    2017: 'filtered',
  };

  test('a connect scan tells the states of the tables, over IPv4 and IPv6', async () => {
    const found = await scan('10.77.0.2', 'fd77::2', '-p', list);
    expect(states(found, '10.77.0.2')).toEqual(expected);
    expect(states(found, 'fd77::2')).toEqual(expected);
    const reasons = new Set(found.rows.filter(({ port, address }) => port === 2013 && address === 'fd77::2').map(({ reason }) => reason));
    expect([...reasons]).toEqual(['admin-prohibited']);
  });

  test('nmap says the same by connections, and we say the same as nmap by SYN and FIN', async () => {
    const said = lab.in('s', 'nmap', '-n', '-Pn', '-sT', '-p', list, '-oG', '-', '--', '10.77.0.2');
    const theirs = Object.fromEntries([...said.matchAll(/(\d+)\/([a-z|]+)\/tcp/g)].map(([, port, state]) => [port, state]));
    expect(theirs).toEqual(expected);
    const syn = states(await scan('10.77.0.2', '-p', list, '--syn'), '10.77.0.2');
    expect(syn).toEqual({ ...expected, 2012: 'filtered' });
    const fin = states(await scan('10.77.0.2', '-p', list, '--fin'), '10.77.0.2');
    expect(fin).toMatchObject({
      2001: 'open|filtered',
      2005: 'closed',
      2011: 'open|filtered',
      2012: 'filtered',
      2015: 'closed',
      2017: 'closed',
    });
  });

  test.for(['127.0.0.1', '::1'])('all that a filter does to %s is seen there, too, as nmap sees it', async (address) => {
    const list = '2002-4000';
    const theirs = lab.in('s', 'nmap', '-n', '-Pn', '-sT', ...(address === '::1' ? ['-6'] : []), '-p', list, '-oG', '-', '--', address);
    const ofNmap = new Map([...theirs.matchAll(/(\d+)\/([a-z|]+)\/tcp/g)].map(([, port, state]) => [Number(port), state]));
    expect([...ofNmap].filter(([, state]) => state === 'open')).toEqual([[3060, 'open']]);
    const { rows } = await scan(address, '-p', list);
    expect(rows).toHaveLength(1999);
    // nmap leaves out what most ports are (and what more than 25 are).
    for (const { port, state } of rows) expect([port, state]).toEqual([port, ofNmap.get(port) ?? 'closed']);
    expect(rows.filter(({ state }) => state === 'filtered')).toHaveLength(21);
    expect(rows.find(({ port }) => port === 3050)).toMatchObject({ reason: address === '::1' ? 'admin-prohibited' : 'host-unreach' });
  });

  test('hosts of a range: up, silent and absent are told apart', async () => {
    const { rows, said } = await scan('10.77.0.2-5', '-p', '2001,2005');
    expect(states({ rows }, '10.77.0.2')).toEqual({ 2001: 'open', 2005: 'closed' });
    // It drops all that we send, and its neighbours know it all the same.
    expect(states({ rows }, '10.77.0.3')).toEqual({ 2001: 'filtered', 2005: 'filtered' });
    expect(said).toContain('10.77.0.4 is down');
    expect(said).toContain('10.77.0.5 is down');
    expect(rows.some(({ address }) => address === '10.77.0.4')).toBe(false);
  });

  test('a host that was named and is not there is down; one without a route is an error', async () => {
    const absent = await scan('10.77.0.9', '-p', '22,80');
    expect(absent.rows).toEqual([]);
    expect(absent.said).toMatch(/10\.77\.0\.9 is down \((no-neighbour|host-unreach)\)/);
    const unrouted = await scan('10.99.0.1', '-p', '22,80');
    expect(unrouted.said).toContain('10.99.0.1 is error (no-route)');
  });

  test('hosts are found through nmap, each with how it was judged', async () => {
    const { rows } = await scan('10.77.0.1-5', '--discover');
    const status = Object.fromEntries((rows as unknown as { address: string; status: string }[]).map((row) => [row.address, row.status]));
    expect(status).toEqual({ '10.77.0.1': 'up', '10.77.0.2': 'up', '10.77.0.3': 'up', '10.77.0.4': 'down', '10.77.0.5': 'down' });
  });
});
