import { Problem } from '../core/problem.ts';
import { nameOf, type Tree } from '../keys/index.ts';
import { Collection } from './collection.ts';
import type { RecordsConfig } from './config.ts';
import { onKeys } from './fault.ts';

/** The room needs the system space of the key tree. */
export type RecordsDependencies = { tree: Tree };

const collectionName = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** The collections. Each is read from the key tree when it is first used, and follows it from then on. */
export class Records {
  readonly config: RecordsConfig;
  readonly #tree: Tree;
  readonly #open = new Map<string, Promise<Collection>>();

  constructor(config: RecordsConfig, { tree }: RecordsDependencies) {
    this.config = config;
    this.#tree = tree;
    for (const name of config.mount) checkName(name, 'records.mount');
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    for (const opening of this.#open.values()) (await opening).stop();
    this.#open.clear();
  }

  /** The collection of a name, there or not yet: the first record makes it. Throws `invalid` for what is no name. */
  async collection(name: string): Promise<Collection> {
    checkName(name, 'collection');
    let opening = this.#open.get(name);
    if (opening === undefined) {
      opening = this.#openCollection(name);
      this.#open.set(name, opening);
      opening.catch(() => this.#open.delete(name));
    }
    return await opening;
  }

  /** The collection of a name; throws `not-found` when nothing was ever put into it. */
  async existing(name: string): Promise<Collection> {
    checkName(name, 'collection');
    const collection = this.#open.has(name) || (await this.names()).includes(name) ? await this.collection(name) : undefined;
    if (collection === undefined || collection.isEmpty) {
      throw new Problem('not-found', `There is no collection ${name}.`, { hint: 'POST a first record to make it' });
    }
    return collection;
  }

  /** A collection that something may be put into; throws `conflict` when there are too many. */
  async writable(name: string): Promise<Collection> {
    const collection = await this.collection(name);
    if (collection.isEmpty && (await this.names()).length >= this.config.collections) {
      throw new Problem('conflict', `There are ${this.config.collections} collections already.`, {
        hint: 'the setting records.collections',
      });
    }
    return collection;
  }

  /** The names of all collections, in order. */
  async names(): Promise<string[]> {
    const { below } = await onKeys(() => this.#tree.list('/records'));
    return below.map((node) => nameOf(node.path));
  }

  /** Removes a collection with all that is in it; its ids begin anew. */
  async remove(name: string): Promise<void> {
    const collection = await this.existing(name);
    await onKeys(() => this.#tree.delete(`/records/${name}`, true));
    collection.stop();
    this.#open.delete(name);
  }

  async #openCollection(name: string): Promise<Collection> {
    const collection = new Collection(name, this.#tree, this.config);
    await onKeys(() => collection.start());
    return collection;
  }
}

function checkName(name: string, pointer: string): void {
  if (collectionName.test(name)) return;
  throw new Problem('invalid', 'That is no name of a collection.', {
    detail: `expected a letter, then up to 63 letters, digits, dashes or underscores, got ${JSON.stringify(name.slice(0, 80))}`,
    pointer,
  });
}
