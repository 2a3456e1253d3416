/**
 * Reads and meters a capture and keeps nothing: what the reader and the meter alone can do, as a process of its own, on
 * two threads as in an import.
 *
 *   node bench/meter-process.ts FILE      prints packets and flows as JSON
 */
import { stat } from 'node:fs/promises';
import { readFileBytes } from '../src/core/byte-source.ts';
import { linkThreads, receiveBatches } from '../src/flows/import/batch-channel.ts';
import { CaptureIntake } from '../src/flows/import/capture-intake.ts';
import { startMetering } from '../src/flows/import/start-metering.ts';
import { meterDefaults } from '../src/flows/meter/options.ts';
import { headroom } from '../src/flows/meter/scan-lane.ts';
import { createCaptureReader } from '../src/packets/index.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('name a capture file');

const link = linkThreads();
const received = receiveBatches(link.writer, async (_batch, _hasOrdinals, release) => release(), new AbortController().signal);
const metering = await startMetering(meterDefaults, link.reader, (await stat(file)).size);
const reader = createCaptureReader(new CaptureIntake(metering, 'outer'));
await metering.ready;
for await (const bytes of readFileBytes(file, { buffer: metering.input })) reader.push(bytes, headroom);
reader.end();
await metering.end();
await received;
console.log(JSON.stringify({ packets: reader.packets, flows: metering.flows }));
