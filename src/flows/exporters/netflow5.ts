/** NetFlow v5 as a template that never changes: a record of 48 octets whose fields have the meaning of v9's elements. */
import { knownElements } from './elements.ts';
import { compileTemplate, type Field, type Plan } from './template.ts';

/** Element and octets of each field; 0 is padding. */
const layout = [
  [8, 4], // source
  [12, 4], // destination
  [15, 4], // next hop
  [10, 2], // input interface
  [14, 2], // output interface
  [2, 4], // packets
  [1, 4], // octets
  [22, 4], // first packet, uptime
  [21, 4], // last packet
  [7, 2], // source port
  [11, 2], // destination port
  [0, 1],
  [6, 1], // TCP flags
  [4, 1], // protocol
  [5, 1], // type of service
  [16, 2], // source AS
  [17, 2], // destination AS
  [9, 1], // source mask
  [13, 1], // destination mask
  [0, 2],
] as const;

const fields: Field[] = layout.map(([id, length]) => ({ id, enterprise: 0, length }));

export const netflow5Plan: Plan = compileTemplate({ id: 0, isOptions: false, scope: 0, fields }, knownElements);
