/**
 * Packets that came in fragments on their way into flows. The fragment that has the transport header is counted as any packet, and the others follow
 * it; those that come before it are counted on a provisional record, in no index and no slot of the wheel.
 */
import type { Packet } from '../../packets/index.ts';
import { type EndedFlows, endReasons } from './ended-flows.ts';
import type { Expiry } from './expiry.ts';
import { icmpPorts, keyHash, metaOf, placeOf } from './flow-key.ts';
import { field, field64, meta, recordDoubles, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';
import { FragmentTable } from './fragments.ts';
import type { MeterOptions } from './options.ts';
import type { Tally } from './tally.ts';

/** Fragments that wait for one first fragment; a datagram has no more than 8192 in any case. */
const fragmentsPerDatagram = 1000;
const datagrams = 65_536;

/** What tells a flow from another beside its addresses: see flow-key.ts. */
export type PacketKey = { ports: number; meta: number; place: number };

/** The parts of the meter that fragments have a hand in. */
type Parts = { options: MeterOptions; table: FlowTable; tally: Tally; expiry: Expiry; ended: EndedFlows };

/** What only the meter can do: count a packet in the flow of a key and tell its record, and take a record for what begins with a packet. */
type Flows = { count: (packet: Packet, key: PacketKey) => number; allocateFor: (packet: Packet) => number };

export class FragmentedPackets {
  /** Fragments so far. */
  packets = 0;
  readonly #parts: Parts;
  readonly #flows: Flows;
  readonly #isBiflow: boolean;
  /** Made for the first fragment. */
  #table: FragmentTable | undefined;

  constructor(parts: Parts, flows: Flows) {
    this.#parts = parts;
    this.#flows = flows;
    this.#isBiflow = !parts.options.uniflow;
  }

  /** Datagrams that still wait for their first fragment. */
  get pending(): number {
    return this.#table?.pending ?? 0;
  }

  /** Gives up waiting for first fragments that are too late at a time in seconds. */
  expire(seconds: number): void {
    this.#table?.expire(seconds);
  }

  /** Gives up waiting for that of the oldest datagram; false where none waits. */
  dropOldest(): boolean {
    return this.#table?.dropOldest() ?? false;
  }

  /** Counts a fragment; returns the record on which it was counted. */
  count(packet: Packet): number {
    this.packets++;
    const { options, table, tally } = this.#parts;
    const key: PacketKey = { ports: 0, meta: metaOf(packet, true), place: placeOf(packet, options.keyVlan, options.keyInterface) };
    this.#table ??= new FragmentTable(Math.max(1, Math.min(datagrams, options.maxFlows >> 1)), this.#settle);
    const fragments = this.#table;
    const entry = fragments.find(packet, key.meta, key.place);
    if (packet.fragmentOffset === 0) return this.#countFirst(fragments, packet, key, entry);
    if (entry < 0) {
      const record = this.#provisional(packet, key);
      fragments.add(packet, key.meta, key.place, 0, record);
      return record;
    }
    const record = fragments.pendingOf(entry);
    if (record < 0) return this.#flows.count(packet, { ...key, ports: fragments.portsOf(entry), meta: key.meta & ~meta.portless });
    if (table.doubles[record * recordDoubles + field64.packets]! >= fragmentsPerDatagram) return this.#flows.count(packet, key);
    tally.stretch(packet, record);
    tally.tally(packet, record, 0);
    return record;
  }

  /** The fragment that has the transport header: the others follow it into its flow. */
  #countFirst(fragments: FragmentTable, packet: Packet, key: PacketKey, entry: number): number {
    // A first fragment that was cut short has no ports: then all of the datagram belongs to the flow without.
    if (packet.srcPort < 0 && packet.icmpType < 0) return this.#flows.count(packet, key);
    const ports = packet.srcPort >= 0 ? (packet.srcPort << 16) | packet.dstPort : icmpPorts(packet, this.#isBiflow);
    const record = this.#flows.count(packet, { ports, meta: metaOf(packet, false), place: key.place });
    if (entry < 0) {
      fragments.add(packet, key.meta, key.place, ports, -1);
      return record;
    }
    const waiting = fragments.complete(entry, packet, ports);
    if (waiting < 0) return record;
    const { table, tally } = this.#parts;
    tally.merge(waiting, record, table.words[record * recordWords + field.ports] === ports ? 0 : 1);
    table.release(waiting);
    return record;
  }

  /** Opens a record for a datagram whose first fragment has not come: counted, but in no index and no slot. */
  #provisional(packet: Packet, key: PacketKey): number {
    const record = this.#flows.allocateFor(packet);
    const { table, tally } = this.#parts;
    const { words } = table;
    const word = record * recordWords;
    words[word + field.meta] = key.meta;
    words[word + field.place] = key.place;
    words[word + field.hash] = keyHash(packet, 0, key.meta, key.place);
    tally.begin(packet, record, 0);
    words[word + field.state]! |= state.provisional;
    tally.tally(packet, record, 0);
    return record;
  }

  /** Gives up waiting for a first fragment: the provisional record joins the flow without ports, or becomes it. */
  readonly #settle = (record: number): void => {
    const { table, tally, expiry, ended } = this.#parts;
    const { words, doubles } = table;
    const word = record * recordWords;
    words[word + field.state]! &= ~state.provisional;
    const found = table.findLike(record, this.#isBiflow);
    if (found >= 0) {
      const flow = found >> 1;
      const silence = doubles[record * recordDoubles + field64.start]! - doubles[flow * recordDoubles + field64.last]!;
      if (silence * 1e9 <= expiry.idleNs[words[word + field.meta]! & 255]!) {
        tally.merge(record, flow, found & 1);
        table.release(record);
        return;
      }
      ended.end(flow, endReasons.idle);
    }
    table.insert(record);
    expiry.track(record);
  };
}
