/** Shapes of `/api/v1/exporters`. */
import { Type } from 'typebox';
import { linksSchema } from '../../core/links.ts';
import { pageQuery } from '../../core/paging.ts';

const count = (description: string) => Type.Number({ description });
const moment = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const counts = {
  datagrams: count('Datagrams, or messages over TCP.'),
  flows: count('Flows decoded.'),
  flows_per_s: count('Flows a second, over the last ten seconds or so.'),
  options: count('Records in which the exporter tells of itself, such as its sampling rate.'),
  events: count('Records that are no flows: NAT and firewall events, counters, samples without an IP packet.'),
  lost: count('Missing sequence numbers: datagrams (NetFlow v9, sFlow), flows (v5) or records (IPFIX).'),
  gaps: count('How often sequence numbers were missing.'),
  reordered: count('Datagrams that came behind their successors.'),
  restarts: count('Times that the exporter started anew.'),
  late: count('Flows that came before their template, and were decoded when it came.'),
  expired: count('Sets that were given up before their template came.'),
  waiting: count('Sets that wait for their template.'),
};

const templateSchema = Type.Object({
  id: Type.Integer(),
  kind: Type.String({ description: '`flow`, `options`, `section` (pieces of packets) or `event` (no flows).' }),
  fields: Type.Array(Type.String(), { description: 'ENTERPRISE/ELEMENT:OCTETS of each field; `v` is a variable length.' }),
  stale: Type.Boolean({ description: 'Not announced since Weir or the exporter started.' }),
  seen_at: moment('When it was last announced or used.'),
});

const domainSchema = Type.Object({
  protocol: Type.String(),
  domain: Type.Number({ description: 'Observation domain; the source id of v9, the engine of v5, the sub-agent of sFlow.' }),
  ...counts,
  sampling: Type.Union([Type.Number(), Type.Null()], { description: 'One packet in so many, where the exporter told one rate.' }),
  samplers: Type.Array(Type.Object({ id: Type.Number(), rate: Type.Number() })),
  templates: Type.Array(templateSchema),
});

const facts = {
  name: Type.String({ description: 'Its address; with its port where exporters are told apart by that, or send over TCP.' }),
  protocols: Type.Array(Type.String(), { description: '`netflow5`, `netflow9`, `ipfix`, `sflow5`.' }),
  first_seen: moment('First datagram since Weir started.'),
  last_seen: moment('Latest datagram.'),
  bytes: count('Octets of its datagrams.'),
  ...counts,
  faults: Type.Record(Type.String(), Type.Number(), { description: 'What could not be read, by reason.' }),
};

export const exporterSchema = Type.Object({ ...facts, domains: Type.Array(domainSchema), links: linksSchema });

const listenerSchema = Type.Object({
  transport: Type.String(),
  host: Type.String(),
  port: Type.Integer(),
  sockets: Type.Integer({ description: 'Sockets on it; for TCP the connections that are open.' }),
  buffer_wanted: Type.Union([Type.Integer(), Type.Null()], { description: 'Receive buffer that was asked for, octets a socket.' }),
  buffer: Type.Union([Type.Integer(), Type.Null()], { description: 'Receive buffer that the kernel gave.' }),
  datagrams: count('Datagrams or messages received.'),
  refused: count('Datagrams or connections of addresses that are not allowed, or beyond what is kept of exporters.'),
  kernel_drops: Type.Union([Type.Number(), Type.Null()], { description: 'Datagrams that the kernel dropped since the buffer was full.' }),
});

export const exportersSchema = Type.Object({
  items: Type.Array(Type.Object({ ...facts, templates: count('Templates known.'), links: linksSchema })),
  page: Type.Integer(),
  per_page: Type.Integer(),
  total: Type.Integer(),
  listeners: Type.Array(listenerSchema),
  stored: count('Flows that were stored since Weir started.'),
  unwritten: count('Flows that were lost since the disk did not take them.'),
  waits: count('How often reading waited for writing.'),
  waited_ms: count('For how long in all.'),
  template_problem: moment('Why templates are not kept over a restart; null when they are.'),
  links: linksSchema,
});

export const exportersQuery = Type.Object(
  { page: pageQuery.page, per_page: pageQuery.per_page, cursor: pageQuery.cursor },
  { additionalProperties: false },
);
export const exporterParameter = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });
