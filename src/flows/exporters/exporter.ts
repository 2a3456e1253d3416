/** One exporter: an address that flows come from, its domains, and what it sent that could not be read. */
import { Domain } from './domain.ts';

/** Why something of a datagram was not read. */
export const faults = ['short', 'version', 'length', 'count', 'template', 'set', 'limit', 'sample'] as const;
export type Fault = (typeof faults)[number];

/** The versions that are read, as they are told: 5, 9, 10 (IPFIX), and 105 for sFlow v5, whose first 16 bits are 0. */
export const versions = { netflow5: 5, netflow9: 9, ipfix: 10, sflow5: 105 } as const;

/** How versions are shown. */
export const protocolWords: Readonly<Record<number, string>> = { 5: 'netflow5', 9: 'netflow9', 10: 'ipfix', 105: 'sflow5' };

export class Exporter {
  /** Address as text, with the port behind it where exporters are told apart by it. */
  readonly name: string;
  /** Its address as the column `exporter` has it. */
  readonly text: Uint8Array;
  readonly domains = new Map<number, Domain>();
  /** Milliseconds since 1970; 0 while it is only known from an earlier run. */
  firstMs = 0;
  lastMs = 0;
  datagrams = 0;
  octets = 0;
  readonly faults: Partial<Record<Fault, number>> = {};

  constructor(name: string, address: string) {
    this.name = name;
    this.text = new TextEncoder().encode(address);
  }

  addFault(fault: Fault): void {
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
  }

  /** The domain, made where it is new and there are fewer than `most`. */
  domain(version: number, id: number, most: number): Domain | undefined {
    const key = version * 2 ** 32 + id;
    const known = this.domains.get(key);
    if (known !== undefined || this.domains.size >= most) return known;
    const domain = new Domain(version, id);
    this.domains.set(key, domain);
    return domain;
  }
}
