import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Packet } from '../../packets/index.ts';
import { type FlowBatch, setPresent } from '../batch.ts';
import { nameEnds } from '../end-names.ts';
import { createMeter } from '../meter/meter.ts';
import type { MeterOptions } from '../meter/options.ts';
import { RecordBatch } from '../meter/record-batch.ts';
import { flowBatchOf } from '../meter/record-columns.ts';
import { packetOf, replyOf, segmentOf, tcp } from '../meter/testing.ts';
import { type Connection, Duck, literal, type Row } from '../store/duck.ts';
import { sumFile } from '../store/file-sum.ts';
import { DuckRuns } from './run-duck.ts';
import { type OpenDuckRuns, type RunFile, RunWriter } from './run-writer.ts';

// What our encoder writes of metered flows is what DuckDB writes of them.
let folder = '';
let duck: Duck;
let connection: Connection;
let connections: Connection[] = [];
let opened = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-metered-'));
  await mkdir(join(folder, 'spill'));
  duck = await Duck.open(':memory:', { memory: '200MB', threads: 2, spillFolder: join(folder, 'spill') });
  connection = await duck.connect();
  connections = [await duck.connect(), await duck.connect()];
});
afterAll(async () => {
  for (const open of [connection, ...connections]) open.close();
  duck.close();
  await rm(folder, { recursive: true });
});

// Runs are written two at a time, and a connection does one thing at a time.
const openDuck: OpenDuckRuns = async (place) => new DuckRuns(connections[place] as Connection, `runs${opened++}`);

const flowsOf = (packets: readonly Packet[], options: Partial<MeterOptions> = {}): RecordBatch[] => {
  const full: RecordBatch[] = [];
  const sink = {
    batch: new RecordBatch(),
    full: (batch: RecordBatch): RecordBatch => {
      full.push(batch);
      return new RecordBatch();
    },
  };
  const meter = createMeter({ keepMacs: true, keyVlan: true, keyInterface: true, tunnels: 'both', ...options }, sink);
  for (const packet of packets) meter.add(packet);
  meter.flush();
  return [...full, meter.batch];
};

/** The same flows as rows, as exporters and other files bring them. */
const asRows = (batches: readonly RecordBatch[]): FlowBatch[] => batches.map((batch) => flowBatchOf(batch));

const written = async (batches: readonly (FlowBatch | RecordBatch)[]): Promise<RunFile[]> => {
  let reserved = 0;
  const reserve = async (count: number): Promise<number> => {
    reserved += count;
    return 100 + reserved - count;
  };
  const constants = { sourceId: 3, ingestedAt: 1_790_000_000_123_456n };
  const writer = new RunWriter(openDuck, { folder, prefix: `r${opened++}`, ...constants, reserve });
  for (const batch of batches) await writer.add(batch, false, () => undefined);
  return writer.finish();
};

const rowsOf = (file: RunFile): string => `SELECT * FROM read_parquet(${literal(file.path)}, file_row_number = true)`;

/** How many rows of one file are not, at the same place, in the other. */
const differences = async (one: RunFile, other: RunFile): Promise<unknown> => {
  const [ours, theirs] = [rowsOf(one), rowsOf(other)];
  const row = await connection.row(
    `SELECT count(*)::INTEGER AS rows FROM ((${ours} EXCEPT ${theirs}) UNION ALL (${theirs} EXCEPT ${ours}))`,
  );
  return row?.rows;
};

/** The same batches by us and, with names in them, by DuckDB. */
const writeBoth = async (batches: readonly FlowBatch[] | readonly RecordBatch[]) => {
  const before = opened;
  const ours = await written(batches);
  const engines = opened - before - 1;
  const rows = batches.map((batch) => (batch instanceof RecordBatch ? flowBatchOf(batch) : batch));
  for (const batch of rows) nameEnds(batch);
  return { ours, engines, theirs: await written(rows) };
};

const v6 = { ipVersion: 6, srcA: 0x20010db8, srcB: 1, srcC: -2, dstA: 0x20010db8, dstB: 1, dstC: -3 } as const;

