/** Flows of a live capture on their way into a store: metered here, kept in a spool, delivered from there. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { GlobalOptions } from '../../cli/command.ts';
import { formatBytes, formatCounted } from '../../cli/format.ts';
import { defaultDataFolder } from '../../core/data-home.ts';
import { LiveFlows, openFlowsAt, Spool } from '../../flows/live/index.ts';
import type { Packet } from '../../packets/index.ts';
import type { CaptureOptions } from './capture-options.ts';

/** Milliseconds between two files: soon where nothing is on its way, and fewer of them where something is. */
const cutMs = 200;
const busyCutMs = 500;

export class FlowSender {
  readonly #flows: LiveFlows;
  readonly #spool: Spool;
  readonly #release: () => Promise<void>;
  readonly #isQuiet: boolean;
  #lastCut = 0;
  #cutting: Promise<void> = Promise.resolve();
  #isCutting = false;

  private constructor(parts: { flows: LiveFlows; spool: Spool; release: () => Promise<void>; isQuiet: boolean }) {
    this.#flows = parts.flows;
    this.#spool = parts.spool;
    this.#release = parts.release;
    this.#isQuiet = parts.isQuiet;
  }

  /** Opens the store that the options name; a server that is away now may come later. */
  static async open(options: CaptureOptions, { server, data, quiet }: GlobalOptions): Promise<FlowSender> {
    const place = options.to !== undefined ? { server: options.to } : data !== undefined ? { data } : { server };
    const target = 'server' in place ? place.server : place.data;
    const name = createHash('sha256').update(target).digest('hex').slice(0, 16);
    const port = await openFlowsAt(place);
    const folder = options.spool ?? join(defaultDataFolder(), 'spool', name);
    const say = (text: string): void => void (quiet || process.stderr.write(`weir: ${text}\n`));
    const spool = new Spool(
      folder,
      (source) => port.import(source, { format: 'parquet' }, () => {}),
      (problem) => say(problem === null ? `flows are being stored at ${target} again` : `flows wait in ${folder}: ${problem}`),
      options.spoolSize,
    );
    await spool.open();
    const { idle, idleUdp, active, uniflow } = options;
    const times = { idleMs: idle, udpIdleMs: idleUdp ?? idle, icmpIdleMs: idleUdp ?? idle, activeMs: active, uniflow };
    const given = Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
    const flows = new LiveFlows(folder, `l${Date.now().toString(36)}p${process.pid}`, given);
    return new FlowSender({ flows, spool, release: () => port.close(), isQuiet: quiet === true });
  }

  add(packet: Packet): void {
    this.#flows.add(packet);
  }

  /** Ends flows that have timed out and sends what there is, now and then. */
  tick(nowMs: number): void {
    this.#flows.tick(nowMs);
    if (this.#isCutting || nowMs - this.#lastCut < (this.#spool.isBusy ? busyCutMs : cutMs)) return;
    this.#lastCut = nowMs;
    this.#isCutting = true;
    this.#cutting = this.#cut();
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

  /** Ends all flows and delivers them; what cannot be delivered now waits for the next capture with the same store. */
  async close(): Promise<void> {
    await this.#cutting;
    await this.#flows.end();
    const { files, octets } = await this.#spool.close();
    await this.#release();
    if (this.#isQuiet) return;
    const left = files === 0 ? 'all stored' : `${formatCounted(files, 'file')} (${formatBytes(octets)}) wait in ${this.#spool.folder}`;
    const { flows, lost } = this.#flows;
    process.stderr.write(`${formatCounted(flows, 'flow')}, ${left}${lost === 0 ? '' : `, ${lost} lost since the spool was full`}\n`);
  }
}
