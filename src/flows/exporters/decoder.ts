/**
 * Datagrams in, rows of flows out: NetFlow v5, v9, IPFIX and sFlow v5, told apart by their first octets, whichever socket
 * they come by. Synchronous, allocates nothing for a record, and what senders can make it keep is bounded (`limits.ts`).
 * A bad datagram is no exception: it is counted by reason at its exporter, and what was whole of it is kept.
 */
import type { Emitter } from '../import/emitter.ts';
import type { Domain, Header } from './domain.ts';
import { type ElementTable, knownElements } from './elements.ts';
import { ExportRows } from './export-rows.ts';
import { Exporter, type Fault, versions } from './exporter.ts';
import { type DecoderLimits, decoderLimits } from './limits.ts';
import { netflow5Plan } from './netflow5.ts';
import type { RowOrigin } from './record-run.ts';
import { SampleRows } from './sample-rows.ts';
import { SetReader } from './set-reader.ts';
import { decodeSflow } from './sflow.ts';
import { compileTemplate, type OutCounters, type Plan, type Template } from './template.ts';
import { readOptionsTemplates9, readTemplates9, readTemplates10, type TemplateSet } from './template-sets.ts';
import { WaitingSets } from './waiting-sets.ts';

export type DecoderOptions = {
  readonly limits?: DecoderLimits;
  /** Keep Ethernet addresses. */
  readonly macs?: boolean;
  /** What counters 23 and 24 are beside 1 and 2. */
  readonly outCounters?: OutCounters;
  /** One packet in so many, where an exporter says nothing. */
  readonly sampling?: number;
  readonly elements?: ElementTable;
};

/** Where a datagram came from. `isStream` is a connection of its own, whose templates live as long as it does. */
export type Sender = { readonly exporter: Exporter; readonly isStream: boolean };

export class Decoder {
  readonly exporters = new Map<string, Exporter>();
  /** Datagrams of senders for whom there was no room. */
  strangers = 0;
  readonly #rows: ExportRows;
  readonly #samples: SampleRows;
  readonly #limits: DecoderLimits;
  readonly #elements: ElementTable;
  readonly #out: OutCounters;
  readonly #sampling: number;
  readonly #sets: SetReader;
  readonly #waiting: WaitingSets;
  #templates = 0;
  /** Templates that said something new. */
  #learnt = 0;
  readonly #header: Header = { unixMs: 0, uptimeMs: 0, receivedMs: 0 };
  /** Records of the datagram at hand; less than 0 once some of it could not be counted. */
  #records = 0;

  constructor(
    emit: Emitter,
    { limits = decoderLimits, macs = false, outCounters = 'ignore', sampling = 1, elements = knownElements }: DecoderOptions = {},
  ) {
    this.#rows = new ExportRows(emit, { macs });
    this.#samples = new SampleRows(this.#rows, { macs });
    this.#sets = new SetReader({ rows: this.#rows, samples: this.#samples, header: this.#header });
    this.#waiting = new WaitingSets(limits);
    this.#limits = limits;
    this.#elements = elements;
    this.#out = outCounters;
    this.#sampling = sampling;
  }

  /** Rises when templates or samplers change: whoever keeps them looks here. */
  get revision(): number {
    return this.#learnt + this.#sets.revision;
  }

  /** The exporter of that name, made where it is new; undefined when there are too many. */
  exporter(name: string, address: string): Exporter | undefined {
    const known = this.exporters.get(name);
    if (known !== undefined) return known;
    if (this.exporters.size >= this.#limits.exporters) {
      this.strangers++;
      return undefined;
    }
    const exporter = new Exporter(name, address);
    this.exporters.set(name, exporter);
    return exporter;
  }

  /** Forgets an exporter and all that it announced: the end of a connection. */
  forget(exporter: Exporter): void {
    for (const domain of exporter.domains.values()) {
      this.#templates -= domain.templates.size;
      this.#waiting.forget(domain);
    }
    this.exporters.delete(exporter.name);
  }

  /** Decodes one datagram, or one message of a stream, that fills the view. `nowMs` is when it arrived. */
  decode(view: DataView, sender: Sender, nowMs: number): void {
    const { exporter } = sender;
    exporter.firstMs ||= nowMs;
    exporter.lastMs = nowMs;
    exporter.datagrams++;
    exporter.octets += view.byteLength;
    const fault = this.#decode(view, sender, nowMs);
    if (fault !== undefined) exporter.addFault(fault);
  }

