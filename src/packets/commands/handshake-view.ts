/** `--handshakes`: TCP handshakes as a line each with a summary behind, or as JSON lines. */
import { formatEnd } from '../detail/address-text.ts';
import { timeOf } from '../detail/fields.ts';
import { type Handshake, type HandshakeOutcome, Handshakes } from '../follow/handshakes.ts';
import type { CaptureInterface } from '../link.ts';
import type { Packet } from '../packet.ts';
import type { PacketView } from './packet-view.ts';

/** Round trips kept for the percentiles; more change nothing about them. */
const mostSamples = 100_000;

export class HandshakeView implements PacketView {
  readonly #onBlock: (block: Uint8Array) => void;
  readonly #handshakes: Handshakes;
  readonly #isJson: boolean;
  readonly #outcomes = new Map<HandshakeOutcome, number>();
  readonly #samples: number[] = [];
  #retries = 0;
  #lines: string[] = [];

  constructor(isJson: boolean, onBlock: (block: Uint8Array) => void) {
    this.#onBlock = onBlock;
    this.#isJson = isJson;
    if (!isJson) this.#lines.push(titles);
    this.#handshakes = new Handshakes((handshake) => this.#tell(handshake));
  }

  take(view: DataView, offset: number, packet: Packet, _link: CaptureInterface, result: number, number: number): boolean {
    if (result === 0) this.#handshakes.take(view, offset, packet, number);
    return false;
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    this.#onBlock(Buffer.from(`${this.#lines.join('\n')}\n`));
    this.#lines = [];
  }

  tick(seconds: number): void {
    this.#handshakes.settle(seconds);
  }

  end(): void {
    this.#handshakes.end();
    if (!this.#isJson) this.#lines.push(...this.#summary());
    else if (this.#handshakes.dropped > 0) this.#lines.push(JSON.stringify({ limit: this.#handshakes.dropped }));
    this.flush();
  }

  #tell(handshake: Handshake): void {
    const { outcome, rttServer, rttClient, synRetries } = handshake;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    if (synRetries > 0) this.#retries++;
    if (rttServer !== null && rttClient !== null && this.#samples.length < mostSamples) this.#samples.push(rttServer + rttClient);
    this.#lines.push(this.#isJson ? JSON.stringify(describeHandshake(handshake)) : lineOf(handshake));
  }

  #summary(): string[] {
    const counts = [...this.#outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'no handshakes';
    const lines = [`${counts}${this.#retries > 0 ? `; ${this.#retries} with repeated SYNs` : ''}`];
    const sorted = this.#samples.sort((a, b) => a - b);
    if (sorted.length > 0) {
      const at = (part: number): string => milliseconds(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number);
      lines.push(`round trip: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, most ${milliseconds(sorted.at(-1) as number)} ms`);
    }
    if (this.#handshakes.dropped > 0)
      lines.push(`${this.#handshakes.dropped} handshakes were told early: more were open at once than are followed (a flood?)`);
    return lines;
  }
}

/** A handshake as plain JSON; round trips in milliseconds. */
export function describeHandshake({ start, client, clientPort, server, serverPort, ...rest }: Handshake): object {
  const { outcome, rttServer, rttClient, synRetries, synAckRetries, isAmbiguous, icmp } = rest;
  const both = rttServer === null || rttClient === null ? null : rttServer + rttClient;
  return {
    time: timeOf(start.seconds, start.nanos),
    frame: start.number,
    client,
    client_port: clientPort,
    server,
    server_port: serverPort,
    outcome,
    rtt_ms: both === null ? null : both / 1e6,
    rtt_server_ms: rttServer === null ? null : rttServer / 1e6,
    rtt_client_ms: rttClient === null ? null : rttClient / 1e6,
    syn_retries: synRetries,
    syn_ack_retries: synAckRetries,
    ambiguous: isAmbiguous,
    icmp,
  };
}

const milliseconds = (nanos: number): string => (nanos / 1e6).toFixed(3);

const titles = `${'TIME'.padEnd(15)}  ${'OUTCOME'.padEnd(18)}  ${'SERVER ms'.padStart(10)}  ${'CLIENT ms'.padStart(10)}  CLIENT > SERVER`;

function lineOf(handshake: Handshake): string {
  const { start, outcome, rttServer, rttClient, synRetries, synAckRetries, isAmbiguous, icmp } = handshake;
  const rtt = (nanos: number | null): string => (nanos === null ? '-' : milliseconds(nanos)).padStart(10);
  const remarks = [
    ...(synRetries > 0 ? [`SYN sent ${synRetries + 1} times`] : []),
    ...(synAckRetries > 0 ? [`SYN-ACK sent ${synAckRetries + 1} times`] : []),
    ...(isAmbiguous ? ['round trip ambiguous'] : []),
    ...(icmp === null ? [] : [`ICMP type ${icmp.type} code ${icmp.code}`]),
  ];
  const ends = `${formatEnd(handshake.client, handshake.clientPort)} > ${formatEnd(handshake.server, handshake.serverPort)}`;
  const time = timeOf(start.seconds, start.nanos).slice(11, 26);
  return `${time}  ${outcome.padEnd(18)}  ${rtt(rttServer)}  ${rtt(rttClient)}  ${ends}${remarks.length > 0 ? ` (${remarks.join(', ')})` : ''}`;
}
