import { closeSync, constants, openSync } from 'node:fs';
import type { Log } from './log.ts';
import { Problem } from './problem.ts';

/** A part with a lifetime: made inert, then started, then stopped. Both may be missing. */
export type Component = {
  name: string;
  start?(): Promise<void>;
  /** Must settle whatever state `start` left behind, and may be called after a `start` that failed. */
  stop?(): Promise<void>;
};

/**
 * Starts components in order and stops those that started in reverse order. When a start fails, what was started before
 * is stopped and the error goes on. A stop that fails is logged and does not keep the others from stopping.
 */
export class Lifetime {
  readonly #components: readonly Component[];
  readonly #log: Log;
  #running: Component[] = [];

  constructor(components: readonly Component[], log: Log) {
    this.#components = components;
    this.#log = log;
  }

  async start(): Promise<void> {
    for (const component of this.#components) {
      this.#running.push(component);
      try {
        await component.start?.();
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  /** Resolves to false when a component failed to stop. */
  async stop(): Promise<boolean> {
    let isClean = true;
    for (const component of this.#running.splice(0).reverse()) {
      try {
        await component.stop?.();
      } catch (error) {
        isClean = false;
        this.#log.error({ err: error, room: component.name }, 'could not stop cleanly');
      }
    }
    return isClean;
  }
}

export type SignalOptions = {
  /** Ends everything in order; false when something went wrong on the way. */
  stop(): Promise<boolean>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** With it SIGHUP asks for this and not for an end, as for services it does; the end of a terminal stays an end. */
  reload?: () => Promise<void>;
};

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type EndSignal = keyof typeof exitCodes;

/**
 * Resolves when SIGINT, SIGTERM or SIGHUP (see `reload`) has asked for an end and `stop` is done; a second signal ends the process at
 * once with 128 + its number, as shells report deaths by signal. Handlers of others for these signals are removed: the
 * command line's own would exit before anything is drained.
 */
export function untilSignal({ stop, log, reload }: SignalOptions): Promise<void> {
  const hadTerminal = hasTerminal();
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const onSignal = (signal: EndSignal) => {
      if (signal === 'SIGHUP' && reload !== undefined && hadTerminal === hasTerminal()) {
        log.info('SIGHUP: reading the certificate again');
        reload().catch((error: unknown) => log.error({ err: error }, 'could not reload'));
        return;
      }
      if (isStopping) {
        log.warn(`${signal} again: leaving at once`);
        process.exit(exitCodes[signal]);
      }
      isStopping = true;
      log.info(`${signal}: stopping; once more leaves at once`);
      stop().then((isClean) => {
        if (isClean) resolve();
        else reject(new Problem('internal', 'Not every part stopped cleanly; the log tells which.'));
      }, reject);
    };
    for (const signal of Object.keys(exitCodes) as EndSignal[]) process.removeAllListeners(signal).on(signal, onSignal);
  });
}

/** True while the process belongs to a terminal: one that was closed cannot be opened any more (tty(4)). */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
