/** Fetches with curl, a client that costs next to nothing, and measures the server that answers. */

import { needProgram } from './peers.ts';
import { pipeline, quoted, runProcess } from './process.ts';
import type { Contender, Usage } from './rounds.ts';

/** A server whose costs can be read. */
export type Measurable = { url: string; forgetPeak(): void; readonly peakOctets: number; readonly cpuMs: number };

/**
 * The contender who answers `path`: the wall clock of the whole client, the processor time of server and client, the peak
 * of the server, the time to the first octet. Throws unless the status is 200.
 */
export const fetching = (name: string, units: number, { server, path }: { server: Measurable; path: string }): Contender => ({
  name,
  units,
  run: () => fetchMeasured(server, path),
});

async function fetchMeasured(server: Measurable, path: string): Promise<Usage> {
  server.forgetPeak();
  const before = server.cpuMs;
  const args = ['-s', '-f', '-o', '/dev/null', '-w', '%{time_starttransfer}', server.url + path];
  const usage = await runProcess({ program: needProgram('curl'), args });
  return {
    wallMs: usage.wallMs,
    cpuMs: usage.cpuMs + server.cpuMs - before,
    peakOctets: server.peakOctets,
    firstMs: Number(usage.output) * 1000,
  };
}

/** How many lines the answer has: a fast answer must also be a whole one. */
export async function countLines(server: Measurable, path: string): Promise<number> {
  const { output } = await runProcess(pipeline(`${quoted(needProgram('curl'))} -sf ${quoted(server.url + path)} | wc -l`));
  return Number(output);
}
