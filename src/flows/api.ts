/** Shapes on the wire: the schemas that validate, document and serialise, and the words that they share. */
import { Type } from 'typebox';
import { linksSchema } from '../core/links.ts';
import { pageQuery } from '../core/paging.ts';
import { streamFormatNames } from './encode/format.ts';
import { filterLimits } from './filter/fault.ts';
import { groupingWords, mostBuckets } from './grouping.ts';
import { importFormats } from './import/detect.ts';
import { importStates } from './import/import-record.ts';
import { columns } from './schema.ts';

/** One of some words, as a schema that lists them. */
const oneOf = (words: readonly string[], description: string) => Type.String({ enum: [...words], description });
const counter = (description: string) => Type.Number({ description });

/** The parameters that choose flows; every question takes them. */
const selectionQuery = {
  filter: Type.Optional(
    Type.String({ maxLength: filterLimits.octets, description: 'Filter language, such as `proto tcp and port 443`; see the page on it.' }),
  ),
  scanned_after: Type.Optional(Type.String({ maxLength: 64, description: 'Flows whose time is later (exclusive): seconds or ISO 8601.' })),
  scanned_before: Type.Optional(
    Type.String({ maxLength: 64, description: 'Flows whose time is not later (inclusive): seconds or ISO 8601.' }),
  ),
  ingested_after: Type.Optional(
    Type.String({
      maxLength: 64,
      description:
        'Flows whose import was committed later than this (wall clock): for pollers that must not miss late rows. Take it from the header X-Weir-Ingested-Until of the answer before.',
    }),
  ),
};

const fields = Type.Optional(
  Type.String({ maxLength: 2048, description: 'Columns, separated by commas, in the order wanted; `all` for every one.' }),
);
const order = Type.Optional(oneOf(['time', '-time'], 'Oldest first (default) or latest first; flows of one second by id.'));
const metric = Type.Optional(oneOf(['bytes', 'packets', 'flows'], 'What is counted and ranked by; both directions. Default: bytes.'));

export const streamQuery = Type.Object(
  {
    ...selectionQuery,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Rows at most. Default: all.' })),
    format: Type.Optional(
      Type.String({ maxLength: 32, description: `One of ${streamFormatNames.join(', ')}; wins over Accept. Default: json.` }),
    ),
    fields,
    order,
    bigint: Type.Optional(
      oneOf(
        ['number', 'string'],
        'How JSON shows 64-bit columns: as numbers (default), exact only for readers that keep 64 bits, or as strings.',
      ),
    ),
    header: Type.Optional(oneOf(['present', 'absent'], 'Whether CSV has a line of names. Default: present.')),
  },
  { additionalProperties: false },
);

export const listQuery = Type.Object({ ...selectionQuery, ...pageQuery, fields, order }, { additionalProperties: false });
export const summaryQuery = Type.Object(selectionQuery, { additionalProperties: false });
export const topQuery = Type.Object(
  {
    ...selectionQuery,
    by: oneOf(
      groupingWords,
      'What flows are grouped by; `host`, `port` and `net` count both ends, `service` is the lesser of two numbers of ports.',
    ),
    metric,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Keys at most. Default: 10.' })),
  },
  { additionalProperties: false },
);
export const seriesQuery = Type.Object(
  {
    ...selectionQuery,
    bucket: Type.Optional(Type.String({ maxLength: 32, description: 'Width of a bucket, such as `60s`, `5m`, `1h`. Default: 60s.' })),
    by: Type.Optional(oneOf(groupingWords, 'One series for each value of this.')),
    metric,
    page: pageQuery.page,
    per_page: Type.Integer({ minimum: 1, maximum: mostBuckets, default: mostBuckets, description: 'Buckets on a page.' }),
  },
  { additionalProperties: false },
);
export const pairsQuery = Type.Object(
  {
    ...selectionQuery,
    metric,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Pairs at most. Default: 100.' })),
  },
  { additionalProperties: false },
);

export const importsQuery = Type.Object(
  {
    order: Type.Optional(oneOf(['id', '-id'], 'The latest last (default) or first.')),
    page: pageQuery.page,
    per_page: pageQuery.per_page,
  },
  { additionalProperties: false },
);

/** A flow in an answer: the columns that were asked for. */
export const flowSchema = Type.Object(
  Object.fromEntries(
    columns.map(({ name, type, nullable, doc }) => {
      const value =
        type === 'VARCHAR' || type.startsWith('TIMESTAMP') ? Type.String({ description: doc }) : Type.Integer({ description: doc });
      return [name, Type.Optional(nullable ? Type.Union([value, Type.Null()]) : value)];
    }),
  ),
  { description: 'A flow; `fields` chooses its columns.' },
);

const counters = {
  flows: counter('Flows.'),
  packets: counter('Packets, both directions.'),
  bytes: counter('Octets of layer 3, both directions.'),
};
const key = Type.Union([Type.String(), Type.Number(), Type.Null()]);
const nullableNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const nullableText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

