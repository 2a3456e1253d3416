/** The interfaces of this machine: what there is to capture on. */
export type { NetworkInterface } from './interface.ts';
export { findInterface, listInterfaces } from './list.ts';
