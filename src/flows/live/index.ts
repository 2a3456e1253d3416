/** Live flows: packets that are being captured become flows in a spool, and the spool is delivered into a store. */
import type { FlowsPort } from '../access.ts';

export { FlowSender } from './flow-sender.ts';
export { LiveFlows, type LiveOptions } from './live-flows.ts';
export { type Deliver, Spool, type SpoolState, usualSpoolOctets } from './spool.ts';

/** The flows of a server over HTTP, or of a data directory that no server holds. */
export async function openFlowsAt(place: { server: string } | { data: string }): Promise<FlowsPort> {
  if ('server' in place) return (await import('../remote.ts')).openRemoteFlows(place.server);
  return await (await import('../local.ts')).openLocalFlows(place.data);
}
