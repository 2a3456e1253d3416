/** Flows of packets that still come, on their way into a store: metered here, kept in a spool, delivered from there. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { formatBytes, formatCounted } from '../../cli/format.ts';
import { defaultDataFolder } from '../../core/data-home.ts';
import type { Packet } from '../../packets/index.ts';
import type { FlowsPort } from '../access.ts';
import { LiveFlows, type LiveOptions } from './live-flows.ts';
import { Spool } from './spool.ts';

/** Milliseconds between two files: soon where nothing is on its way, and fewer of them where something is. */
const cutMs = 200;
const busyCutMs = 500;
/**
 * After a file the store has a rest of four times what it took for it, for each file costs it much the same; but no longer than this: what
 * has ended is safe only when it is in the spool.
 */
const restFactor = 4;
const longestCutMs = 250;
/** Milliseconds between two looks for room. */
const roomMs = 1000;

export type FlowSenderOptions = {
  /** Where the flows go, closed with the sender; and what people call that. */
  port: FlowsPort;
  target: string;
  /** Starts the names of files in the spool, which are the names of imports. */
  name: string;
  meter: LiveOptions;
  /** The folder of the spool, by default one of the target's in the data home, and what may wait there. */
  spool?: string | undefined;
  spoolOctets?: number | undefined;
  isQuiet: boolean;
};

export class FlowSender {
  readonly #flows: LiveFlows;
  readonly #spool: Spool;
  readonly #port: FlowsPort;
  readonly #isQuiet: boolean;
  #lastCut = 0;
  #cutting: Promise<void> = Promise.resolve();
  #isCutting = false;

  private constructor(parts: { flows: LiveFlows; spool: Spool; port: FlowsPort; isQuiet: boolean }) {
    this.#flows = parts.flows;
    this.#spool = parts.spool;
    this.#port = parts.port;
    this.#isQuiet = parts.isQuiet;
  }

  /** Opens the spool; a server that is away now may come later. */
  static async open({ port, target, name, meter, spool: folder, spoolOctets, isQuiet }: FlowSenderOptions): Promise<FlowSender> {
    const place = folder ?? join(defaultDataFolder(), 'spool', createHash('sha256').update(target).digest('hex').slice(0, 16));
    const say = (text: string): void => void (isQuiet || process.stderr.write(`weir: ${text}\n`));
    const spool = new Spool(
      place,
      (source) => port.import(source, { format: 'parquet' }, () => {}),
      (problem) => say(problem === null ? `flows are being stored at ${target} again` : `flows wait in ${place}: ${problem}`),
      spoolOctets,
    );
    await spool.open();
    const flows = new LiveFlows(place, `${name}${Date.now().toString(36)}p${process.pid}`, meter);
    return new FlowSender({ flows, spool, port, isQuiet });
  }

  /** Flows that have ended so far. */
  get flows(): number {
    return this.#flows.flows;
  }

  add(packet: Packet): void {
    this.#flows.add(packet);
  }

  /** Ends flows that have timed out and sends what there is, now and then. What finds no room is lost: packets do not wait. */
  tick(nowMs: number): void {
    this.#flows.tick(nowMs);
    if (this.#isCutting || !this.#isTimeToCut(nowMs)) return;
    this.#isCutting = true;
    this.#cutting = this.#cut();
  }

  /**
   * The same for packets that do wait, in a file: resolves when what has ended is in the spool and there is room for more. So many
   * milliseconds have passed since the last packet came.
   */
  async settle(passedMs: number, signal: AbortSignal): Promise<void> {
    this.#flows.tickSince(passedMs);
    if (!this.#isTimeToCut(Date.now())) return;
    await this.#flows.cut();
    this.#spool.poke();
    while (!signal.aborted && !(await this.#spool.hasRoom())) await pause(roomMs, undefined, { signal }).catch(() => {});
  }

  #isTimeToCut(nowMs: number): boolean {
    const rest = Math.min(longestCutMs, restFactor * this.#spool.lastMs);
    if (nowMs - this.#lastCut < Math.max(rest, this.#spool.isBusy ? busyCutMs : cutMs)) return false;
    this.#lastCut = nowMs;
    return true;
  }

  async #cut(): Promise<void> {
    try {
      this.#look(await this.#spool.hasRoom());
      await this.#flows.cut();
      this.#spool.poke();
    } catch (error) {
      process.stderr.write(`weir: flows could not be written: ${error instanceof Error ? error.message : error}\n`);
    } finally {
      this.#isCutting = false;
    }
  }

  /** Flows that find no room are lost, and that is told: an old flow is worth as much as a new one, and a full disk stops more than this. */
  #look(hasRoom: boolean): void {
    if (hasRoom === this.#flows.keeps) return;
    this.#flows.keeps = hasRoom;
    const text = hasRoom ? 'there is room in the spool again' : `the spool ${this.#spool.folder} is full: flows that end now are lost`;
    if (!this.#isQuiet) process.stderr.write(`weir: ${text}\n`);
  }

  /** Ends all flows and delivers them, and says so; what cannot be delivered now waits for the next that has the same store. */
  async close(): Promise<void> {
    await this.#cutting;
    await this.#flows.end();
    const { files, octets } = await this.#spool.close();
    await this.#port.close();
    if (this.#isQuiet) return;
    const left = files === 0 ? 'all stored' : `${formatCounted(files, 'file')} (${formatBytes(octets)}) wait in ${this.#spool.folder}`;
    const { flows, lost } = this.#flows;
    process.stderr.write(`${formatCounted(flows, 'flow')}, ${left}${lost === 0 ? '' : `, ${lost} lost since the spool was full`}\n`);
  }
}
