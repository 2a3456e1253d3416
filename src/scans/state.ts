/** What a scan can say of a port, and why. */

/** States of a port, as nmap has named them: two words with a bar where silence does not tell one from the other. */
export const portStates = ['open', 'closed', 'filtered', 'unfiltered', 'open|filtered', 'closed|filtered'] as const;
export type PortState = (typeof portStates)[number];

/** A state and what gave it. */
export type Finding = { readonly state: PortState; readonly reason: string };

const finding = (state: PortState, reason: string): Finding => ({ state, reason });

/** What a connection can find. Values are small numbers, so that 65,535 of them fit into as many octets. */
export const findings = [
  finding('open', 'syn-ack'),
  finding('open', 'reset-after-accept'),
  finding('closed', 'conn-refused'),
  finding('closed', 'self-connect'),
  finding('filtered', 'no-response'),
  finding('filtered', 'host-unreach'),
  finding('filtered', 'net-unreach'),
  finding('filtered', 'admin-prohibited'),
  finding('filtered', 'proto-unreach'),
  finding('filtered', 'error'),
] as const;

export const code = {
  open: 0,
  reset: 1,
  refused: 2,
  selfConnect: 3,
  silent: 4,
  hostUnreachable: 5,
  netUnreachable: 6,
  prohibited: 7,
  protocolUnreachable: 8,
  fault: 9,
  /** Not probed yet. */
  none: 255,
} as const;

/**
 * What an error of `connect()` says (tried against Linux with listeners, nftables and absent hosts). A refusal may also be an ICMP
 * port-unreachable: the kernel does not tell them apart. `short` is no result at all: this machine lacks descriptors or local ports.
 */
export function codeOfError(error: string): number | 'short' {
  return codesByError[error] ?? code.fault;
}

const codesByError: Readonly<Record<string, number | 'short'>> = {
  ECONNREFUSED: code.refused,
  // Somebody accepted and reset before the loop came round to see the connection.
  ECONNRESET: code.reset,
  EHOSTUNREACH: code.hostUnreachable,
  EHOSTDOWN: code.hostUnreachable,
  ENETUNREACH: code.netUnreachable,
  ENETDOWN: code.netUnreachable,
  // ICMPv6 1/1 arrives as EACCES; EPERM is a filter on this machine.
  EACCES: code.prohibited,
  EPERM: code.prohibited,
  ENOPROTOOPT: code.protocolUnreachable,
  EPROTO: code.protocolUnreachable,
  ETIMEDOUT: code.silent,
  EMFILE: 'short',
  ENFILE: 'short',
  ENOBUFS: 'short',
  ENOMEM: 'short',
  EAGAIN: 'short',
  EADDRNOTAVAIL: 'short',
  EADDRINUSE: 'short',
};
