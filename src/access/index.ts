/**
 * Access: who may come in and what he may do. Users, passwords, tokens and their counters are kept in the system space of
 * the key tree, so that several servers on one cluster share them; what was done is written to an audit log on this host.
 * It never sees the bodies of other rooms, and it decides nothing about them: each route says which role it needs.
 */
export { Access, type AccessDependencies, type Visit } from './access.ts';
export { type Surface, surfaces } from './anonymous.ts';
export { type AccessConfig, accessSettings } from './config.ts';
export { isThisMachine } from './networks.ts';
