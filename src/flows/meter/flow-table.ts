/**
 * The live flows: records in one slab, found through an open-addressing index.
 *
 *   index:  | hash 0 | record 0 + 1 | hash 1 | record 1 + 1 | ...      0 in the second word: empty
 *
 * Slots are probed in line from hash & mask and at most half are in use; a removal moves later entries back, so there are
 * no tombstones and a long run does not slow down. The hash is the same for both directions of a flow.
 *
 * Memory: 192 octets a record and 16 to 32 of index, thus 95 MB for 450,000 live flows and 218 MB for the 1,048,576 of
 * the default limit. Room for all of them is set aside at once, in the memory of the kernel: it comes as zero pages that the
 * system commits when they are first touched, so only records that were in use at once count.
 */
import { Packet } from '../../packets/packet.ts';
import { annexWords, field, meta, recordDoubles, recordWords } from './flow-record.ts';
import { kernelMemory } from './kernel/kernel.ts';
import { counting } from './kernel/layout.ts';

const smallestIndex = 1024;

export class FlowTable {
  /** What the kernel is told and tells, the records and the index: see `counting`. */
  readonly memory: WebAssembly.Memory;
  /** The slab as words and as doubles. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** Flows that are due: see kernel/expire.ts. */
  readonly due: Float64Array;
  /** The annex of the records, empty until `openAnnex`: see `annexField`. */
  annex = new Int32Array(0);
  readonly maxFlows: number;
  /** What the kernel knows and changes as well. */
  readonly #told: Int32Array;
  #index: Int32Array;
  #mask = smallestIndex - 1;
  readonly #like = new Packet();

  /** `maxFlows`: 1 to 4,194,304. */
  constructor(maxFlows: number) {
    this.maxFlows = maxFlows;
    const slabOctets = maxFlows * recordWords * 4;
    // An index of twice the size is made behind the last one, which then lies idle.
    const indexOctets = 2 * 8 * Math.max(smallestIndex, 2 ** Math.ceil(Math.log2(maxFlows * 2)));
    const dueAt = counting.slab + slabOctets + indexOctets;
    this.memory = kernelMemory(dueAt + maxFlows * 8);
    const { buffer } = this.memory;
    this.words = new Int32Array(buffer, counting.slab, maxFlows * recordWords);
    this.doubles = new Float64Array(buffer, counting.slab, maxFlows * recordDoubles);
    this.#told = new Int32Array(buffer, 0, counting.idleNs / 4);
    this.#told[counting.free / 4] = -1;
    this.#told[counting.maxFlows / 4] = maxFlows;
    this.#told[counting.due / 4] = dueAt;
    this.due = new Float64Array(buffer, dueAt, maxFlows);
    this.#index = this.#indexAt(counting.slab + slabOctets);
  }

