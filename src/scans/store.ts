import { Problem } from '../core/problem.ts';
import { KeyFault, Mirror, onKeys, type Path, type Tree, textValue } from '../keys/index.ts';
import type { HostResult } from './host-result.ts';
import type { Scan } from './scan.ts';

const place: Path = '/scans';
/** Octets of hosts that one key holds, about; a host alone may be more (65,535 ports in turn open and closed take 400 KB). */
const pieceOctets = 256 * 1024;

/**
 * Scans in the key tree: one key each at `/scans/items/ID`, held in memory, and their results in pieces at `/scans/results/ID/NUMBER`,
 * read when somebody asks. Ids are never given twice.
 */
export class ScanStore {
  readonly #tree: Tree;
  readonly #items: Mirror<Scan>;
  readonly #facts: Mirror<number>;
  #sorted: Scan[] | undefined;

  constructor(tree: Tree) {
    this.#tree = tree;
    this.#items = new Mirror(tree, `${place}/items`);
    this.#facts = new Mirror(tree, `${place}/facts`);
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

  /** All scans, the latest first. */
  all(): readonly Scan[] {
    this.#sorted ??= this.#items.values().sort((a, b) => b.id - a.id);
    return this.#sorted;
  }

  /** A scan and its version; throws `not-found`. */
  get(id: number): { scan: Scan; version: number } {
    const kept = this.#items.get(String(id));
    if (kept === undefined) throw new Problem('not-found', `There is no scan ${id}.`, { hint: 'it may have been forgotten' });
    return { scan: kept.value, version: kept.index };
  }

  /** Calls back after each change of any scan. */
  onChange(listener: () => void): void {
    this.#items.onChange(listener);
  }

  async add(scan: Omit<Scan, 'id'>): Promise<Scan> {
    return await onKeys(place, async () => {
      const id = await this.#facts.put('last-id', (last = 0) => last + 1);
      const made: Scan = { id, ...scan };
      await this.#items.create(String(id), made);
      return made;
    });
  }

  /** Changes a scan; one that is gone stays gone. */
  async change(id: number, change: (scan: Scan) => Scan): Promise<Scan | undefined> {
    return await onKeys(place, () => this.#items.update(String(id), change));
  }

  /** Removes a scan with its results. */
  async remove(id: number): Promise<void> {
    await onKeys(place, async () => {
      await this.#items.remove(String(id));
      try {
        await this.#tree.delete(resultsOf(id), true);
      } catch (error) {
        if (!(error instanceof KeyFault) || error.kind !== 'not-found') throw error; // it had none
      }
    });
  }

  /** Keeps some hosts of a scan, from piece `first` on; answers how many pieces that made. */
  async keep(id: number, first: number, hosts: readonly HostResult[]): Promise<number> {
    const pieces = piecesOf(hosts);
    await onKeys(place, async () => {
      for (const [at, piece] of pieces.entries()) await this.#tree.set(`${resultsOf(id)}/${numberOf(first + at)}`, piece);
    });
    return pieces.length;
  }

  /** All hosts of a scan, in the order of their addresses' ends. */
  async hosts({ id, pieces }: Scan): Promise<HostResult[]> {
    return await onKeys(place, async () => {
      const hosts: HostResult[] = [];
      for (let piece = 0; piece < pieces; piece++) {
        const node = await this.#tree.get(`${resultsOf(id)}/${numberOf(piece)}`);
        if (node !== undefined) hosts.push(...(JSON.parse(textValue(node)) as HostResult[]));
      }
      return hosts.sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }));
    });
  }
}

const resultsOf = (id: number): Path => `${place}/results/${id}`;
const numberOf = (piece: number): string => String(piece).padStart(6, '0');

function piecesOf(hosts: readonly HostResult[]): string[] {
  const pieces: string[] = [];
  let texts: string[] = [];
  let octets = 0;
  for (const host of hosts) {
    const text = JSON.stringify(host);
    if (octets + text.length > pieceOctets && texts.length > 0) {
      pieces.push(`[${texts.join(',')}]`);
      texts = [];
      octets = 0;
    }
    texts.push(text);
    octets += text.length;
  }
  if (texts.length > 0) pieces.push(`[${texts.join(',')}]`);
  return pieces;
}
