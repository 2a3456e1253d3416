import { Heap } from './heap.ts';
import type { Job } from './job.ts';

type Entry = { id: number; priority: number; queued: number };

/** Jobs that need the same are one line: when its first does not find room, none behind it does. */
type Line = { heap: Heap<Entry> };

/**
 * The jobs that could start now if there were room, in lines by fair-share group and need. Choosing costs by the number of lines,
 * not of jobs: 100,000 alike are one line.
 */
export class ReadyQueue {
  readonly #groups = new Map<string, Map<string, Line>>();
  /** What is in the queue; an entry of a heap that is not the one here is old, and is passed over. */
  readonly #entries = new Map<number, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  has(id: number): boolean {
    return this.#entries.has(id);
  }

  add(job: Job): void {
    const known = this.#entries.get(job.id);
    if (known?.priority === job.priority) return;
    const entry = { id: job.id, priority: job.priority, queued: job.queued };
    this.#entries.set(job.id, entry);
    let lines = this.#groups.get(job.group);
    if (lines === undefined) {
      lines = new Map();
      this.#groups.set(job.group, lines);
    }
    const key = lineOf(job);
    let line = lines.get(key);
    if (line === undefined) {
      line = { heap: new Heap(isBefore) };
      lines.set(key, line);
    }
    line.heap.push(entry);
  }

  remove(id: number): void {
    this.#entries.delete(id);
  }

  groups(): IterableIterator<string> {
    return this.#groups.keys();
  }

  /** The first of each line of a group, by priority, then by id. Lines that have run empty are cleared away. */
  heads(group: string): number[] {
    const lines = this.#groups.get(group);
    if (lines === undefined) return [];
    const heads: Entry[] = [];
    for (const [key, { heap }] of lines) {
      while (heap.size > 0 && this.#entries.get((heap.peek() as Entry).id) !== heap.peek()) heap.pop();
      const head = heap.peek();
      if (head === undefined) lines.delete(key);
      else heads.push(head);
    }
    if (lines.size === 0) this.#groups.delete(group);
    return heads.sort((a, b) => (isBefore(a, b) ? -1 : 1)).map(({ id }) => id);
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.priority > b.priority || (a.priority === b.priority && a.id < b.id);

/** An array with a limit of its own waits alone. */
const lineOf = ({ needs, parent }: Job): string => `${parent ?? ''} ${JSON.stringify(needs)}`;
