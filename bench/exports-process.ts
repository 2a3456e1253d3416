/**
 * The two sides of the benchmark of flow exports, each in a process of its own:
 *
 *   exports-process.ts decode ROUNDS           decodes NetFlow v9 in memory, and prints flows per second of CPU time
 *   exports-process.ts send PORT RATE SECONDS  sends NetFlow v9 to 127.0.0.1, RATE flows a second
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { FlowBatch } from '../src/flows/batch.ts';
import { Decoder } from '../src/flows/exporters/decoder.ts';
import { commonFields, commonRecord, join, netflow9, set, template } from '../src/flows/exporters/export-builder.ts';
import type { Exporter } from '../src/flows/exporters/exporter.ts';

/** Records of a datagram of 1,372 octets, as an exporter on Ethernet sends them. */
const recordsEach = 24;
const kinds = 2000;

const announcement = netflow9({}, set(0, template(256, commonFields)));
const makeDatagrams = (): Uint8Array[] =>
  Array.from({ length: kinds }, (_, at) =>
    netflow9(
      { sequence: at },
      set(256, join(...Array.from({ length: recordsEach }, (_, record) => commonRecord(at * recordsEach + record)))),
    ),
  );

const decode = (rounds: number): void => {
  const sink = {
    batch: new FlowBatch('addressed'),
    full() {
      this.batch.reset();
      return this.batch;
    },
  };
  const decoder = new Decoder(sink);
  const exporter = decoder.exporter('192.0.2.1', '192.0.2.1') as Exporter;
  const views = makeDatagrams().map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const feed = (view: DataView): void => decoder.decode(view, { exporter, isStream: false }, 1);
  feed(new DataView(announcement.buffer));
  for (let warm = 0; warm < 20; warm++) views.forEach(feed);
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) views.forEach(feed);
  const { user, system } = process.cpuUsage(before);
  const flows = rounds * kinds * recordsEach;
  process.stdout.write(
    `${JSON.stringify({ flows, cpu_s: (user + system) / 1e6, flows_per_cpu_s: Math.round(flows / ((user + system) / 1e6)) })}\n`,
  );
};

const send = async (port: number, rate: number, seconds: number): Promise<void> => {
  const datagrams = makeDatagrams();
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4 * 1024 * 1024 });
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  let sequence = 0;
  const emit = (bytes: Uint8Array): void => {
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(12, sequence++);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, Math.floor(Date.now() / 1000));
    socket.send(bytes);
  };
  emit(announcement);
  await sleep(100);
  const start = performance.now();
  const total = Math.round((rate * seconds) / recordsEach);
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor((((performance.now() - start) / 1000) * rate) / recordsEach));
    // A pause of this process is not made up for in one burst: that would be no steady rate.
    for (const end = Math.min(due, sent + 200); sent < end; sent++) emit(datagrams[sent % kinds]!.slice());
    await sleep(1);
  }
  const took = (performance.now() - start) / 1000;
  await sleep(500);
  process.stdout.write(`${JSON.stringify({ datagrams: total, flows: total * recordsEach, seconds: took })}\n`);
  socket.close();
};

const [work, ...numbers] = process.argv.slice(2);
const [first, second, third] = numbers.map(Number) as [number, number, number];
if (work === 'decode') decode(first);
else await send(first, second, third);