  #decode(view: DataView, sender: Sender, nowMs: number): Fault | undefined {
    if (view.byteLength < 16) return 'short';
    const version = view.getUint16(0);
    this.#header.receivedMs = nowMs;
    if (version === versions.netflow9) return this.#decode9(view, sender);
    if (version === versions.ipfix) return this.#decode10(view, sender);
    if (version === versions.netflow5) return this.#decode5(view, sender);
    if (view.getUint32(0) !== 5) return 'version';
    const origin = (id: number) => this.#domain(sender.exporter, versions.sflow5, id, view.byteLength);
    return decodeSflow(view, { exporter: sender.exporter, domain: origin, rows: this.#samples, nowMs });
  }

  #domain(exporter: Exporter, version: number, id: number, octets: number): Domain | undefined {
    const domain = exporter.domain(version, id, this.#limits.domains);
    if (domain === undefined) {
      exporter.addFault('limit');
      return undefined;
    }
    domain.counters.datagrams++;
    domain.counters.octets += octets;
    return domain;
  }

  #originOf(exporter: Exporter, domain: Domain): RowOrigin {
    return { domain, exporter: exporter.text, sampling: this.#sampling };
  }

  /** NetFlow v5: 24 octets of header and 1 to 30 records of 48. Files hold several one behind the other. */
  #decode5(view: DataView, { exporter }: Sender): Fault | undefined {
    const header = this.#header;
    let at = 0;
    do {
      const count = view.getUint16(at + 2);
      if (count < 1 || count > 30 || at + 24 + count * 48 > view.byteLength) return 'count';
      const domain = this.#domain(exporter, versions.netflow5, view.getUint16(at + 20), 24 + count * 48);
      if (domain === undefined) return undefined;
      header.uptimeMs = view.getUint32(at + 4);
      header.unixMs = view.getUint32(at + 8) * 1000 + Math.floor(view.getUint32(at + 12) / 1e6);
      domain.rate = view.getUint16(at + 22) & 0x3fff;
      domain.follow(view.getUint32(at + 16), count, header.uptimeMs);
      this.#rows.write(view, at + 24, count, netflow5Plan, 48, header, this.#originOf(exporter, domain));
      domain.counters.flows += count;
      at += 24 + count * 48;
    } while (view.byteLength - at >= 24 && view.getUint16(at) === versions.netflow5);
    return undefined;
  }

