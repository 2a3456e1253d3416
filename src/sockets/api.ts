/** The shapes of the sockets over HTTP, and how a listener is shown. */
import { Type } from 'typebox';
import { type Caller, isEnough } from '../core/caller.ts';
import { type Links, linksSchema } from '../core/links.ts';
import { pageQuery, pageSchemaOf } from '../core/paging.ts';
import { showAddress } from './address.ts';
import { showFraming } from './framing/framing.ts';
import type { Listener } from './listener.ts';
import type { Peer } from './peer.ts';
import { base, hrefOf } from './places.ts';

export const listenerParameter = Type.Object({ name: Type.String({ maxLength: 64 }) });
export const pagesQuery = Type.Object({ page: pageQuery.page, per_page: pageQuery.per_page }, { additionalProperties: false });

const count = (description: string) => Type.Integer({ minimum: 0, description });
const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description });

/** A listener as the API shows it. Moments are ISO 8601. */
export const listenerSchema = Type.Object({
  name: Type.String(),
  state: Type.Unsafe<string>({ type: 'string', enum: ['stopped', 'listening', 'stopping', 'failed'] }),
  reason: Type.Optional(Type.String({ description: 'Why it could not be opened.' })),
  address: Type.String({ description: 'Where it listens; the declared place while it does not.' }),
  framing: Type.Optional(Type.String({ description: 'How its streams are cut; absent for UDP, where each datagram is a frame.' })),
  to: Type.String({ description: 'Where frames go.' }),
  since: Type.Optional(Type.String({ description: 'When it was started last.' })),
  connections: count('Connections that are open.'),
  accepted: count('Connections, or datagrams, that were taken.'),
  bytes: count('What came.'),
  frames: count('Frames that came whole.'),
  delivered: count('Frames that are where they should be.'),
  refused: count('Frames that their place did not want.'),
  lost: count('Frames that could not be delivered when it stopped.'),
  waiting_bytes: count('What is taken and not yet delivered.'),
  turned_away: counts('Connections and datagrams that were not taken, by reason: limit, network, size, full.'),
  faults: counts('Connections that were ended, by what was wrong.'),
  kernel_drops: Type.Optional(count('Datagrams that the kernel dropped since its buffer was full.')),
  last_reason: Type.Optional(Type.String({ description: 'Why a frame was refused or is not delivered, the latest.' })),
  links: linksSchema,
});
export type ShownListener = Type.Static<typeof listenerSchema>;

export const listenersSchema = pageSchemaOf(listenerSchema);

const peerSchema = Type.Object({
  connection: Type.Integer({ description: 'Its number at this listener; 0 for a source of datagrams.' }),
  address: Type.String(),
  since: Type.String(),
  last: Type.String({ description: 'When it was last heard of.' }),
  bytes: Type.Integer(),
  frames: Type.Integer(),
  held_back: Type.Boolean({ description: 'It has to wait until what it sent is delivered.' }),
});
export type ShownPeer = Type.Static<typeof peerSchema>;

export const peersSchema = pageSchemaOf(peerSchema);

const moment = (ms: number): string => new Date(ms).toISOString();

/** A listener, with what the caller can do next. */
export async function showListener(listener: Listener, caller: Caller): Promise<ShownListener> {
  const { plan, state, reason, since, counters, outcome } = listener;
  const drops = await listener.kernelDrops();
  return {
    name: plan.name,
    state,
    ...(reason !== undefined && { reason }),
    address: showAddress(listener.bound ?? plan.address),
    ...(plan.address.kind !== 'udp' && { framing: showFraming(plan.framing) }),
    to: plan.to,
    ...(since !== undefined && { since: moment(since) }),
    connections: plan.address.kind === 'udp' ? 0 : listener.peers().length,
    accepted: counters.accepted,
    bytes: counters.bytes,
    frames: counters.frames,
    delivered: outcome.delivered,
    refused: outcome.refused,
    lost: outcome.lost,
    waiting_bytes: outcome.waiting,
    turned_away: counters.turnedAway,
    faults: counters.faults,
    ...(drops !== undefined && { kernel_drops: drops }),
    ...(outcome.lastReason !== undefined && { last_reason: outcome.lastReason }),
    links: linksOf(listener, caller),
  };
}

function linksOf({ plan, state }: Listener, { role }: Caller): Links {
  const self = hrefOf(plan.name);
  const mayAct = isEnough(role, 'operator');
  return {
    self: { href: self },
    collection: { href: base },
    peers: { href: `${self}/peers`, title: 'Who is connected, or has sent' },
    ...(mayAct && { frames: { href: `${self}/frames`, title: 'Frames as they come, as server-sent events' } }),
    ...(mayAct && state !== 'listening' && { start: { href: `${self}/start`, method: 'POST', title: 'Open it' } }),
    ...(mayAct && state === 'listening' && { stop: { href: `${self}/stop`, method: 'POST', title: 'Close it, and deliver what came' } }),
  };
}

export const showPeer = ({ connection, address, since, last, bytes, frames, isHeldBack }: Peer): ShownPeer => ({
  connection,
  address,
  since: moment(since),
  last: moment(last),
  bytes,
  frames,
  held_back: isHeldBack,
});
