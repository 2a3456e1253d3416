/** Settings of the sockets: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { durationSetting, integerSetting, listSetting, sizeSetting } from '../core/setting.ts';
import { defaultLimits } from './limits.ts';

/** The part `sockets` of the configuration. */
export const socketsSettings = Type.Object({
  listeners: listSetting(
    [],
    'Listeners, each `NAME ADDRESS [frame=FRAMING] to=PLACE`: `syslog udp://127.0.0.1:5514 to=records:syslog`, `notes unix:/run/weir/notes frame=line to=tickets`. Places are `records:COLLECTION`, `tickets`, `flows`, `file:/PATH` and `discard`.',
  ),
  allow: listSetting(
    [],
    'Networks that may send to TCP and UDP listeners besides this machine. Must be named before an address that others reach is listened on; `0.0.0.0/0,::/0` is everyone.',
  ),
  connections: integerSetting(defaultLimits.connections, {
    description: 'Connections of one listener at once; more are reset and counted.',
    minimum: 1,
    maximum: 100_000,
  }),
  perAddress: integerSetting(defaultLimits.perAddress, {
    description: 'Connections from one address to one TCP listener at once.',
    minimum: 1,
    maximum: 100_000,
  }),
  idle: durationSetting(defaultLimits.idleMs, { description: 'How long a connection may be silent; then it is closed.', minimum: 100 }),
  firstByte: durationSetting(defaultLimits.firstMs, {
    description: 'How long a connection may be silent before its first byte.',
    minimum: 100,
  }),
  queue: sizeSetting(defaultLimits.queue, {
    description:
      'Frames of one listener that are taken and not yet delivered, in bytes. Then connections are not read until there is room, and datagrams are dropped and counted.',
    minimum: 65_536,
  }),
  datagram: sizeSetting(defaultLimits.datagram, {
    description: 'Bytes of a datagram at most; longer ones are refused whole, and counted.',
    minimum: 1,
    maximum: 65_535,
  }),
  grace: durationSetting(defaultLimits.graceMs, { description: 'How long connections have to end when their listener stops.' }),
});

/** Settings of the sockets. Times are milliseconds. */
export type SocketsConfig = Static<typeof socketsSettings>;
