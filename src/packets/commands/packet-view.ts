/**
 * What is shown of packets, live or from a file: each form takes decoded packets and hands on blocks of octets. Forms that
 * tell about connections instead of packets say so at the end of each, or when all are over.
 */
import { Problem } from '../../core/problem.ts';
import { Details } from '../detail/details.ts';
import { type Field, needsHttp, packetFields } from '../detail/fields.ts';
import { packetJson } from '../detail/packet-json.ts';
import { HttpFollower } from '../follow/http.ts';
import type { HttpHead } from '../follow/http-head.ts';
import { Summary } from '../lines/summary.ts';
import type { CaptureInterface } from '../link.ts';
import type { Packet } from '../packet.ts';
import { compileWords, type PacketFilter } from '../words/compile.ts';
import type { ShowOptions } from './read-options.ts';

export type PacketView = {
  /** Takes a decoded packet; true when it was shown. */
  take(view: DataView, offset: number, packet: Packet, link: CaptureInterface, result: number, number: number): boolean;
  /** Hands on what is ready. */
  flush(): void;
  /** Tells what time alone decides, of a live capture: Unix time in seconds. */
  tick?(seconds: number): void;
  /** Nothing more comes: hands on the rest. */
  end(): void;
};

/** What is printed of packets: lines, JSON or fields. Throws `invalid` for unknown fields and wrong filters before anything else. */
export function openPacketView(options: ShowOptions, onBlock: (block: Uint8Array) => void): PacketView {
  const filter = options.where === undefined ? undefined : compileWords(options.where);
  const fields = (options.field ?? []).map(fieldOfName);
  if (options.form === 'fields' && fields.length === 0)
    throw new Problem('invalid', '-T fields needs fields to print.', { hint: '-e ip.src -e tcp.dstport', pointer: '--field' });
  if (options.form === 'lines' && filter === undefined) return new LineView(options, onBlock);
  return new DetailView({ options, filter, fields }, onBlock);
}

function fieldOfName(name: string): Field {
  const field = packetFields.get(name);
  if (field === undefined)
    throw new Problem('invalid', `There is no field ${name}.`, { hint: 'docs/24-capture.md lists them', pointer: '--field' });
  return field;
}

/** Lines of all packets: the quick way, without a look at fields. */
class LineView implements PacketView {
  readonly #summary: Summary;

  constructor({ time, absolute, number }: ShowOptions, onBlock: (block: Uint8Array) => void) {
    this.#summary = new Summary({ time, isAbsolute: absolute ?? false, isNumbered: number ?? false }, onBlock);
  }

  take(view: DataView, offset: number, packet: Packet, link: CaptureInterface, result: number, number: number): boolean {
    this.#summary.add(view, offset, packet, link.linkType, result, number);
    return true;
  }

  flush(): void {
    this.#summary.flush();
  }

  end(): void {
    this.#summary.flush();
  }
}

/** Characters gathered before they are handed on. */
const blockLength = 262_144;

class DetailView implements PacketView {
  readonly #options: ShowOptions;
  readonly #filter: PacketFilter | undefined;
  readonly #fields: readonly Field[];
  readonly #onBlock: (block: Uint8Array) => void;
  readonly #details = new Details();
  readonly #follower: HttpFollower | undefined;
  readonly #summary: Summary | undefined;
  readonly #separator: string;
  #text = '';
  #shown = 0;

  constructor(
    parts: { options: ShowOptions; filter: PacketFilter | undefined; fields: readonly Field[] },
    onBlock: (block: Uint8Array) => void,
  ) {
    const { options, filter, fields } = parts;
    this.#options = options;
    this.#filter = filter;
    this.#fields = fields;
    this.#onBlock = onBlock;
    const { form, header, separator } = options;
    const isWholePacket = form !== 'lines' && fields.length === 0;
    const follows = isWholePacket || filter?.needsHttp === true || fields.some(({ name }) => needsHttp(name));
    this.#follower = follows ? new HttpFollower(() => {}) : undefined;
    this.#summary =
      form === 'lines'
        ? new Summary({ time: options.time, isAbsolute: options.absolute ?? false, isNumbered: options.number ?? false }, onBlock)
        : undefined;
    this.#separator = separator.replaceAll('\\t', '\t');
    if (form === 'fields' && header === true) this.#text = `${fields.map(({ name }) => name).join(this.#separator)}\n`;
  }

  take(view: DataView, offset: number, packet: Packet, link: CaptureInterface, result: number, number: number): boolean {
    const heads: readonly HttpHead[] | undefined = result === 0 ? this.#follower?.take(view, packet, number) : undefined;
    const details = this.#details.set(view, offset, packet, link, result, number, heads);
    if (this.#filter !== undefined && !this.#filter.fits(details)) return false;
    if (this.#summary !== undefined) this.#summary.add(view, offset, packet, link.linkType, result, number);
    else this.#print(details);
    this.#shown++;
    return true;
  }

  flush(): void {
    this.#summary?.flush();
    if (this.#text === '') return;
    this.#onBlock(Buffer.from(this.#text));
    this.#text = '';
  }

  end(): void {
    if (this.#options.form === 'json') this.#text += this.#shown === 0 ? '[]\n' : '\n]\n';
    this.flush();
  }

  #print(details: Details): void {
    const { form, bytes } = this.#options;
    if (form === 'json') this.#text += `${this.#shown === 0 ? '[\n' : ',\n'}${this.#json(details, bytes ?? false)}`;
    else if (form === 'ndjson') this.#text += `${this.#json(details, bytes ?? false)}\n`;
    else this.#text += `${this.#fields.map(({ read }) => fieldText(read(details), this.#separator)).join(this.#separator)}\n`;
    if (this.#text.length >= blockLength) this.flush();
  }

  #json(details: Details, hasOctets: boolean): string {
    if (this.#fields.length === 0) return packetJson(details, hasOctets);
    return JSON.stringify(Object.fromEntries(this.#fields.map(({ name, read }) => [name, read(details) ?? null])));
  }
}

/** A value for a column: lists with commas, flags as 1 and 0, and nothing that would break the line or the column. */
function fieldText(value: ReturnType<Field['read']>, separator: string): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'object') return value.map((one) => fieldText(one, separator)).join(',');
  const text = value.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return separator === ',' && /[,"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
