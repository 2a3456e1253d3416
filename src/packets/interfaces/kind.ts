/** What an interface is, from what the kernel shows in its folder of `/sys/class/net`. */
import { linkTypes } from '../link.ts';

/** Hardware types (ARPHRD of if_arp.h). */
const hardware = { ethernet: 1, loopback: 772, none: 65534, tunnel: 768, tunnel6: 769, sit: 776, gre: 778, gre6: 823 };

/** Docker calls the bridges of its networks `docker0` and `br-` with twelve digits of the network's id. */
const dockerBridge = /^(?:docker0|br-[0-9a-f]{12})$/;

type Signs = { name: string; type: number; entries: readonly string[]; uevent: string; isVirtual: boolean; hasPeer: boolean };

export function kindOf({ name, type, entries, uevent, isVirtual, hasPeer }: Signs): string {
  if (type === hardware.loopback) return 'loopback';
  if (entries.includes('bridge')) return dockerBridge.test(name) ? 'docker-bridge' : 'bridge';
  if (entries.includes('bonding')) return 'bond';
  if (entries.includes('wireless') || entries.includes('phy80211')) return 'wireless';
  if (entries.includes('tun_flags')) return type === hardware.none ? 'tun' : 'tap';
  const told = /^DEVTYPE=(.+)$/m.exec(uevent)?.[1];
  if (told !== undefined) return told === 'wlan' ? 'wireless' : told;
  if (type === hardware.ethernet) return isVirtual ? virtualKind(entries, hasPeer) : 'ethernet';
  return [hardware.tunnel, hardware.tunnel6, hardware.sit, hardware.gre, hardware.gre6].includes(type) ? 'tunnel' : 'other';
}

/** What names another link as its own stands on it (VLAN and the like) or is one end of a pair. */
const virtualKind = (entries: readonly string[], hasPeer: boolean): string => {
  if (!hasPeer) return 'virtual';
  return entries.some((entry) => entry.startsWith('lower_')) ? 'vlan' : 'veth';
};

/** What tcpdump hands out for a capture on it: Ethernet, raw IP for tunnels, cooked frames for the rest. */
export function linkTypeOf(type: number): number {
  if (type === hardware.ethernet || type === hardware.loopback) return linkTypes.ethernet;
  return type === hardware.none ? linkTypes.raw : linkTypes.linuxSll;
}
