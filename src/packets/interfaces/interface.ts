/** A network interface of this machine, as it is told. */
export type NetworkInterface = {
  name: string;
  index: number;
  /** What it is: `ethernet`, `loopback`, `bridge`, `docker-bridge`, `veth`, `vlan`, `bond`, `tun`, `tap`, `wireless`, `wireguard`, `other`, or `any` for all at once. */
  kind: string;
  /** `up`, `down`, or what the kernel says beyond that (`dormant`, `lowerlayerdown`). */
  state: string;
  mtu: number | null;
  mac: string | null;
  /** With their prefix: `192.0.2.1/24`. */
  addresses: string[];
  /** Of a bridge: the interfaces that it joins. Of such a one: its bridge. */
  ports: string[];
  bridge: string | null;
  /** Name of the Docker network behind a Docker bridge, where Docker tells. */
  docker: string | null;
  /** Megabits a second, where the kernel knows. */
  speed: number | null;
  receivedBytes: number | null;
  receivedPackets: number | null;
  sentBytes: number | null;
  sentPackets: number | null;
  /** Link type of captures on it: 1 is Ethernet, 276 Linux cooked, 101 raw IP. */
  linkType: number;
  /** Whether packets can be captured on it, and why not. */
  isCapturable: boolean;
  reason: string | null;
};
