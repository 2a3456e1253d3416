/** Rates of sampling: counters stay as they are sent, and how many packets one stands for is told beside them. */
import { flowFlags } from '../schema.ts';
import { fillNumber, markPresent } from './cells.ts';
import { slot } from './elements.ts';
import type { ExportColumns } from './export-columns.ts';
import { readNumber } from './number.ts';
import type { RecordRun } from './record-run.ts';
import type { Plan } from './template.ts';

const ownRates = [slot.samplingInterval, slot.packetInterval, slot.samplingSize];
const highestRate = 0xffff_ffff;

/** One packet in so many, as the fields of a record say (RFC 5477 section 8.2, 8.3); 0 where they do not. */
export const readRate = (view: DataView, from: number, { offsets, lengths }: Plan): number => {
  const read = (place: number): number => (offsets[place]! < 0 ? 0 : readNumber(view, from + offsets[place]!, lengths[place]!));
  const interval = read(slot.packetInterval);
  if (interval > 0 && offsets[slot.packetSpace]! >= 0)
    return Math.min(highestRate, Math.round((interval + read(slot.packetSpace)) / interval));
  const size = read(slot.samplingSize);
  if (size > 0 && offsets[slot.samplingPopulation]! >= 0) return Math.min(highestRate, Math.round(read(slot.samplingPopulation) / size));
  return Math.min(highestRate, read(slot.samplingInterval));
};

/** Fills the rate: that of the record, else of the sampler it names, else of its exporter. */
export const fillSampling = (c: ExportColumns, { view, at, size, plan, row, count, origin: { domain, sampling } }: RecordRun): void => {
  const general = domain.rate || sampling;
  const sampler = plan.offsets[slot.sampler]!;
  if (sampler < 0 && ownRates.every((place) => plan.offsets[place]! < 0)) {
    fillNumber(c.sampling_rate, row, row + count, general);
    return;
  }
  for (let i = 0, from = at; i < count; i++, from += size) {
    const own = readRate(view, from, plan);
    let rate = own || general;
    if (own === 0 && sampler >= 0) {
      const id = readNumber(view, from + sampler, plan.lengths[slot.sampler]!);
      const known = domain.samplers.get(id);
      if (known !== undefined) rate = known;
      else if (id !== 0 && domain.rate === 0) c.flags.u32[row + i]! |= flowFlags.samplingUnknown;
    }
    c.sampling_rate.u32[row + i] = rate;
  }
  markPresent(c.sampling_rate, row, row + count);
};
