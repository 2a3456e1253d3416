import { runNmap } from './nmap/run-nmap.ts';
import type { Engine, Plan, ScanListener } from './plan.ts';
import { runConnect } from './run-connect.ts';

/** Runs a scan in this thread, to its end or until the signal; answers what scanned. Throws `unavailable` where nmap cannot. */
export const runPlan = (plan: Plan, listener: ScanListener): Promise<Engine> =>
  plan.method === 'connect' ? runConnect(plan, listener) : runNmap(plan, listener);
