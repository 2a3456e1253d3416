import { Problem } from '../core/problem.ts';
import { type Change, type Kept, KeyFault, Mirror, nameOf, type Operation, type Path, type Tree, textValue } from '../keys/index.ts';
import type { RecordsConfig } from './config.ts';
import { onKeys } from './fault.ts';
import { type Draft, draftOf, type JsonRecord, keyOf, readId, recordOf } from './record.ts';
import { type Shape, shapeOf } from './shape.ts';

/** How often a write is tried again when others write the same at the same moment. */
const attempts = 50;

/** What somebody expects of a record before he changes it: throws when it is not so. */
export type Condition = (version: number) => void;

/** What a change feed tells. */
export type RecordEvent = { index: number; kind: 'put' | 'delete'; id: number; record?: JsonRecord };

/**
 * One collection: records by rising integer ids under `/records/NAME/items`, the last id given beside them, and perhaps a
 * schema. Ids are never given twice, also after their record is gone.
 */
export class Collection {
  readonly name: string;
  readonly #tree: Tree;
  readonly #config: RecordsConfig;
  readonly #items: Mirror<JsonRecord>;
  readonly #facts: Mirror<unknown>;
  #sorted: JsonRecord[] | undefined;
  #shape: { of: unknown; shape: Shape | undefined } = { of: undefined, shape: undefined };

