/**
 * Where the numbers of TCP connections began, so that lines tell them relative to that: `seq 1:29` is the first 28 octets.
 * As tcpdump does it, a connection is known from its first segment with ACK; until then its numbers are told as they are.
 */
import type { Packet } from '../packet.ts';

/** Words of an entry: two addresses of four, both ports, base of sequence and of acknowledgement as the first sender saw them. */
const stride = 12;
const portsAt = 8;
const sequenceAt = 9;
const acknowledgementAt = 10;
const inUseAt = 11;

const fewest = 4096;
/** Connections known at once (12 MiB); with one more all are forgotten, and numbers are told as they are once more. */
const most = 262_144;

const syn = 2;
const ack = 16;

export class SequenceBases {
  /** Of the packet at hand: what to take off its sequence and acknowledgement, modulo 2^32. */
  sequence = 0;
  acknowledgement = 0;
  #slots = fewest;
  #used = 0;
  #words = new Int32Array(fewest * stride);

  /** Finds the bases for a TCP packet whose header is whole. */
  find(packet: Packet): void {
    this.sequence = 0;
    this.acknowledgement = 0;
    if ((packet.tcpFlags & ack) === 0) return;
    const isTurned = packet.srcD === packet.dstD ? packet.srcPort > packet.dstPort : packet.srcD > packet.dstD;
    const ports = isTurned ? (packet.dstPort << 16) | packet.srcPort : (packet.srcPort << 16) | packet.dstPort;
    const at = this.#slotOf(packet, isTurned, ports);
    const words = this.#words;
    const isNew = words[at + inUseAt] === 0;
    if (isNew || (packet.tcpFlags & syn) !== 0) {
      if (isNew) this.#take(packet, isTurned, ports, at);
      words[at + (isTurned ? acknowledgementAt : sequenceAt)] = packet.tcpSequence;
      words[at + (isTurned ? sequenceAt : acknowledgementAt)] = packet.tcpAcknowledgement - 1;
      if (isNew && this.#used > this.#slots >> 1) this.#grow();
      return;
    }
    this.sequence = words[at + (isTurned ? acknowledgementAt : sequenceAt)]!;
    this.acknowledgement = words[at + (isTurned ? sequenceAt : acknowledgementAt)]!;
  }

  /** The entry of a connection, or the free one where it belongs. */
  #slotOf(packet: Packet, isTurned: boolean, ports: number): number {
    const words = this.#words;
    const mask = this.#slots - 1;
    let hash = Math.imul(packet.srcD ^ packet.dstD ^ packet.srcB ^ packet.dstB, 0x9e3779b1) ^ Math.imul(ports, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * stride;
      if (words[at + inUseAt] === 0) return at;
      if (words[at + portsAt] !== ports) continue;
      const source = isTurned ? at + 4 : at;
      const target = isTurned ? at : at + 4;
      if (words[source + 3] !== packet.srcD || words[target + 3] !== packet.dstD) continue;
      if (words[source] !== packet.srcA || words[source + 1] !== packet.srcB || words[source + 2] !== packet.srcC) continue;
      if (words[target] === packet.dstA && words[target + 1] === packet.dstB && words[target + 2] === packet.dstC) return at;
    }
  }

  #take(packet: Packet, isTurned: boolean, ports: number, at: number): void {
    const words = this.#words;
    const source = isTurned ? at + 4 : at;
    const target = isTurned ? at : at + 4;
    words[source] = packet.srcA;
    words[source + 1] = packet.srcB;
    words[source + 2] = packet.srcC;
    words[source + 3] = packet.srcD;
    words[target] = packet.dstA;
    words[target + 1] = packet.dstB;
    words[target + 2] = packet.dstC;
    words[target + 3] = packet.dstD;
    words[at + portsAt] = ports;
    words[at + inUseAt] = 1;
    this.#used++;
  }

  #grow(): void {
    const old = this.#words;
    const isFull = this.#slots === most;
    this.#slots = isFull ? fewest : this.#slots * 2;
    this.#words = new Int32Array(this.#slots * stride);
    this.#used = 0;
    if (isFull) return;
    const mask = this.#slots - 1;
    for (let from = 0; from < old.length; from += stride) {
      if (old[from + inUseAt] === 0) continue;
      let hash = Math.imul(old[from + 3]! ^ old[from + 7]! ^ old[from + 1]! ^ old[from + 5]!, 0x9e3779b1);
      hash ^= Math.imul(old[from + portsAt]!, 0x85ebca6b);
      hash ^= hash >>> 15;
      let slot = hash & mask;
      while (this.#words[slot * stride + inUseAt] !== 0) slot = (slot + 1) & mask;
      this.#words.set(old.subarray(from, from + stride), slot * stride);
      this.#used++;
    }
  }
}
