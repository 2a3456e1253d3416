import type { Engine, Plan, ScanListener } from './plan.ts';
import { runConnect } from './run-connect.ts';

/** Runs a scan in this thread, to its end or until the signal; answers what scanned. Throws `unavailable` where nmap cannot. */
export async function runPlan(plan: Plan, listener: ScanListener): Promise<Engine> {
  if (plan.method === 'connect') return await runConnect(plan, listener);
  const { runNmap } = await import('./nmap/run-nmap.ts'); // with a reader of XML, which others need not load
  return await runNmap(plan, listener);
}