  /** NetFlow v9 (RFC 3954): 20 octets of header, then FlowSets. */
  #decode9(view: DataView, { exporter }: Sender): Fault | undefined {
    if (view.byteLength < 20) return 'short';
    const header = this.#header;
    const domain = this.#domain(exporter, versions.netflow9, view.getUint32(16), view.byteLength);
    if (domain === undefined) return undefined;
    header.uptimeMs = view.getUint32(4);
    header.unixMs = view.getUint32(8) * 1000;
    domain.follow(view.getUint32(12), 1, header.uptimeMs);
    let at = 20;
    while (view.byteLength - at >= 4) {
      const id = view.getUint16(at);
      const length = view.getUint16(at + 2);
      if (length === 0 && id === 0) return undefined; // a tail of zeros
      if (length < 4 || at + length > view.byteLength) return 'set';
      if (id === 0) this.#learn(readTemplates9(view, at + 4, at + length), exporter, domain, false);
      else if (id === 1) this.#learn(readOptionsTemplates9(view, at + 4, at + length), exporter, domain, false);
      else if (id >= 256) this.#takeSet(view, at + 4, at + length, id, exporter, domain);
      at += length;
    }
    return undefined;
  }

  /** IPFIX (RFC 7011 section 3): 16 octets of header, then sets. */
  #decode10(view: DataView, { exporter, isStream }: Sender): Fault | undefined {
    const header = this.#header;
    const length = view.getUint16(2);
    if (length < 16 || length > view.byteLength) return 'length';
    const domain = this.#domain(exporter, versions.ipfix, view.getUint32(12), length);
    if (domain === undefined) return undefined;
    header.uptimeMs = 0;
    header.unixMs = view.getUint32(4) * 1000;
    this.#records = 0;
    let at = 16;
    let fault: Fault | undefined;
    while (length - at >= 4) {
      const id = view.getUint16(at);
      const octets = view.getUint16(at + 2);
      if (octets < 4 || at + octets > length) {
        if (id !== 0 || octets !== 0) fault = 'set';
        this.#records = Number.NEGATIVE_INFINITY;
        break;
      }
      if (id === 2 || id === 3) this.#learn(readTemplates10(view, at + 4, at + octets, id === 3), exporter, domain, isStream);
      else if (id >= 256) this.#takeSet(view, at + 4, at + octets, id, exporter, domain);
      at += octets;
    }
    // Sets that wait or break off hold an unknown number of records: nothing is known of the next message then.
    domain.follow(view.getUint32(8), Math.max(-1, this.#records), 0);
    return fault;
  }

  /** Withdrawals are for reliable transports only: over UDP they shall be ignored (RFC 7011 section 8.4). */
  #learn(set: TemplateSet, exporter: Exporter, domain: Domain, mayWithdraw: boolean): void {
    if (set.isFaulty) exporter.addFault('template');
    if (mayWithdraw) for (const id of set.withdrawn) this.#withdraw(id, domain);
    for (const template of set.templates) this.#learnOne(template, exporter, domain);
  }

  #learnOne(template: Template, exporter: Exporter, domain: Domain): void {
    const isKnown = domain.templates.has(template.id);
    if (!isKnown && this.#templates >= this.#limits.templates) {
      exporter.addFault('limit');
      return;
    }
    const isNew = domain.learn(template, () => compileTemplate(template, this.#elements, this.#out), this.#header.receivedMs);
    if (!isKnown) this.#templates++;
    if (!isNew) return;
    this.#learnt++;
    this.#takeWaiting(template.id, exporter, domain);
  }

  /** Puts a template back that was kept over a restart. */
  restore(template: Template, domain: Domain, seenMs: number): void {
    if (this.#templates >= this.#limits.templates || domain.templates.has(template.id)) return;
    const plan = compileTemplate(template, this.#elements, this.#out);
    domain.templates.set(template.id, { plan, seenMs, isStale: true });
    this.#templates++;
  }

  #withdraw(id: number, domain: Domain): void {
    const gone = [...domain.templates].filter(([known, { plan }]) => known === id || (id < 4 && plan.template.isOptions === (id === 3)));
    for (const [known] of gone) domain.templates.delete(known);
    this.#templates -= gone.length;
  }

  /** A data set: its records, or a copy of it until its template comes. */
  #takeSet(view: DataView, at: number, end: number, id: number, exporter: Exporter, domain: Domain): void {
    const known = domain.templates.get(id);
    if (known === undefined) {
      this.#records = Number.NEGATIVE_INFINITY;
      this.#waiting.keep({ template: id, bytes: bytesOf(view, at, end), header: this.#header }, domain);
      return;
    }
    known.seenMs = this.#header.receivedMs;
    this.#records += this.#readSet(view, at, end, known.plan, exporter, domain);
  }

  /** Answers how many records there were; less than 0 where that is not known. */
  #readSet(view: DataView, at: number, end: number, plan: Plan, exporter: Exporter, domain: Domain): number {
    const count = this.#sets.read(view, at, end, plan, this.#originOf(exporter, domain));
    if (count < 0) exporter.addFault('set');
    return count;
  }

  /** Reads what waited for this template, with the times of the headers that it came under. */
  #takeWaiting(id: number, exporter: Exporter, domain: Domain): void {
    const sets = this.#waiting.take(id, domain);
    if (sets.length === 0) return;
    const { plan } = domain.templates.get(id) as { plan: Plan };
    const now = { ...this.#header };
    const before = domain.counters.flows;
    for (const set of sets) {
      Object.assign(this.#header, set.header);
      const view = new DataView(set.bytes.buffer, set.bytes.byteOffset, set.bytes.length);
      this.#readSet(view, 0, view.byteLength, plan, exporter, domain);
    }
    domain.counters.late += domain.counters.flows - before;
    Object.assign(this.#header, now);
  }

  /** To be called once a second: rates, and what has waited or been silent too long. */
  tick(nowMs: number): void {
    for (const exporter of this.exporters.values()) {
      for (const domain of exporter.domains.values()) {
        domain.tick();
        this.#waiting.expire(domain, nowMs);
        for (const [id, { seenMs }] of domain.templates) {
          if (nowMs - seenMs <= this.#limits.templateMs) continue;
          domain.templates.delete(id);
          this.#templates--;
        }
      }
    }
  }
}

const bytesOf = (view: DataView, at: number, end: number): Uint8Array => new Uint8Array(view.buffer, view.byteOffset + at, end - at);
