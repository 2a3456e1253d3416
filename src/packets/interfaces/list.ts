/**
 * The interfaces of this machine (or network namespace): from `/sys/class/net`, which knows all of them, and from Node,
 * which knows their addresses. No program is asked and no right is needed.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { linkTypes } from '../link.ts';
import { dockerNetworks } from './docker.ts';
import type { NetworkInterface } from './interface.ts';
import { kindOf, linkTypeOf } from './kind.ts';

const root = '/sys/class/net';
const up = 1;

/** All interfaces, by index, with the pseudo interface `any` at the end. */
export async function listInterfaces(): Promise<NetworkInterface[]> {
  const names = await readdir(root).catch(() => Object.keys(networkInterfaces()));
  const found = await Promise.all(names.map((name) => readInterface(name).catch(() => undefined)));
  const listed = found.filter((one) => one !== undefined).sort((a, b) => a.index - b.index);
  if (listed.some(({ kind }) => kind === 'docker-bridge')) {
    const networks = await dockerNetworks();
    for (const one of listed) if (one.kind === 'docker-bridge') one.docker = networks.get(one.name) ?? null;
  }
  return [...listed, anyInterface()];
}

/** The interface of that name, or undefined: names from outside go no further than this. */
export async function findInterface(name: string): Promise<NetworkInterface | undefined> {
  return (await listInterfaces()).find((one) => one.name === name);
}

async function readInterface(name: string): Promise<NetworkInterface | undefined> {
  const text = async (file: string): Promise<string | undefined> =>
    (await readFile(join(root, name, file), 'latin1').catch(() => undefined))?.trim();
  const number = async (file: string): Promise<number | null> => {
    const value = Number((await text(file)) ?? 'none');
    return Number.isFinite(value) && value >= 0 ? value : null;
  };
  const index = await number('ifindex');
  // `bonding_masters` is a file of the bonding module and no interface.
  if (index === null) return undefined;
  const type = (await number('type')) ?? 0;
  const flags = Number((await text('flags')) ?? 0);
  const [entries, ports, master] = await Promise.all([
    readdir(join(root, name)),
    readdir(join(root, name, 'brif')).catch(() => []),
    readlink(join(root, name, 'master')).catch(() => null),
  ]);
  const [uevent, mtu, mac, operstate, speed, link, isVirtual] = await Promise.all([
    text('uevent'),
    number('mtu'),
    text('address'),
    text('operstate'),
    number('speed'),
    number('iflink'),
    readlink(join(root, name)).then(
      (target) => target.includes('/virtual/'),
      () => true,
    ),
  ]);
  const [receivedBytes, receivedPackets, sentBytes, sentPackets] = await Promise.all(
    ['rx_bytes', 'rx_packets', 'tx_bytes', 'tx_packets'].map((file) => number(`statistics/${file}`)),
  );
  const isUp = (flags & up) !== 0;
  const state = !isUp ? 'down' : operstate === undefined || operstate === 'unknown' ? 'up' : operstate;
  return {
    name,
    index,
    kind: kindOf({ name, type, entries, uevent: uevent ?? '', isVirtual, hasPeer: link !== null && link !== index }),
    state,
    mtu,
    mac: mac === undefined || mac === '' || /^[0:]+$/.test(mac) ? null : mac,
    addresses: (networkInterfaces()[name] ?? []).map(({ address, cidr }) => cidr ?? address),
    ports,
    bridge: master === null ? null : (master.split('/').at(-1) ?? null),
    docker: null,
    speed: speed === null || speed === 0 ? null : speed,
    receivedBytes: receivedBytes ?? null,
    receivedPackets: receivedPackets ?? null,
    sentBytes: sentBytes ?? null,
    sentPackets: sentPackets ?? null,
    linkType: linkTypeOf(type),
    isCapturable: isUp,
    reason: isUp ? null : `it is down: ip link set ${name} up`,
  };
}

const anyInterface = (): NetworkInterface => ({
  name: 'any',
  index: 0,
  kind: 'any',
  state: 'up',
  mtu: null,
  mac: null,
  addresses: [],
  ports: [],
  bridge: null,
  docker: null,
  speed: null,
  receivedBytes: null,
  receivedPackets: null,
  sentBytes: null,
  sentPackets: null,
  linkType: linkTypes.linuxSll2,
  isCapturable: true,
  reason: null,
});
