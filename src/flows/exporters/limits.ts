/** Bounds of what senders can make a decoder keep: whoever can send datagrams can send any number of them. */
export type DecoderLimits = {
  /** Exporters known at once. */
  readonly exporters: number;
  /** Domains of one exporter. */
  readonly domains: number;
  /** Templates of all exporters together. */
  readonly templates: number;
  /** Data sets of one domain that wait for their template, and for how long. */
  readonly waitingSets: number;
  readonly waitingMs: number;
  /** Octets of all waiting sets together. */
  readonly waitingOctets: number;
  /** How long a template is kept that is neither announced nor used. */
  readonly templateMs: number;
};

export const decoderLimits: DecoderLimits = {
  exporters: 1024,
  domains: 256,
  templates: 16_384,
  waitingSets: 1000,
  waitingMs: 60_000,
  waitingOctets: 32 * 1024 * 1024,
  templateMs: 24 * 3_600_000,
};

/** Samplers of one domain whose rates are kept. */
export const mostSamplers = 4096;