/** Some of everything that a flow can be made of, some 40,000 flows within three hours. */
const mixed = Array.from({ length: 60_000 }, (_, i): Packet => {
  const at = 1_735_700_000 + i / 5 + ((i * 7919) % 1000) / 1e9;
  const from = 1 + ((i * 31) % 50_000);
  const common = { at, from, srcMac: 0x0200_0000_0000 + (i % 9), dstMac: 0x0200_ffff_ffff, ttl: 30 + (i % 40) };
  if (i % 9 === 0) return packetOf({ ...common, protocol: 1, srcPort: -1, dstPort: -1, icmpType: 8, icmpCode: 3, icmpIdentifier: i % 9 });
  if (i % 9 === 1) return packetOf({ ...common, ...v6, srcPort: i % 65_536, flowLabel: 0xfffff, mplsLabel: 77 });
  // An IPv4-mapped address within an IPv6 packet: it has the words of an IPv4 one, and another text.
  if (i % 9 === 2) return packetOf({ ...common, ipVersion: 6, vlanId: i % 4096, vlanInnerId: 7 });
  if (i % 9 === 3) return packetOf({ ...common, protocol: 47, srcPort: -1, dstPort: -1, tunnelDepth: 1, tunnelType: 3 });
  if (i % 9 === 4) return segmentOf(at, tcp.syn, { from, tcpSequence: i, interfaceIndex: i % 3 });
  if (i % 9 === 5) return segmentOf(at, tcp.syn | tcp.ack, { reverse: true, to: 1 + (((i - 1) * 31) % 50_000), tcpSequence: i });
  if (i % 9 === 6) return replyOf({ at, to: from, octets: 65_535, tos: i % 256 });
  return packetOf(common);
});

/** All codes of a dictionary are used up, and looked for again in the next row group. */
const everyAddress = Array.from({ length: 65_536 + 9000 }, (_, i) =>
  packetOf({ at: 1_735_700_000 + i / 1000, from: i, srcPort: i & 0xffff }),
);

describe('the encoder of metered runs', () => {
  it.each([
    ['flows of all kinds', mixed, {}],
    ['uniflows', mixed.slice(0, 2000), { uniflow: true }],
    ['flows in order', Array.from({ length: 300 }, (_, at) => packetOf({ at: at * 100, idle: 1, from: at } as object)), {}],
    ['more flows than a run holds, each from another address', everyAddress, {}],
    ['one flow', [packetOf({ at: 1.000000001 })], {}],
    ['flows of several days, before 1970 too', [-90_000.5, -1, 0, 86_399, 86_400, 400_000].map((at) => packetOf({ at })), {}],
    ['flows of more days than files', Array.from({ length: 40 }, (_, day) => packetOf({ at: day * 86_400 })), {}],
  ] as [string, Packet[], Partial<MeterOptions>][])('writes %s as DuckDB does', async (_, packets, options) => {
    const flows = flowsOf(packets, options);
    const { ours, theirs, engines } = await writeBoth(flows);
    expect(engines).toBe(0);
    const bare = ({ path: _path, sum: _sum, ...rest }: RunFile) => rest;
    expect(ours.map(bare)).toEqual(theirs.map(bare));
    for (const [at, file] of ours.entries()) expect(await differences(file, theirs[at] as RunFile)).toBe(0);
    // Whether they come as records or as rows, the files are the same, octet by octet.
    expect((await written(asRows(flows))).map(({ sum }) => sum)).toEqual(ours.map(({ sum }) => sum));
  });

  it('tells the same bounds as DuckDB, by which readers pass over files', async () => {
    const { ours, theirs } = await writeBoth(flowsOf(mixed.slice(0, 9000)));
    const boundsOf = ([file]: readonly RunFile[]): Promise<Row[]> =>
      connection.rows(
        `SELECT path_in_schema AS name, stats_min_value AS low, stats_max_value AS high, stats_null_count AS empty, num_values AS count
         FROM parquet_metadata(${literal((file as RunFile).path)}) ORDER BY column_id`,
      );
    expect(await boundsOf(ours)).toEqual(await boundsOf(theirs));
  });

  it('keeps exporters and next hops, where there are any', async () => {
    const batches = asRows(flowsOf(mixed.slice(0, 3000)));
    for (const batch of batches) {
      const [exporter, hop] = [batch.column('exporter'), batch.column('next_hop')];
      for (let row = 0; row < batch.count; row++) {
        const name = Buffer.from(row % 700 < 350 ? '192.0.2.1' : `2001:db8::${row >> 8}:53`);
        batch.setText(exporter, row, name, 0, name.length);
        setPresent(exporter, row);
        if (row % 3 > 0) continue;
        const next = Buffer.from(`198.51.100.${row % 256}`);
        batch.setText(hop, row, next, 0, next.length);
        setPresent(hop, row);
      }
    }
    const { ours, theirs, engines } = await writeBoth(batches);
    expect(engines).toBe(0);
    for (const [at, file] of ours.entries()) expect(await differences(file, theirs[at] as RunFile)).toBe(0);
  });

  it('leaves what it cannot tell exactly to DuckDB', async () => {
    const far = { seconds: 9_000_000_000, nanos: 123_456_789 };
    const { ours, theirs, engines } = await writeBoth(flowsOf([packetOf({}), packetOf({ ...far, from: 9 })]));
    expect(engines).toBe(1);
    for (const [at, file] of ours.entries()) expect(await differences(file, theirs[at] as RunFile)).toBe(0);
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining('.part'));
  });

  it('sums its files up as the store does', async () => {
    const [file] = await written(flowsOf(mixed.slice(0, 100)));
    expect(file?.sum).toEqual(await sumFile((file as RunFile).path));
  });
});
