/**
 * Reads and meters a capture and keeps nothing: what the meter alone can do, as a process of its own.
 *
 *   node bench/meter-process.ts FILE      prints packets and flows as JSON
 */
import { readFileBytes } from '../src/core/byte-source.ts';
import { FlowBatch } from '../src/flows/batch.ts';
import { CaptureIntake } from '../src/flows/import/capture-intake.ts';
import { createMeter } from '../src/flows/meter/meter.ts';
import { meterDefaults } from '../src/flows/meter/options.ts';
import { createCaptureReader } from '../src/packets/index.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('name a capture file');

const batch = new FlowBatch('addressed');
let flows = 0;
const meter = createMeter(meterDefaults, {
  batch,
  full: () => {
    flows += batch.count;
    return batch.emptied();
  },
});
const reader = createCaptureReader(new CaptureIntake(meter, 'outer'));
for await (const bytes of readFileBytes(file)) reader.push(bytes);
reader.end();
meter.flush();
console.log(JSON.stringify({ packets: reader.packets, flows: flows + batch.count }));