export const pageSchema = Type.Object({
  items: Type.Array(flowSchema),
  page: Type.Integer(),
  per_page: Type.Integer(),
  links: linksSchema,
});
export const summarySchema = Type.Object({
  ...counters,
  first: nullableNumber('Time of the first flow, seconds.'),
  last: nullableNumber('Latest end of a flow, seconds.'),
  first_time: nullableText('First packet, ISO 8601; null for relative data.'),
  last_time: nullableText('Last packet, ISO 8601; null for relative data.'),
  sources: counter('Imports that these flows came by.'),
  days: counter('UTC days on which they began.'),
  left_out: counter('Counters of 2^63 or more, which are no traffic: they are in no sum.'),
  links: Type.Optional(linksSchema),
});
export const topSchema = Type.Object({
  by: Type.String(),
  metric: Type.String(),
  items: Type.Array(Type.Object({ key, ...counters, share: Type.Number({ description: 'Part of the total in the metric, 0 to 1.' }) })),
  total: Type.Object(counters),
});
export const seriesSchema = Type.Object({
  bucket_s: Type.Integer({ description: 'Width of a bucket in seconds.' }),
  items: Type.Array(Type.Object({ time: Type.Integer({ description: 'Begin of the bucket, seconds.' }), key, ...counters })),
  page: Type.Integer(),
  per_page: Type.Integer(),
  total: Type.Integer(),
  links: linksSchema,
});
export const pairsSchema = Type.Object({
  items: Type.Array(
    Type.Object({
      a: Type.String(),
      b: Type.String(),
      flows_ab: Type.Number(),
      flows_ba: Type.Number(),
      packets_ab: Type.Number(),
      packets_ba: Type.Number(),
      bytes_ab: Type.Number(),
      bytes_ba: Type.Number(),
      first: Type.Number(),
      last: Type.Number(),
      paired: Type.Boolean({ description: 'Whether packets went both ways.' }),
    }),
  ),
});
export const sealedSchema = Type.Object({ files: Type.Integer(), rows: Type.Integer() });
export const checkedSchema = Type.Object({
  ok: Type.Boolean(),
  findings: Type.Array(Type.Object({ level: Type.String(), code: Type.String(), text: Type.String(), fix: Type.String() })),
  counts: Type.Record(Type.String(), Type.Number()),
});

const timeOut = (of: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1e7, description: `${of}, seconds; 0 is never.` }));
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));

export const importQuery = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 1024, description: 'What people see: mostly the name of the file.' })),
    format: Type.Optional(
      Type.String({ maxLength: 32, description: `One of ${Object.keys(importFormats).join(', ')}. Default: what the content says.` }),
    ),
    again: flag('Import this content even if it is in the store already.'),
    skip_bad: Type.Optional(Type.String({ maxLength: 16, description: 'Bad rows that may be skipped, or `all`. Default: none.' })),
    keep_good: flag('Keep what came before a fault in a capture.'),
    uniflow: flag('One flow for each direction.'),
    tunnels: Type.Optional(oneOf(['outer', 'inner', 'both'], 'Which headers of tunnelled packets are metered. Default: outer.')),
    active: timeOut('Active time-out'),
    idle: timeOut('Idle time-out of TCP and what has no other'),
    idle_udp: timeOut('Idle time-out of UDP'),
    idle_icmp: timeOut('Idle time-out of ICMP'),
    tcp_close: timeOut('How long a closed TCP flow waits for late segments'),
    key_vlan: flag('Keep equal sessions of different VLANs apart.'),
    key_interface: flag('Keep equal sessions of different interfaces apart.'),
    macs: flag('Keep the Ethernet addresses.'),
    epoch: Type.Optional(
      Type.String({ maxLength: 64, description: 'Moment of second 0 of relative data: seconds since 1970 or ISO 8601.' }),
    ),
  },
  { additionalProperties: false },
);

export const importSchema = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  state: Type.String({ enum: [...importStates] }),
  format: nullableText('What it was read as.'),
  bytes_read: counter('Octets read, as they came (compressed).'),
  bytes_total: nullableNumber('Octets in all, where known.'),
  packets: counter('Packets read; the sum of those metered and those skipped.'),
  packets_metered: counter('Packets that became part of a flow.'),
  flows: counter('Flows made.'),
  rows_bad: counter('Rows that were skipped.'),
  skipped: Type.Record(Type.String(), Type.Number(), { description: 'Packets that made no flow, by reason.' }),
  rate_bytes_s: counter('Octets read in a second.'),
  eta_s: nullableNumber('Seconds that are left, where known.'),
  started_at: Type.String(),
  ended_at: nullableText('When it ended.'),
  problem: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  digest: nullableText('Digest of the unpacked content: the same content is refused a second time.'),
  warnings: Type.Array(Type.String()),
  bad_rows: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() })),
  capture: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  links: linksSchema,
});
export const importsSchema = Type.Object({ items: Type.Array(importSchema), links: linksSchema });
export const idParameter = Type.Object({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });
