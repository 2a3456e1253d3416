/** Names of hosts in capture filters: libpcap would ask the DNS for them, and take the addresses of that moment. */

/** Words of the language (pcap-filter(7)) that are no names. */
const keywords = new Set(
  `dst src host net mask port portrange proto protochain gateway ether fddi tr wlan ip ip6 arp rarp decnet tcp udp icmp icmp6 sctp ah esp igmp igrp pim
  vrrp carp atalk aarp iso stp ipx netbeui lat moprc mopdl esis isis clnp l1 l2 iih lsp snp csnp psnp broadcast multicast less greater inbound outbound
  and or not vlan mpls pppoed pppoes geneve vxlan len ifname on rnr rulenum reason rset ruleset srnr subrulenum action pass block nat rdr binat scrub
  type subtype dir mgt ctl data addr1 addr2 addr3 addr4 ra ta llc slow lldp radio link ppp slip atm oam vpi vci lane metac bcc sc ilmic connectmsg metaconnect
  icmptype icmpcode icmp6type icmp6code tcpflags`.split(/\s+/),
);
/** Words behind which a name is that of a service or protocol, which files of this machine tell. */
const localNames = new Set(['port', 'portrange', 'proto', 'protochain']);

/** The names of hosts in a filter, in their order. */
export function hostNamesIn(filter: string): string[] {
  const names: string[] = [];
  let before = '';
  // What stands in brackets is arithmetic on octets: names of offsets and flags.
  for (const [word] of filter.replaceAll(/\[[^\]]*\]/g, ' ').matchAll(/[^\s()!&|=<>+*/%^,]+/g)) {
    const isName = /^[a-z_\\]/i.test(word) && !word.includes(':') && !keywords.has(word.toLowerCase()) && !/^(?:icmp6?|tcp)-/.test(word);
    const isHex = /^(?:0x)?[0-9a-f]+$/i.test(word) && /\d/.test(word);
    if (isName && !isHex && !localNames.has(before)) names.push(word);
    before = word.toLowerCase();
  }
  return names;
}