  constructor(name: string, tree: Tree, config: RecordsConfig) {
    this.name = name;
    this.#tree = tree;
    this.#config = config;
    this.#items = new Mirror(tree, this.#path('items'));
    this.#facts = new Mirror(tree, this.#path('facts'));
    this.#items.onChange(() => {
      this.#sorted = undefined;
    });
  }

  async start(): Promise<void> {
    await Promise.all([this.#items.start(), this.#facts.start()]);
    this.#sorted = undefined;
  }

  stop(): void {
    this.#items.stop();
    this.#facts.stop();
  }

  /** True when nothing was ever put into it. */
  get isEmpty(): boolean {
    return this.#items.size === 0 && this.#facts.size === 0;
  }

  get size(): number {
    return this.#items.size;
  }

  /** All records by id. */
  all(): readonly JsonRecord[] {
    this.#sorted ??= this.#items.values().sort((a, b) => a.id - b.id);
    return this.#sorted;
  }

  /** A record and its version; throws `not-found`. */
  get(id: number): { record: JsonRecord; version: number } {
    const kept = this.#items.get(keyOf(id));
    if (kept === undefined) throw new Problem('not-found', `There is no ${this.name}/${id}.`, { hint: `GET the collection ${this.name}` });
    return { record: kept.value, version: kept.index };
  }

  /** The schema that records have to fit; undefined when any object will do. */
  get schema(): object | undefined {
    return this.#facts.get('schema')?.value as object | undefined;
  }

  /** Adds a record under the next id, or under the one that it names if that is free. */
  async add(draft: Draft): Promise<JsonRecord> {
    const [record] = await this.addAll([draft], false);
    return record as JsonRecord;
  }

  /** Adds several records, all or none. With `isReplacing`, those whose ids are taken replace what is there. */
  async addAll(drafts: readonly Draft[], isReplacing: boolean): Promise<JsonRecord[]> {
    return await this.#race(async () => {
      const last = this.#facts.get('last-id') as Kept<number> | undefined;
      let next = last?.value ?? 0;
      const records = drafts.map((draft) => {
        const record = recordOf(draft, draft.id === undefined ? next + 1 : readId(draft.id as number));
        next = Math.max(next, record.id);
        return record;
      });
      for (const record of records) this.#accept(record);
      const fresh = records.filter(({ id }) => this.#items.get(keyOf(id)) === undefined);
      if (this.#items.size + fresh.length > this.#config.perCollection) throw full(this.#config.perCollection);
      await this.#commit([...records.map((record) => this.#putting(record, isReplacing)), this.#counting(last, next)]);
      return records;
    });
  }

  /** Replaces a record by what `change` makes of it. */
  async change(id: number, change: (record: JsonRecord) => Draft, condition: Condition = () => {}): Promise<JsonRecord> {
    return await this.#race(async () => {
      const { record, version } = this.get(id);
      condition(version);
      const draft = draftOf(change(record));
      if (draft.id !== undefined && draft.id !== id) throw new Problem('unprocessable', 'The id of a record stays.', { pointer: '/id' });
      const next = recordOf(draft, id);
      this.#accept(next);
      const value = Buffer.from(JSON.stringify(next));
      await this.#commit([{ action: 'compare-and-swap', path: this.#items.pathOf(keyOf(id)), value, prevIndex: BigInt(version) }]);
      return next;
    });
  }

  /** Removes a record; one that is not there is as good as removed. */
  async remove(id: number, condition: Condition = () => {}): Promise<void> {
    await this.#race(async () => {
      const kept = this.#items.get(keyOf(id));
      if (kept === undefined) return;
      condition(kept.index);
      await this.#commit([{ action: 'compare-and-delete', path: this.#items.pathOf(keyOf(id)), prevIndex: BigInt(kept.index) }]);
    });
  }

  /** Sets the schema, when all records fit it, or takes it away. */
  async setSchema(schema: object | undefined): Promise<void> {
    if (schema === undefined) {
      await onKeys(() => this.#facts.remove('schema'));
      return;
    }
    const shape = shapeOf(schema);
    for (const record of this.all()) {
      try {
        shape.check(record);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        throw new Problem('conflict', `Record ${record.id} does not fit that schema.`, {
          ...(error.detail !== undefined && { detail: error.detail }),
          facts: { id: record.id },
        });
      }
    }
    await onKeys(() => this.#facts.set('schema', schema));
  }

  /** What happens to its records from an index on; ends with the signal. */
  async *events(from: number | undefined, signal: AbortSignal): AsyncGenerator<RecordEvent> {
    const feed = this.#tree.watch(this.#path('items'), { isRecursive: true, signal, ...(from !== undefined && { from }) });
    for await (const change of feed) {
      const event = eventOf(change);
      if (event !== undefined) yield event;
    }
  }

  #accept(record: JsonRecord): void {
    const size = Buffer.byteLength(JSON.stringify(record));
    if (size > this.#config.size)
      throw new Problem('too-large', `A record has ${this.#config.size} octets at most.`, { detail: `got ${size}` });
    const { schema } = this;
    if (this.#shape.of !== schema) this.#shape = { of: schema, shape: schema === undefined ? undefined : shapeOf(schema) };
    this.#shape.shape?.check(record);
  }

  #putting(record: JsonRecord, isReplacing: boolean): Operation {
    const path = this.#items.pathOf(keyOf(record.id));
    return { action: isReplacing ? 'set' : 'create', path, value: Buffer.from(JSON.stringify(record)) };
  }

  #counting(last: Kept<number> | undefined, next: number): Operation {
    const path = this.#facts.pathOf('last-id');
    const value = Buffer.from(String(next));
    return last === undefined
      ? { action: 'create', path, value }
      : { action: 'compare-and-swap', path, value, prevIndex: BigInt(last.index) };
  }

  async #commit(operations: readonly Operation[]): Promise<void> {
    const changes = await this.#tree.transact(operations);
    this.#items.take(changes);
    this.#facts.take(changes);
  }

  /** Tries again when somebody else wrote the same at the same moment; then what is there is read anew. */
  async #race<T>(work: () => Promise<T>): Promise<T> {
    return await onKeys(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof KeyFault)) throw error;
          if (error.kind === 'exists' && error.cause.startsWith(this.#path('items'))) throw taken(this.name, error.cause);
          if ((error.kind !== 'compare-failed' && error.kind !== 'exists' && error.kind !== 'not-found') || attempt === attempts)
            throw error;
          await Promise.all([this.#items.reload(), this.#facts.reload()]);
        }
      }
    });
  }

  #path(part: string): Path {
    return `/records/${this.name}/${part}`;
  }
}

function eventOf(change: Change): RecordEvent | undefined {
  const id = Number(nameOf(change.node.path));
  if (!Number.isSafeInteger(id) || id < 1) return undefined;
  const isGone = change.action === 'delete' || change.action === 'compare-and-delete' || change.action === 'expire';
  if (isGone) return { index: change.index, kind: 'delete', id };
  return { index: change.index, kind: 'put', id, record: JSON.parse(textValue(change.node)) as JsonRecord };
}

const taken = (name: string, path: string): Problem =>
  new Problem('conflict', `There is a ${name}/${Number(nameOf(path))} already.`, {
    hint: 'leave the id out, or PUT to replace it',
    pointer: '/id',
  });

const full = (limit: number): Problem =>
  new Problem('conflict', `A collection holds ${limit} records at most.`, { hint: 'the setting records.perCollection' });
