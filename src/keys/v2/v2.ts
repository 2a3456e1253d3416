/**
 * etcd's v2 API on a key engine: a request as it stands in its octets goes in, an answer comes out. Knows nothing of sockets
 * or servers; `handler.ts` and `listener.ts` do. The rules of writes are the tree's, those of watches the hub's.
 */
import type { KeyEngine } from '../engine.ts';
import type { Path } from '../tree/path.ts';
import type { WatchHub } from '../watch/hub.ts';
import { type Answer, type Call, type KeysAnswer, malformed, moved, notAllowed } from './answer.ts';
import type { Cluster } from './cluster.ts';
import type { Counters } from './counters.ts';
import type { Dropped } from './dropped.ts';
import { errorOf, V2Error } from './errors.ts';
import { readForm } from './form.ts';
import { changeText, readingText, shortChangeText } from './node-text.ts';
import { operationOf } from './operation-of.ts';
import { answerPage } from './pages.ts';
import { noParameters, type Parameters, readParameters } from './parameters.ts';
import { readTarget } from './target.ts';
import { openWatch } from './watch.ts';

export type V2Dependencies = {
  engine: KeyEngine;
  hub: WatchHub;
  cluster: Cluster;
  counters: Counters;
  dropped: Dropped;
  /** Milliseconds since the epoch. */
  now(): number;
};

export class V2 {
  readonly deps: V2Dependencies;

  constructor(deps: V2Dependencies) {
    this.deps = deps;
  }

  /**
   * The answer of a request. Never fails but for faults of ours. No function on the way waits in the middle: each that did would cost
   * every request a turn of the queue of promises.
   */
  answer(call: Call): Answer | Promise<Answer> {
    const target = readTarget(call.target);
    if (target.kind === 'malformed') return malformed();
    if (call.method === 'OPTIONS') return { kind: 'page', status: 200, headers: [], text: '' };
    if (target.kind === 'moved') return moved(call.method, target.location);
    if (target.kind === 'page') return answerPage(target.path, call, this.deps);
    return this.#answerKey(call, target.path, target.query);
  }

  #answerKey(call: Call, path: Path, query: string): Answer | Promise<Answer> {
    const { method } = call;
    const isWrite = method === 'PUT' || method === 'POST';
    if (!isWrite && method !== 'GET' && method !== 'HEAD' && method !== 'DELETE') return notAllowed('HEAD,GET,PUT,POST,DELETE');
    const given = parametersOf(call, query, isWrite);
    if (given instanceof V2Error) return errorAnswer(given);
    if (isWrite || method === 'DELETE') return this.#write(method, path, given);
    if (given.isWait && !given.isQuorum) return this.#watch(path, given);
    return this.#read(path, given);
  }

  #read(path: Path, { isRecursive, isQuorum, isExact }: Parameters): Promise<KeysAnswer> {
    const { engine, counters, now } = this.deps;
    return engine.read('public', path, { reach: isRecursive ? 'subtree' : 'children', isLinearizable: isQuorum }).then(
      (reading) => {
        counters.succeeded('get');
        return { kind: 'keys', status: 200, text: readingText(reading, now(), isExact), index: reading.index, isError: false, isExact };
      },
      (fault: unknown) => {
        counters.failed('get');
        return errorAnswer(errorOf(fault));
      },
    );
  }

  #write(method: string, path: Path, given: Parameters): Promise<KeysAnswer> {
    const { engine, counters, now } = this.deps;
    const operation = operationOf(method, path, given, now());
    return engine.write('public', [operation]).then(
      ([change]) => {
        if (change === undefined) throw new Error('an engine answered a write without a change');
        counters.succeeded(operation.action);
        const isMade = change.action === 'create' || (change.action === 'set' && change.prev === undefined);
        const text = given.isValueUnwanted && method !== 'DELETE' ? shortChangeText(change) : changeText(change, now());
        return { kind: 'keys', status: isMade ? 201 : 200, text, index: change.index, isError: false };
      },
      (fault: unknown) => {
        counters.failed(operation.action);
        return errorAnswer(errorOf(fault));
      },
    );
  }

  async #watch(path: Path, given: Parameters): Promise<Answer> {
    try {
      return { kind: 'watch', watch: await openWatch(this.deps, path, given) };
    } catch (fault) {
      return errorAnswer(fault instanceof V2Error ? fault : errorOf(fault));
    }
  }
}

function parametersOf({ method, contentType, body }: Call, query: string, isWrite: boolean): Parameters | V2Error {
  if (!isWrite && query === '') return noParameters;
  const form = readForm(query, isWrite ? { type: contentType, text: body } : undefined);
  return typeof form === 'string' ? new V2Error(210, form) : readParameters(form, method === 'GET');
}

const errorAnswer = (error: V2Error): KeysAnswer => ({
  kind: 'keys',
  status: error.status,
  text: error.text,
  index: error.index,
  isError: true,
});
