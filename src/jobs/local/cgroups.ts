import type { Run } from '../backend.ts';
import type { Outcome } from '../job.ts';

/** Limits of the kernel for runs. None are set yet: what a job takes is counted when it is placed, and not enforced. */
export class Cgroups {
  open(): void {}

  /** The files that a run writes itself into. */
  make(_run: Run): readonly string[] {
    return [];
  }

  remove(_name: string): void {}

  /** The outcome as the kernel knows it better: that a program was ended for want of memory. */
  judge(_name: string, outcome: Outcome): Outcome {
    return outcome;
  }

  describe(): Record<string, string> {
    return { CORES: 'counted, not enforced', RAM: 'counted, not enforced' };
  }
}