  /** The index at an address, empty, and where the kernel looks from now on. */
  #indexAt(address: number): Int32Array {
    this.#told[counting.index / 4] = address;
    this.#told[counting.mask / 4] = this.#mask;
    return new Int32Array(this.memory.buffer, address, (this.#mask + 1) * 2);
  }

  /** Records in use, provisional ones included. */
  get live(): number {
    return this.#told[counting.live / 4]!;
  }

  /** The most that were in use at once. */
  get peak(): number {
    return this.#told[counting.peak / 4]!;
  }

  /** Records that were ever in use: they lie in [0, used). */
  get used(): number {
    return this.#told[counting.used / 4]!;
  }

  get isFull(): boolean {
    return this.live === this.maxFlows;
  }

  /** Takes a record that is in no index; its words hold what was left in them. The caller made room: see `isFull`. */
  allocate(): number {
    const told = this.#told;
    const live = ++told[counting.live / 4]!;
    if (live > told[counting.peak / 4]!) told[counting.peak / 4] = live;
    const record = told[counting.free / 4]!;
    if (record < 0) return told[counting.used / 4]!++;
    told[counting.free / 4] = this.words[record * recordWords + field.next]!;
    return record;
  }

  /** Gives a record back that is in no index. */
  release(record: number): void {
    const word = record * recordWords;
    this.words[word + field.meta] = 0;
    this.words[word + field.next] = this.#told[counting.free / 4]!;
    this.#told[counting.free / 4] = record;
    this.#told[counting.live / 4]!--;
  }

  /**
   * Finds the flow of a packet in either direction, or in its own only: `record * 2`, plus 1 where the packet runs
   * against the flow's forward direction; -1 where there is none.
   */
  find(packet: Packet, ports: number, metaWord: number, place: number, hash: number, bothWays: boolean): number {
    const index = this.#index;
    const words = this.words;
    const { srcD, dstD } = packet;
    const turnedPorts = (ports << 16) | (ports >>> 16);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = index[slot * 2 + 1]!;
      if (entry === 0) return -1;
      if (index[slot * 2] !== hash) continue;
      const word = (entry - 1) * recordWords;
      if (words[word + field.meta] !== metaWord || words[word + field.place] !== place) continue;
      const from = words[word]!;
      const to = words[word + field.dstD]!;
      const has = words[word + field.ports]!;
      if (from === srcD && to === dstD && has === ports && ((metaWord & meta.ipv6) === 0 || this.#upperMatch(packet, word))) {
        return (entry - 1) * 2;
      }
      if (!bothWays || from !== dstD || to !== srcD || has !== turnedPorts) continue;
      if ((metaWord & meta.ipv6) === 0 || this.#upperMatchTurned(packet, word)) return (entry - 1) * 2 + 1;
    }
  }

  /** Finds a flow of the same key as a record that is in no index: as `find`. */
  findLike(record: number, bothWays: boolean): number {
    const words = this.words;
    const word = record * recordWords;
    const packet = this.#like;
    packet.srcA = words[word + field.srcA]!;
    packet.srcB = words[word + field.srcB]!;
    packet.srcC = words[word + field.srcC]!;
    packet.srcD = words[word + field.srcD]!;
    packet.dstA = words[word + field.dstA]!;
    packet.dstB = words[word + field.dstB]!;
    packet.dstC = words[word + field.dstC]!;
    packet.dstD = words[word + field.dstD]!;
    const { ports, meta: metaAt, place, hash } = field;
    return this.find(packet, words[word + ports]!, words[word + metaAt]!, words[word + place]!, words[word + hash]!, bothWays);
  }

  #upperMatch(packet: Packet, word: number): boolean {
    const words = this.words;
    return (
      words[word + field.srcA] === packet.srcA &&
      words[word + field.srcB] === packet.srcB &&
      words[word + field.srcC] === packet.srcC &&
      words[word + field.dstA] === packet.dstA &&
      words[word + field.dstB] === packet.dstB &&
      words[word + field.dstC] === packet.dstC
    );
  }

  #upperMatchTurned(packet: Packet, word: number): boolean {
    const words = this.words;
    return (
      words[word + field.srcA] === packet.dstA &&
      words[word + field.srcB] === packet.dstB &&
      words[word + field.srcC] === packet.dstC &&
      words[word + field.dstA] === packet.srcA &&
      words[word + field.dstB] === packet.srcB &&
      words[word + field.dstC] === packet.srcC
    );
  }

  /** Makes a record findable under the hash in its words. */
  insert(record: number): void {
    if (this.#told[counting.indexed / 4]! * 2 > this.#mask) this.#growIndex();
    this.#told[counting.indexed / 4]!++;
    this.#place(this.words[record * recordWords + field.hash]!, record + 1);
  }

  #place(hash: number, entry: number): void {
    let slot = hash & this.#mask;
    while (this.#index[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
    this.#index[slot * 2] = hash;
    this.#index[slot * 2 + 1] = entry;
  }

  #growIndex(): void {
    const old = this.#index;
    this.#mask = this.#mask * 2 + 1;
    this.#index = this.#indexAt(old.byteOffset + old.byteLength);
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.#place(old[i]!, old[i + 1]!);
  }

  /** Makes sure that there is an annex. */
  openAnnex(): void {
    if (this.annex.length === 0) this.annex = new Int32Array(this.maxFlows * annexWords);
  }
}
