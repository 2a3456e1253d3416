// IANA "Assigned Internet Protocol Numbers", those that are seen on networks.
const names: Record<number, string> = {
  0: 'hopopt',
  1: 'icmp',
  2: 'igmp',
  4: 'ipip',
  6: 'tcp',
  8: 'egp',
  17: 'udp',
  33: 'dccp',
  41: 'ipv6',
  46: 'rsvp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmp6',
  88: 'eigrp',
  89: 'ospf',
  94: 'ipip',
  97: 'etherip',
  103: 'pim',
  112: 'vrrp',
  115: 'l2tp',
  132: 'sctp',
  136: 'udplite',
  137: 'mpls',
};

/** The short name of an IP protocol number, or the number itself. */
export const protocolName = (protocol: number): string => names[protocol] ?? String(protocol);
