/** Peers that are Python programs: an environment of their own under the benchmark's folder, filled by pip. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './benchmark.ts';

const run = promisify(execFile);

/** The environment's interpreter once `packages` are in it, or the reason why they cannot be. */
export async function pythonWith(bench: Bench, packages: readonly string[]): Promise<{ python: string } | { reason: string }> {
  const folder = join(bench.folder, 'python');
  const python = join(folder, 'bin', 'python');
  try {
    if (!existsSync(python)) await run('python3', ['-m', 'venv', folder]);
    const names = packages.map((name) => `import ${name}`).join('; ');
    const isThere = await run(python, ['-c', names]).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      bench.say(`pip install ${packages.join(' ')}`);
      await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
    }
    return { python };
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr ?? (error as Error).message).trim();
    return { reason: `pip install ${packages.join(' ')} failed: ${lines.split('\n').at(-1)}` };
  }
}
