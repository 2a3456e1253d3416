/** The keys of a data directory that no server holds: the engine that the configuration names, opened by this process. */
import { Type } from 'typebox';
import { systemClock } from '../../core/clock.ts';
import { loadRoomsConfig } from '../../core/config.ts';
import { openDataFolder } from '../../core/data-folder.ts';
import { createLog } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import { keysSettings } from '../config.ts';
import type { KeyEngine, Reading } from '../engine.ts';
import { engineOf } from '../engine-of.ts';
import type { Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';
import type { KeysPort, ReadWish, Walk, Written } from './access.ts';
import { isShownBelow } from './hidden.ts';

export class EngineKeys implements KeysPort {
  readonly name: string;
  // Writes that wait while the disk flushes go together into the next flush.
  readonly width = 1024;
  readonly #engine: KeyEngine;
  readonly #release: () => Promise<void>;

  constructor(engine: KeyEngine, name: string, release: () => Promise<void>) {
    this.#engine = engine;
    this.name = name;
    this.#release = release;
  }

  async read(path: Path, { reach = 'node', withHidden = false }: ReadWish = {}): Promise<Reading> {
    const reading = await this.#engine.read('public', path, { reach });
    return withHidden ? reading : { ...reading, below: reading.below.filter(isShownBelow(path)) };
  }

  async walk(path: Path): Promise<Walk> {
    const { index, node, below } = await this.#engine.read('public', path, { reach: 'subtree' });
    return { index, octets: null, hasHidden: true, nodes: [node, ...below], read: () => 0 };
  }

  async write(operation: Operation): Promise<Written> {
    const [change] = await this.#engine.write('public', [operation]);
    if (change === undefined) throw new Error('an engine answered a write without a change');
    return change;
  }

  watch(): never {
    throw new Problem('invalid', 'to watch takes a server: nobody else writes to a directory that a command holds', {
      hint: 'weir serve --data DIR, then --server URL',
    });
  }

  async close(): Promise<void> {
    await this.#release();
  }
}

const settings = Type.Object({ keys: keysSettings });

/** Opens the directory, with the settings of a server; who holds it already is told by a `conflict`. */
export async function openFolderKeys(folder: string): Promise<KeysPort> {
  const held = await openDataFolder(folder, 'a command');
  try {
    const log = createLog({ level: 'warn' });
    const engine = engineOf(loadRoomsConfig(settings).keys, { dataFolder: held.path, log, clock: systemClock });
    await engine.start();
    return new EngineKeys(engine, held.path, async () => {
      await engine.stop();
      await held.release();
    });
  } catch (error) {
    await held.release();
    throw error;
  }
}
