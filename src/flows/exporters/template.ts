/**
 * Templates (RFC 3954 section 5.2, RFC 7011 section 3.4): which fields the records of a set have. A template is compiled
 * once into the place of each slot within a record, so that reading a record looks nothing up.
 */
import { type ElementTable, elementKey, fits, type SlotName, slot, slotNames } from './elements.ts';

/** A field: element, enterprise (0 for IANA's), and its octets; 65535 is a length that each record tells (RFC 7011 section 7). */
export type Field = { readonly id: number; readonly enterprise: number; readonly length: number };

/** A template as it was announced. The first `scope` fields of an options template tell what the others are about. */
export type Template = { readonly id: number; readonly isOptions: boolean; readonly scope: number; readonly fields: readonly Field[] };

export const variableLength = 65_535;

/** What a record becomes. */
export type RecordKind = 'flow' | 'options' | 'section' | 'event';

/** Where a time comes from: the slot that holds it and how that is read. */
export type Clock = 'uptime' | 'seconds' | 'milliseconds' | 'fraction' | 'delta' | 'none';

/** A compiled template. */
export type Plan = {
  readonly template: Template;
  readonly kind: RecordKind;
  /** Octets of a record, or 0 where some field has a variable length. */
  readonly size: number;
  /** The fewest octets that a record can have; 0 for a template that no record can follow. */
  readonly least: number;
  /** For each slot the octet at which it begins within the record, or -1 where the template does not have it. */
  readonly offsets: Int32Array;
  /** For each slot its octets. */
  readonly lengths: Int32Array;
  /** For each slot its field, or -1: where offsets have to be found anew for each record. */
  readonly fieldOf: Int32Array;
  readonly start: Clock;
  readonly startSlot: number;
  readonly end: Clock;
  readonly endSlot: number;
};

/** How counters 23 and 24 (OUT_BYTES, OUT_PKTS) are read where 1 and 2 stand beside them. */
export type OutCounters = 'ignore' | 'reverse';

/** Whether two announcements say the same. */
export const isSameTemplate = (a: Template, b: Template): boolean =>
  a.isOptions === b.isOptions &&
  a.scope === b.scope &&
  a.fields.length === b.fields.length &&
  a.fields.every((field, at) => {
    const other = b.fields[at] as Field;
    return field.id === other.id && field.enterprise === other.enterprise && field.length === other.length;
  });

/** Finds the place of every slot. */
export const compileTemplate = (template: Template, elements: ElementTable, out: OutCounters = 'ignore'): Plan => {
  const offsets = new Int32Array(slotNames.length).fill(-1);
  const lengths = new Int32Array(slotNames.length);
  const fieldOf = new Int32Array(slotNames.length).fill(-1);
  const ranks = new Int32Array(slotNames.length).fill(1000);
  let offset = 0;
  let isVariable = false;
  let least = 0;
  for (const [at, { id, enterprise, length }] of template.fields.entries()) {
    for (const use of elements.get(elementKey(enterprise, id)) ?? []) {
      if (!fits(use.slot, length) || use.rank >= (ranks[use.slot] as number)) continue;
      ranks[use.slot] = use.rank;
      offsets[use.slot] = offset;
      lengths[use.slot] = length;
      fieldOf[use.slot] = at;
    }
    isVariable ||= length === variableLength;
    const octets = length === variableLength ? 1 : length;
    offset += octets;
    least += octets;
  }
  if (out === 'reverse') takeOutAsReverse(offsets, lengths, fieldOf);
  const has = (name: SlotName): boolean => (offsets[slot[name]] as number) >= 0;
  const places = { template, size: isVariable ? 0 : least, least, offsets, lengths, fieldOf };
  return { ...places, kind: kindOf(template, has), ...clocksOf(has) };
};

/** Where the counters of the way out are the other direction and the template has those of the way in beside them. */
const takeOutAsReverse = (offsets: Int32Array, lengths: Int32Array, fieldOf: Int32Array): void => {
  for (const [from, to, forward] of [
    [slot.outPackets, slot.reversePackets, slot.packets],
    [slot.outOctets, slot.reverseOctets, slot.octets],
  ] as const) {
    if ((offsets[to] as number) >= 0 || fieldOf[from] === fieldOf[forward]) continue;
    offsets[to] = offsets[from] as number;
    lengths[to] = lengths[from] as number;
    fieldOf[to] = fieldOf[from] as number;
  }
};

const kindOf = ({ isOptions }: Template, has: (name: SlotName) => boolean): RecordKind => {
  if (isOptions) return 'options';
  if (has('frame') || has('ipPacket')) return 'section';
  // NAT and firewall events and interface counters have neither packets nor octets of a flow: no flows.
  return has('packets') || has('octets') || has('reversePackets') || has('reverseOctets') ? 'flow' : 'event';
};

type Clocks = Pick<Plan, 'start' | 'startSlot' | 'end' | 'endSlot'>;

const clockSlots = [
  ['milliseconds', 'startMilliseconds', 'endMilliseconds'],
  ['fraction', 'startNanoseconds', 'endNanoseconds'],
  ['fraction', 'startMicroseconds', 'endMicroseconds'],
  ['seconds', 'startSeconds', 'endSeconds'],
  ['delta', 'startDelta', 'endDelta'],
  ['uptime', 'startUptime', 'endUptime'],
] as const satisfies readonly (readonly [Clock, SlotName, SlotName])[];

const clocksOf = (has: (name: SlotName) => boolean): Clocks => {
  const clocks: Clocks = { start: 'none', startSlot: -1, end: 'none', endSlot: -1 };
  const both = clockSlots.find(([, start, end]) => has(start) && has(end));
  const start = both ?? clockSlots.find(([, name]) => has(name));
  const end = both ?? clockSlots.find(([, , name]) => has(name));
  if (start !== undefined) Object.assign(clocks, { start: start[0], startSlot: slot[start[1]] });
  if (end !== undefined) Object.assign(clocks, { end: end[0], endSlot: slot[end[2]] });
  else if (has('observedMilliseconds')) Object.assign(clocks, { end: 'milliseconds', endSlot: slot.observedMilliseconds });
  else if (has('observedSeconds')) Object.assign(clocks, { end: 'seconds', endSlot: slot.observedSeconds });
  return clocks;
};
