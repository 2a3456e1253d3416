import type { Log } from '../../core/log.ts';
import type { RunFiles } from '../local/run-files.ts';
import type { SlurmCommands } from './commands.ts';
import { idIn, type WatchedRun } from './watched-run.ts';
import type { Works } from './works.ts';

export type WishesDependencies = {
  commands: SlurmCommands;
  files: RunFiles;
  works: Works;
  log: Log;
  /** Between TERM and KILL, as it is set here. */
  graceMs: number;
  /** The same in Slurm. */
  killWaitMs(): number;
  /** How long the wrapper may take to do what it was told. */
  patienceMs(): number;
  now(): number;
  /** False for a run that nobody waits for any more. */
  isWanted(watched: WatchedRun): boolean;
  /** From here on the run never starts. */
  onUnstarted(watched: WatchedRun): void;
};

/** What people want of runs that Slurm has. When it does not answer, the wish stays, and the next look at Slurm tries again. */
export class Wishes {
  readonly #deps: WishesDependencies;

  constructor(deps: WishesDependencies) {
    this.#deps = deps;
  }

  /** Holds or releases a run that waits. */
  async grant(watched: WatchedRun, id: string, wish: 'hold' | 'release'): Promise<void> {
    const { commands, log, now } = this.#deps;
    watched.wish = wish;
    try {
      await (wish === 'hold' ? commands.hold(id) : commands.release(id));
      watched.isHeld = wish === 'hold';
      watched.knownAt = now(); // what was asked before this tells nothing
      watched.wish = undefined;
    } catch (error) {
      log.warn({ err: error, run: watched.name }, `Slurm did not ${wish} a job; trying again`);
    }
  }

  /** Ends a run as `wants` says. */
  async end(watched: WatchedRun): Promise<void> {
    const { commands, files, works, log, graceMs, killWaitMs, onUnstarted } = this.#deps;
    const { name, wants } = watched;
    if (!watched.isStarted && files.seal(name)) {
      // From here on its wrapper does nothing, whenever it comes.
      onUnstarted(watched);
      if (watched.id !== undefined) works.add(commands.cancel(watched.id), 'a job that waits in Slurm could not be cancelled');
      return;
    }
    const id = idIn(files, watched);
    if (id === undefined) return;
    try {
      if (wants === 'kill') await commands.signal(id, 'HUP');
      else if (graceMs <= killWaitMs()) await commands.cancel(id);
      else await commands.signal(id, 'TERM');
      watched.isPressed = true;
    } catch (error) {
      log.warn({ err: error, run: name }, 'Slurm did not take a signal for a job; trying again');
      return;
    }
    this.#cancelLater(watched, id);
  }

  /** Should the wrapper not do it, Slurm does. */
  #cancelLater(watched: WatchedRun, id: string): void {
    const { commands, works, graceMs, patienceMs, isWanted } = this.#deps;
    const wait = patienceMs() + (watched.wants === 'kill' ? 0 : graceMs);
    setTimeout(() => {
      if (isWanted(watched) && !works.isClosed) works.add(commands.cancel(id), 'a job could not be cancelled in Slurm');
    }, wait).unref();
  }
}
