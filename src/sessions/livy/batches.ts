/** Livy's `/batches`: what its clients ask, in its words. It translates and has no rules of its own. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Batch } from '../batches/batch.ts';
import { readBatchRequest } from '../batches/batch-request.ts';
import type { Batches } from '../batches/batches.ts';
import { usedOf } from '../routes/registered.ts';
import { readNumber, windowOf } from './query.ts';
import type { LivyRoute } from './route.ts';

/** Lines of the log in the entry of a batch. */
const tailLines = 10;

export function addBatchRoutes(app: FastifyInstance, batches: Batches, { base, read, act }: LivyRoute): void {
  const show = (batch: Batch, { caller }: FastifyRequest) => showBatch(batches, batch, batches.mayUse(batch, caller));
  const asked = (request: FastifyRequest): Batch => batches.get((request.params as { id: string }).id);
  const used = usedOf(batches);
  const one = `${base}/batches/:id`;

  app.get(`${base}/batches`, read('A window of the batches', ['from', 'size']), async (request) => {
    const all = batches.all();
    const { from, page } = windowOf(all, request.query);
    return { from, total: all.length, sessions: page.map((batch) => show(batch, request)) };
  });
  app.post(`${base}/batches`, act('Run a program once'), async (request, reply) => {
    const batch = await batches.create(readBatchRequest(request.body, 'livy'), request.caller);
    reply.code(201).header('location', `${base}/batches/${batch.id}`);
    return show(batch, request);
  });
  app.get(one, read('One batch'), async (request) => show(asked(request), request));
  app.delete(one, act('End a batch and forget it; its processes are gone when this answers'), async (request) => {
    await batches.remove(used(request), `deleted by ${request.caller.name}`, request.caller);
    return { msg: 'deleted' };
  });
  app.get(`${one}/state`, read('How a batch stands'), async (request) => {
    const batch = asked(request);
    return { id: batch.id, state: batches.stateOf(batch) };
  });
  app.get(`${one}/log`, read('What a batch has printed', ['from', 'size']), async (request) => {
    const batch = used(request);
    const { from, total, lines } = batches.live(batch).log.read(readNumber(request.query, 'from'), readNumber(request.query, 'size'));
    return { id: batch.id, from, total, log: lines };
  });
}

/** The entry of a batch: Livy's eight members and no other. */
function showBatch(batches: Batches, batch: Batch, hasLog: boolean): object {
  const { id, request, owner, appId, appInfo } = batch;
  return {
    id,
    name: request.name,
    owner: owner === 'local' ? null : owner,
    proxyUser: null,
    state: batches.stateOf(batch),
    appId: appId ?? null,
    appInfo: { driverLogUrl: null, sparkUiUrl: null, executorLogUrls: null, ...appInfo },
    log: hasLog ? batches.tailOf(batch, tailLines) : [],
  };
}
