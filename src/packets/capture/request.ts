/** What is captured, and how: what a child process is told. */
export type CaptureRequest = {
  /** A name from the list of interfaces. */
  interface: string;
  /** A filter of libpcap, checked before the start; empty for none. */
  filter: string;
  /** Octets kept of each packet. */
  snapLength: number;
  /** KiB of kernel buffer: what is there while we are not. */
  bufferKib: number;
  /** See packets for others, too, where the network shows them. */
  isPromiscuous: boolean;
  /** Each packet at once (a wake-up for each); without it in blocks, for high rates. */
  isImmediate: boolean;
  tool: CaptureTool;
};

export const captureTools = ['tcpdump', 'dumpcap'] as const;
export type CaptureTool = (typeof captureTools)[number];

export const captureDefaults = { filter: '', snapLength: 262_144, bufferKib: 16_384, isPromiscuous: false, isImmediate: true };
