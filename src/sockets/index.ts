/**
 * Sockets: plain TCP, UDP and Unix listeners whose bytes are cut into frames and go to records, tickets, flows or files; echo (RFC 862); files
 * from one machine to another. Whoever is faster than where his frames go is held back; lengths are judged before anything is set aside
 * for them; a file stands under its name only when its checksum holds. There is no relay through NAT and no login on a bare socket: who may
 * send is said by network.
 */
export { type SocketsConfig, socketsSettings } from './config.ts';
export type { House as SocketsHouse } from './destinations/house.ts';
export { Sockets, type SocketsDependencies } from './sockets.ts';
