/** The shapes of captures over HTTP, and how one is shown. */
import { Type } from 'typebox';
import { type Caller, isEnough } from '../core/caller.ts';
import { type Links, linksSchema } from '../core/links.ts';
import { pageQuery, pageSchemaOf } from '../core/paging.ts';
import { Problem } from '../core/problem.ts';
import type { NetworkInterface } from '../packets/interfaces/index.ts';
import { type Capture, type CaptureOrder, captureStates } from './capture.ts';

export const base = '/api/v1/captures';
export const interfacesBase = '/api/v1/interfaces';
export const hrefOf = (id: number): string => `${base}/${id}`;

export const captureParameter = Type.Object({ id: Type.String({ maxLength: 16, pattern: '^[0-9]+$' }) });

const count = Type.Integer({ minimum: 0 });
const maybeCount = Type.Union([count, Type.Null()]);
const text = Type.Union([Type.String(), Type.Null()]);
const words = (all: readonly string[], description: string) => Type.Unsafe<string>({ type: 'string', enum: [...all], description });

/** What is asked for; limits above those of the server are lowered to them. */
export const orderSchema = Type.Object(
  {
    interface: Type.String({ minLength: 1, maxLength: 15, description: 'A name of /api/v1/interfaces.' }),
    filter: Type.Optional(Type.String({ maxLength: 2048, description: 'A capture filter of libpcap: `tcp port 80`.' })),
    snap: Type.Optional(Type.Integer({ minimum: 14, maximum: 262_144, description: 'Bytes kept of a packet.' })),
    promiscuous: Type.Optional(Type.Boolean({ description: 'See packets for others, too.' })),
    immediate: Type.Optional(Type.Boolean({ description: 'Each packet at once (true); false for high rates.' })),
    packets: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Stop after so many.' })),
    seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000, description: 'Stop after so long.' })),
    size: Type.Optional(Type.Integer({ minimum: 65_536, maximum: 1_099_511_627_776, description: 'Stop at so many bytes.' })),
    file: Type.Optional(Type.Boolean({ description: 'Keep the packets (true).' })),
    flows: Type.Optional(Type.Boolean({ description: 'Make flows of the packets and store them (false).' })),
    idle_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'A flow silent for so long has ended.' })),
    name: Type.Optional(Type.String({ maxLength: 200, description: 'A name for people.' })),
  },
  { additionalProperties: false, examples: [{ interface: 'lo', filter: 'tcp port 80', packets: 100 }] },
);
export type WireOrder = Type.Static<typeof orderSchema>;

export const readOrder = ({ seconds, idle_seconds: idle, ...order }: WireOrder): CaptureOrder => ({
  ...order,
  ...(seconds !== undefined && { time: seconds * 1000 }),
  ...(idle !== undefined && { idle: idle * 1000 }),
});

export const captureSchema = Type.Object({
  id: Type.Integer(),
  state: words(captureStates, 'How far it is.'),
  reason: Type.Optional(Type.String({ description: 'Why it ended as it did.' })),
  name: Type.Optional(Type.String()),
  interface: Type.String(),
  filter: Type.String(),
  user: Type.String(),
  started: Type.String(),
  ended: Type.Optional(Type.String()),
  packets: count,
  octets: Type.Integer({ description: 'Of the packets on the wire.' }),
  received: Type.Union([count, Type.Null()], { description: 'Packets that passed the filter; on loopback each counts twice.' }),
  dropped: Type.Union([count, Type.Null()], { description: 'Packets that the kernel had no room for; null before it told.' }),
  bytes: Type.Integer({ description: 'Of its file.' }),
  flows: count,
  links: linksSchema,
});
export type ShownCapture = Type.Static<typeof captureSchema>;

export const capturesQuery = Type.Object(pageQuery, { additionalProperties: false });
export const capturesSchema = pageSchemaOf(captureSchema);

export const packetsQuery = Type.Object(
  { where: Type.Optional(Type.String({ maxLength: 4096, description: 'Filter words on decoded fields: `tcp.dstport == 80`.' })) },
  { additionalProperties: false },
);

const interfaceSchema = Type.Object({
  name: Type.String(),
  index: Type.Integer(),
  kind: Type.String({ description: 'ethernet, loopback, bridge, docker-bridge, veth, vlan ...' }),
  state: Type.String(),
  mtu: maybeCount,
  mac: text,
  addresses: Type.Array(Type.String()),
  ports: Type.Array(Type.String(), { description: 'Of a bridge.' }),
  bridge: text,
  docker: Type.Union([Type.String(), Type.Null()], { description: 'Name of the Docker network.' }),
  speed: maybeCount,
  received_bytes: maybeCount,
  received_packets: maybeCount,
  sent_bytes: maybeCount,
  sent_packets: maybeCount,
  link_type: Type.Integer(),
  capturable: Type.Boolean(),
  reason: text,
});
export const interfacesSchema = pageSchemaOf(interfaceSchema);

export function showInterface(one: NetworkInterface, isAllowed: boolean) {
  const { receivedBytes, receivedPackets, sentBytes, sentPackets, linkType, isCapturable, reason, ...rest } = one;
  return {
    ...rest,
    received_bytes: receivedBytes,
    received_packets: receivedPackets,
    sent_bytes: sentBytes,
    sent_packets: sentPackets,
    link_type: linkType,
    capturable: isCapturable && isAllowed,
    reason: isAllowed ? reason : 'captures.interfaces does not name it',
  };
}

export function readId(value: string): number {
  const id = Number(value);
  if (Number.isSafeInteger(id)) return id;
  throw new Problem('invalid', 'That is no id of a capture.', { pointer: 'id' });
}

/** A capture, with what the caller can do next. */
export function showCapture(
  { id, state, reason, order, user, started, ended, counts, bytes, flows }: Capture,
  caller: Caller,
): ShownCapture {
  const { packets, octets, received, dropped } = counts;
  return {
    id,
    state,
    ...(reason !== undefined && { reason }),
    ...(order.name !== undefined && { name: order.name }),
    interface: order.interface,
    filter: order.filter ?? '',
    user,
    started: new Date(started).toISOString(),
    ...(ended !== undefined && { ended: new Date(ended).toISOString() }),
    packets,
    octets,
    received,
    dropped,
    bytes: order.file === false ? 0 : bytes,
    flows,
    links: linksOf(id, state, order, caller),
  };
}

function linksOf(id: number, state: Capture['state'], order: CaptureOrder, caller: Caller): Links {
  const href = hrefOf(id);
  const isOperator = isEnough(caller.role, 'operator');
  return {
    self: { href },
    collection: { href: base },
    ...(isOperator && order.file !== false && { file: { href: `${href}/file`, title: 'Its packets as pcap' } }),
    ...(isOperator && state === 'running' && { packets: { href: `${href}/packets`, title: 'Packets as they come' } }),
    ...(isOperator && state === 'running' && { stop: { href: `${href}/stop`, method: 'POST', title: 'End it' } }),
    ...(isOperator && state !== 'running' && { delete: { href, method: 'DELETE', title: 'Forget it' } }),
  };
}
