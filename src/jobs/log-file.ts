/** The log of a job: `vnc_logs/YYYYMMDD/HHMMSS.NNNNNN` in its run directory, chosen when it is submitted. */
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Problem } from '../core/problem.ts';

/** The number behind the point: at first that of this process, as Accelerator has it; counted up so that names stay free. */
let number = process.pid;

/** Makes the log file and answers its name, relative to the directory. Throws `unprocessable` when the directory takes none. */
export async function makeLog(directory: string, now: number): Promise<string> {
  const { day, time } = localTime(now);
  for (;;) {
    const name = join('vnc_logs', day, `${time}.${number}`);
    if (await create(directory, name)) return name;
    number++;
  }
}

/** Makes the log file that somebody named; one that is there is gone on with. Throws `unprocessable` for one outside the directory. */
export async function takeLog(directory: string, name: string): Promise<string> {
  const path = resolve(directory, name);
  const inside = relative(directory, path);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || name.includes('\0'))
    throw new Problem('unprocessable', 'The log file has to be in the run directory.', { detail: `got ${name}`, pointer: '/logfile' });
  await create(directory, inside);
  return inside;
}

/** The absolute name of a log. */
export const logPath = ({ directory, logfile }: { directory: string; logfile: string }): string => join(directory, logfile);

/** False when the name is taken. */
async function create(directory: string, name: string): Promise<boolean> {
  const path = join(directory, name);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  for (let attempt = 1; ; attempt++) {
    try {
      await (await open(path, flags, 0o644)).close();
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      if (code === 'ENOENT' && attempt === 1) await mkdir(dirname(path), { recursive: true }).catch(() => {});
      else throw new Problem('unprocessable', 'The log file cannot be made.', { detail: message, pointer: '/directory', cause: error });
    }
  }
}

/** Local time, as people look for their logs: `20211012`, `132628`. */
export function localTime(ms: number): { day: string; time: string } {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    day: `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`,
    time: `${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`,
  };
}
