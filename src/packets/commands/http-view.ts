/** `--http`: each request with its answer, as a line for people when both are there, or as JSON lines. */
import { makeVisible } from '../../cli/table.ts';
import { formatEnd } from '../detail/address-text.ts';
import { timeOf } from '../detail/fields.ts';
import { type HttpExchange, HttpFollower, type OtherUse } from '../follow/http.ts';
import { fieldOf, type HttpHead } from '../follow/http-head.ts';
import type { FrameMark } from '../follow/stream-half.ts';
import type { CaptureInterface } from '../link.ts';
import type { Packet } from '../packet.ts';
import type { PacketView } from './packet-view.ts';

export class HttpView implements PacketView {
  readonly #onBlock: (block: Uint8Array) => void;
  readonly #follower: HttpFollower;
  readonly #isJson: boolean;
  #lines: string[] = [];

  constructor(isJson: boolean, onBlock: (block: Uint8Array) => void) {
    this.#onBlock = onBlock;
    this.#isJson = isJson;
    if (!isJson) this.#lines.push('TIME             CLIENT > SERVER: REQUEST; ANSWER');
    this.#follower = new HttpFollower((use) => void this.#lines.push(this.#isJson ? JSON.stringify(describeUse(use)) : lineOf(use)));
  }

  take(view: DataView, _offset: number, packet: Packet, _link: CaptureInterface, result: number, number: number): boolean {
    if (result === 0) this.#follower.take(view, packet, number);
    return false;
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    this.#onBlock(Buffer.from(`${this.#lines.join('\n')}\n`));
    this.#lines = [];
  }

  end(): void {
    this.#follower.end();
    if (this.#follower.dropped > 0) this.#lines.push(dropText(this.#follower.dropped, this.#isJson));
    this.flush();
  }
}

const dropText = (dropped: number, isJson: boolean): string =>
  isJson ? JSON.stringify({ kind: 'limit', dropped }) : `${dropped} connections were given up: more were open at once than are followed`;

/** An exchange as plain JSON: times as RFC 3339, lengths in octets, milliseconds with six decimals. */
export function describeUse(use: HttpExchange | OtherUse): object {
  const { kind, client, clientPort, server, serverPort } = use;
  const ends = { kind, client, client_port: clientPort, server, server_port: serverPort };
  if (use.kind !== 'http') {
    const { mark, hello } = use;
    const told = { ...ends, time: timeOf(mark.seconds, mark.nanos), frame: mark.number };
    return use.kind === 'tls' ? { ...told, server_name: hello?.serverName ?? null, protocols: hello?.protocols ?? [] } : told;
  }
  const { request, response } = use;
  return {
    ...ends,
    request: request === undefined ? null : { method: request.head.method, uri: request.head.target, ...describe(request) },
    response: response === undefined ? null : { code: response.head.status, phrase: response.head.reason, ...describe(response) },
    milliseconds: request !== undefined && response !== undefined ? milliseconds(request.head.first, response.head.first) : null,
  };
}

function describe({ head, octets, end, isWhole }: NonNullable<HttpExchange['request']>): object {
  return {
    version: head.version,
    time: timeOf(head.first.seconds, head.first.nanos),
    first_frame: head.first.number,
    head_frame: head.last.number,
    last_frame: end?.number ?? null,
    body_bytes: octets,
    whole: isWhole,
    headers: headersOf(head),
  };
}

/** Fields by name; those that are there more than once as lists. */
function headersOf({ fields }: HttpHead): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const known = headers[name];
    headers[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  return headers;
}

const milliseconds = (from: FrameMark, to: FrameMark): number => (to.seconds - from.seconds) * 1000 + (to.nanos - from.nanos) / 1e6;

function lineOf(use: HttpExchange | OtherUse): string {
  const ends = `${formatEnd(use.client, use.clientPort)} > ${formatEnd(use.server, use.serverPort)}`;
  const start = use.kind === 'http' ? (use.request ?? use.response)?.head.first : use.mark;
  const time = start === undefined ? '' : timeOf(start.seconds, start.nanos).slice(11, 26);
  if (use.kind === 'http') return `${time}  ${ends}: ${requestText(use)}; ${answerText(use)}`;
  if (use.kind === 'http2') return `${time}  ${ends}: HTTP/2 (not opened)`;
  const name = makeVisible(use.hello?.serverName ?? 'no name');
  const offers = use.hello?.protocols.length ? ` (${makeVisible(use.hello.protocols.join(', '))})` : '';
  return `${time}  ${ends}: TLS to ${name}${offers}, not readable`;
}

function requestText({ request }: HttpExchange): string {
  if (request === undefined) return '(request not captured)';
  const { method, target } = request.head;
  const host = fieldOf(request.head, 'host');
  return makeVisible(`${method} ${host !== undefined && target.startsWith('/') ? host : ''}${target}`);
}

function answerText({ request, response }: HttpExchange): string {
  if (response === undefined) return 'no answer captured';
  const { head, octets, end, isWhole } = response;
  const took = request === undefined ? '' : `, ${milliseconds(request.head.first, head.first).toFixed(3)} ms`;
  const frames = `packets ${head.first.number} to ${end?.number ?? '?'}`;
  return makeVisible(`${head.status} ${head.reason}, ${octets} bytes${isWhole ? '' : ' (not whole)'}${took}, ${frames}`);
}
