/** The shapes of batches and uploaded files over HTTP, and how they are shown. */
import { Type } from 'typebox';
import { type Links, linksSchema } from '../../core/links.ts';
import { pageQuery, pageSchemaOf } from '../../core/paging.ts';
import { type Batch, batchKinds, batchStates, hasEnded } from './batch.ts';
import type { Batches } from './batches.ts';
import type { Upload } from './uploads.ts';

export const batchesBase = '/api/v1/batches';
export const uploadsBase = '/api/v1/uploads';
export const batchHref = ({ id }: Batch): string => `${batchesBase}/${id}`;

const kindSchema = Type.Unsafe<string>({ type: 'string', enum: [...batchKinds] });
const stateSchema = Type.Unsafe<string>({ type: 'string', enum: [...batchStates] });

export const batchSchema = Type.Object({
  id: Type.Integer(),
  name: Type.Optional(Type.String()),
  kind: kindSchema,
  state: stateSchema,
  file: Type.String(),
  args: Type.Array(Type.String()),
  reason: Type.Optional(Type.String({ description: 'How it has ended.' })),
  exit_code: Type.Optional(Type.Integer({ description: 'Of its program, where that ended by itself.' })),
  owner: Type.String(),
  created: Type.String({ description: 'ISO 8601.' }),
  ended: Type.Optional(Type.String()),
  application: Type.Optional(Type.String({ description: 'The id of the application of Spark.' })),
  conf: Type.Record(Type.String(), Type.String()),
  links: linksSchema,
});

export const batchesSchema = pageSchemaOf(batchSchema);

export const batchesQuery = Type.Object({ page: pageQuery.page, per_page: pageQuery.per_page, state: Type.Optional(stateSchema) });

const text = (description: string) => Type.Optional(Type.String({ description }));
const texts = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));

/** For the description alone: `readBatchRequest` reads, and names every fault. */
export const newBatchSchema = Type.Unsafe<Record<string, unknown>>({
  ...Type.Object(
    {
      file: Type.String({ description: 'A path below one of `sessions.files`, `upload:NAME`, or an address that Spark can read.' }),
      kind: Type.Optional(kindSchema),
      args: texts('Words for the program.'),
      className: text('The main class of a `.jar`.'),
      name: text('A name; batches that run have different ones.'),
      conf: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Properties of Spark.' })),
      pyFiles: texts('Modules that the program imports: `.py`, `.zip`, `.egg`.'),
      jars: texts('Java archives, for Spark.'),
      files: texts('Files that the program finds in its working directory.'),
      archives: texts('Archives, for Spark.'),
      driverMemory: text('`2g`.'),
      driverCores: Type.Optional(Type.Integer()),
      executorMemory: text('`2g`.'),
      executorCores: Type.Optional(Type.Integer()),
      numExecutors: Type.Optional(Type.Integer()),
      queue: text('The queue of YARN.'),
    },
    { additionalProperties: false, examples: [{ file: 'upload:job.py' }] },
  ),
});

export const uploadSchema = Type.Object({
  name: Type.String(),
  octets: Type.Integer(),
  at: Type.String({ description: 'When it came; ISO 8601.' }),
  reference: Type.String({ description: 'How a batch names it.' }),
  links: linksSchema,
});
export const uploadsQuery = Type.Object(pageQuery);
export const uploadsSchema = pageSchemaOf(uploadSchema);
export const uploadParameter = Type.Object({ name: Type.String({ maxLength: 200 }) });

const iso = (ms: number): string => new Date(ms).toISOString();

/** The batch as the API shows it; `mayUse` is whether this caller may do something with it. */
export function showBatch(batches: Batches, batch: Batch, mayUse: boolean): Type.Static<typeof batchSchema> {
  const { id, kind, request, owner, created, end, appId } = batch;
  return {
    id,
    ...(request.name !== null && { name: request.name }),
    kind,
    state: batches.stateOf(batch),
    file: request.file,
    args: mayUse ? request.args : [],
    ...(end !== undefined && { reason: end.reason, ended: iso(end.at), ...(end.code !== null && { exit_code: end.code }) }),
    owner,
    created: iso(created),
    ...(appId !== undefined && { application: appId }),
    conf: mayUse ? request.conf : {},
    links: linksOf(batches, batch, mayUse),
  };
}

function linksOf(batches: Batches, batch: Batch, mayUse: boolean): Links {
  const self = batchHref(batch);
  return {
    self: { href: self },
    collection: { href: batchesBase },
    ...(mayUse && { log: { href: `${self}/log`, title: 'What it has printed' } }),
    ...(mayUse &&
      !hasEnded(batches.stateOf(batch)) && { stop: { href: `${self}/stop`, method: 'POST', title: 'End it and keep its entry' } }),
    ...(mayUse && { remove: { href: self, method: 'DELETE', title: 'End it and forget it' } }),
    livy: { href: `/batches/${batch.id}`, title: 'As Livy shows it' },
  };
}

/** An uploaded file as the API shows it. */
export function showUpload({ name, octets, at }: Upload): Type.Static<typeof uploadSchema> {
  const self = `${uploadsBase}/${name}`;
  return {
    name,
    octets,
    at: iso(at),
    reference: `upload:${name}`,
    links: {
      self: { href: self },
      collection: { href: uploadsBase },
      batch: { href: batchesBase, method: 'POST', title: 'Run it' },
      remove: { href: self, method: 'DELETE', title: 'Forget it' },
    },
  };
}
