import type { Caller } from '../core/caller.ts';
import type { Clock } from '../core/clock.ts';
import { type Note, noteOf } from '../core/note.ts';
import { Problem } from '../core/problem.ts';
import { readAllowed } from './allowed.ts';
import type { SocketsConfig } from './config.ts';
import { readDeclared } from './declared.ts';
import type { House } from './destinations/house.ts';
import { openDestination } from './destinations/open.ts';
import { Listener, type ListenerPlan } from './listener.ts';
import { parseTo } from './to.ts';

/** What the room needs of the house. */
export type SocketsDependencies = {
  clock: Clock;
  log: { info(facts: object, text: string): void; warn(facts: object, text: string): void };
  house: House;
  note?(entry: Note): Promise<void>;
};

/** Of faults like each other the log keeps one in so many milliseconds. */
const quietMs = 10_000;

/** The room of sockets: the listeners that the configuration declares. Inert until `start`. Throws when a declaration is wrong. */
export class Sockets {
  readonly listeners: readonly Listener[];
  readonly #deps: SocketsDependencies;
  readonly #saidAt = new Map<string, number>();

  constructor(config: SocketsConfig, deps: SocketsDependencies) {
    this.#deps = deps;
    const { connections, perAddress, idle, firstByte, queue, datagram, grace } = config;
    const limits = { connections, perAddress, idleMs: idle, firstMs: firstByte, queue, datagram, graceMs: grace };
    const allowed = readAllowed(config.allow, 'sockets.allow');
    this.listeners = readDeclared(config.listeners, config.allow).map(
      (plan) =>
        new Listener(plan, {
          limits,
          allowed,
          openDestination: () => this.#openDestination(plan),
          now: () => deps.clock.now(),
          onFault: (err) => this.#warn(plan.name, err),
        }),
    );
  }

  /** Opens them all. One that cannot be opened is shown as failed, and may be started when what is in its way is gone. */
  async start(): Promise<void> {
    for (const listener of this.listeners)
      await listener.start().catch((err: unknown) => this.#deps.log.warn({ err, listener: listener.plan.name }, 'a listener did not open'));
  }

  async stop(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.stop()));
  }

  /** The listener of a name; throws `not-found`. */
  get(name: string): Listener {
    const found = this.listeners.find(({ plan }) => plan.name === name);
    if (found !== undefined) return found;
    throw new Problem('not-found', `There is no listener ${JSON.stringify(name)}.`, { hint: 'GET /api/v1/sockets lists them' });
  }

  /** Starts or stops a listener for somebody, and writes it down. */
  async turn(name: string, to: 'start' | 'stop', caller: Caller): Promise<Listener> {
    const listener = this.get(name);
    await (to === 'start' ? listener.start() : listener.stop());
    await this.#deps.note?.(noteOf(caller, { action: `sockets.${to}`, target: name }));
    return listener;
  }

  #openDestination({ name, to, framing, address }: ListenerPlan) {
    const { house } = this.#deps;
    return openDestination(parseTo(to, name), { name, framing, isDatagrams: address.kind === 'udp', house, form: 'framed' });
  }

  #warn(listener: string, err: unknown): void {
    const now = this.#deps.clock.monotonic();
    if (now - (this.#saidAt.get(listener) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
    this.#saidAt.set(listener, now);
    this.#deps.log.warn({ err, listener }, 'frames were not delivered');
  }
}
