import { nearest } from '../core/nearest.ts';
import { Problem } from '../core/problem.ts';
import { Mirror, onKeys, type Tree } from '../keys/index.ts';
import { readSubmission, submissionMembers } from './submission.ts';

/** Members that belong to one submission and to no preset. */
const never: ReadonlySet<string> = new Set(['command', 'shell', 'array', 'dependencies', 'submit_host', 'snapshot', 'jobclass']);

/** What a job class may preset. */
export const presetMembers: readonly string[] = submissionMembers.filter((name) => !never.has(name));

/** A preset that submissions name (`nc run -C NAME`): members of a submission, and a line for people. */
export type JobClass = { name: string; description?: string; members: Record<string, unknown> };

const folder = '/jobs/classes';
const className = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** The job classes, one key each at `/jobs/classes/NAME` of the system space: all servers on the same cluster have the same ones. */
export class JobClasses {
  readonly #kept: Mirror<Omit<JobClass, 'name'>>;

  constructor(tree: Tree) {
    this.#kept = new Mirror(tree, folder);
  }

  async start(): Promise<void> {
    await this.#kept.start();
  }

  stop(): void {
    this.#kept.stop();
  }

  all(): JobClass[] {
    return [...this.#kept.entries()].map(([name, { value }]) => ({ name, ...value })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws `not-found`. */
  get(name: string): JobClass {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return { name, ...kept.value };
    throw new Problem('not-found', `There is no job class ${JSON.stringify(name.slice(0, 64))}.`, { hint: this.#hintFor(name) });
  }

  /** Makes or replaces a class. Throws `invalid` for a name, `unprocessable` for members, that no class can have. */
  async set(name: string, { description, members }: Omit<JobClass, 'name'>, mostOfArray: number): Promise<JobClass> {
    if (!className.test(name))
      throw new Problem('invalid', 'That is no name of a job class.', { detail: 'letters, digits, _ . -, 64 at most', pointer: 'name' });
    const alien = Object.keys(members).find((member) => !presetMembers.includes(member));
    if (alien !== undefined)
      throw new Problem('unprocessable', `A job class cannot set ${alien.slice(0, 64)}.`, {
        detail: `it can set ${presetMembers.join(', ')}`,
        pointer: `/members/${alien}`,
      });
    readSubmission({ command: ['true'], ...members }, mostOfArray); // or nobody could ever use it
    const value = { ...(description !== undefined && { description }), members };
    await onKeys(folder, () => this.#kept.set(name, value));
    return { name, ...value };
  }

  /** Jobs that were submitted by it stay as they are. Throws `not-found`. */
  async remove(name: string): Promise<void> {
    this.get(name);
    await onKeys(folder, () => this.#kept.remove(name));
  }

  /** A submission with what its class presets; what it says itself goes before that, variable by variable. Throws `unprocessable`. */
  applyTo(body: unknown): unknown {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
    const { jobclass, ...own } = body as Record<string, unknown>;
    if (jobclass === undefined || jobclass === null) return body;
    const kept = typeof jobclass === 'string' ? this.#kept.get(jobclass) : undefined;
    if (kept === undefined) {
      const shown = JSON.stringify(jobclass)?.slice(0, 80);
      throw new Problem('unprocessable', `There is no job class ${shown}.`, {
        pointer: '/jobclass',
        hint: this.#hintFor(String(jobclass)),
      });
    }
    const { members } = kept.value;
    const merged: Record<string, unknown> = { ...members, ...own, jobclass };
    for (const name of ['environment', 'properties'] as const)
      if (isObject(members[name]) && isObject(own[name])) merged[name] = { ...members[name], ...own[name] };
    return merged;
  }

  #hintFor(name: string): string {
    const names = this.all().map((one) => one.name);
    const likely = nearest(name, names);
    if (likely !== undefined) return `did you mean ${likely}?`;
    return names.length === 0 ? 'there are none yet; an administrator makes them: weir jobs class set' : `there are ${names.join(', ')}`;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
