/** Options records (RFC 3954 section 6.1, RFC 7011 section 4): what an exporter says of itself, its samplers above all. */
import type { Domain } from './domain.ts';
import { slot } from './elements.ts';
import { mostSamplers } from './limits.ts';
import { readNumber } from './number.ts';
import { readRate } from './record-sampling.ts';
import type { Plan } from './template.ts';

/** Takes over what a record says; true when it is news. */
export const takeOptions = (view: DataView, at: number, plan: Plan, domain: Domain): boolean => {
  const { offsets, lengths } = plan;
  let isNew = false;
  const boot = offsets[slot.bootMilliseconds]!;
  if (boot >= 0) {
    const bootMs = readNumber(view, at + boot, lengths[slot.bootMilliseconds]!);
    isNew ||= bootMs !== domain.bootMs;
    domain.bootMs = bootMs;
  }
  const rate = readRate(view, at, plan);
  if (rate <= 0) return isNew;
  const sampler = offsets[slot.sampler]!;
  if (sampler < 0) {
    isNew ||= domain.rate !== rate;
    domain.rate = rate;
    return isNew;
  }
  const id = readNumber(view, at + sampler, lengths[slot.sampler]!);
  if (domain.samplers.get(id) === rate) return isNew;
  if (domain.samplers.size >= mostSamplers && !domain.samplers.has(id)) return isNew;
  domain.samplers.set(id, rate);
  return true;
};
