import { XMLParser } from 'fast-xml-parser';
import type { HostResult, HostStatus, PortGroup } from '../host-result.ts';
import { formatPorts, listedPorts } from '../ports.ts';
import { type PortState, portStates } from '../state.ts';

/** What nmap's XML tells, piece by piece. */
export type NmapNews =
  | { kind: 'start'; version: string }
  | { kind: 'progress'; percent: number }
  | { kind: 'host'; host: HostResult }
  | { kind: 'end'; up: number; down: number; isGood: boolean; reason: string };

/** A piece that is longer is no host of nmap's: 65,535 ports one by one take some 10 MiB. */
const longestPiece = 32 << 20;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  isArray: (name) => ['address', 'extraports', 'extrareasons', 'port'].includes(name),
});

/**
 * Reads nmap's XML (version 1.05) as it comes. The document is cut at the elements that matter, and each is parsed alone: when nmap is
 * killed the document stays open, and what is complete is still told. No document type ever reaches the parser. `<hosthint>` is no result.
 */
export class NmapReader {
  #rest = '';

  /** Takes some text and answers what is complete by now. Throws an Error for what is no XML of nmap's. */
  push(text: string): NmapNews[] {
    this.#rest += text;
    const news: NmapNews[] = [];
    for (let piece = this.#cut(); piece !== undefined; piece = this.#cut()) {
      const told = readPiece(piece);
      if (told !== undefined) news.push(told);
    }
    if (this.#rest.length > longestPiece) throw new Error('nmap wrote an element without an end');
    return news;
  }

  /** The next whole element of interest; what stands before it is passed over. */
  #cut(): string | undefined {
    const begin = /<(host|taskprogress|nmaprun|runstats)[\s>]/.exec(this.#rest);
    if (begin === null) {
      this.#rest = this.#rest.slice(-20); // a name may be cut in two
      return undefined;
    }
    const [, name] = begin;
    // In XML no bare < stands in a value, so the first end is the end.
    const mark = name === 'host' || name === 'runstats' ? `</${name}>` : '>';
    const end = this.#rest.indexOf(mark, begin.index);
    if (end === -1) {
      this.#rest = this.#rest.slice(begin.index);
      return undefined;
    }
    const piece = this.#rest.slice(begin.index, end + mark.length);
    this.#rest = this.#rest.slice(end + mark.length);
    return name === 'nmaprun' ? piece.replace(/\/?>$/, '/>') : piece;
  }
}

function readPiece(piece: string): NmapNews | undefined {
  const { nmaprun, taskprogress, runstats, host } = parser.parse(piece) as Pieces;
  if (nmaprun !== undefined) return { kind: 'start', version: nmaprun.version ?? '' };
  if (taskprogress !== undefined) return { kind: 'progress', percent: Number(taskprogress.percent) || 0 };
  if (host !== undefined) return { kind: 'host', host: hostOf(host) };
  if (runstats === undefined) return undefined;
  const { hosts, finished } = runstats;
  const isGood = finished?.exit !== 'error';
  return { kind: 'end', up: Number(hosts?.up ?? 0), down: Number(hosts?.down ?? 0), isGood, reason: finished?.errormsg ?? '' };
}

type Pieces = {
  nmaprun?: { version?: string };
  taskprogress?: { percent?: string };
  runstats?: { finished?: { exit?: string; errormsg?: string }; hosts?: { up?: string; down?: string } };
  host?: HostElement;
};

type HostElement = {
  status?: { state?: string; reason?: string };
  address?: { addr: string; addrtype?: string; vendor?: string }[];
  ports?: {
    extraports?: { state: string; extrareasons?: { reason: string; ports?: string }[] }[];
    port?: { protocol: string; portid: string; state?: { state: string; reason: string } }[];
  };
  times?: { srtt?: string };
};

function hostOf({ status, address = [], ports, times }: HostElement): HostResult {
  const hardware = address.find(({ addrtype }) => addrtype === 'mac');
  const rtt = Number(times?.srtt);
  const groups = groupsOf(ports);
  return {
    address: address.find(({ addrtype }) => addrtype !== 'mac')?.addr ?? '',
    ...judgementOf(status, groups),
    ...(rtt > 0 && { rtt_ms: rtt / 1000 }),
    ...(hardware !== undefined && { mac: hardware.addr }),
    ...(hardware?.vendor !== undefined && { vendor: hardware.vendor }),
    groups,
  };
}

/** With `-Pn` nmap calls every host up (`user-set`): then its ports have to show it. */
function judgementOf(status: HostElement['status'], groups: readonly PortGroup[]): { status: HostStatus; reason: string } {
  const reason = status?.reason ?? '';
  if (status?.state === 'down') return { status: 'down', reason };
  if (reason !== 'user-set') return { status: 'up', reason };
  const answer = groups.find(({ state }) => state === 'open' || state === 'closed' || state === 'unfiltered');
  return answer === undefined ? { status: 'no-answer', reason: 'no-answer' } : { status: 'up', reason: answer.reason };
}

/** Ports that share a state are folded by nmap (`extraports`); here all are alike. */
function groupsOf(ports: HostElement['ports']): PortGroup[] {
  const found = new Map<string, { state: PortState; reason: string; ports: number[] }>();
  const add = (state: string, reason: string, list: readonly number[]) => {
    if (!(portStates as readonly string[]).includes(state)) return;
    const key = `${state} ${reason}`;
    const group = found.get(key) ?? { state: state as PortState, reason, ports: [] };
    for (const port of list) group.ports.push(port);
    found.set(key, group);
  };
  for (const { state, extrareasons = [] } of ports?.extraports ?? [])
    for (const { reason, ports: list } of extrareasons) if (list !== undefined) add(state, plural(reason), listedPorts(list));
  for (const { protocol, portid, state } of ports?.port ?? [])
    if (protocol === 'tcp' && state !== undefined) add(state.state, state.reason, [Number(portid)]);
  return [...found.values()].map(({ ports: list, ...group }) => {
    list.sort((a, b) => a - b);
    return { ...group, count: list.length, ports: formatPorts(list) };
  });
}

/** Folded reasons stand in the plural (`resets`, `no-responses`), single ones do not. */
const plural = (reason: string): string => (reason === 'resets' ? 'reset' : reason.replace(/(response|unreache|prohibited)s$/, '$1'));
