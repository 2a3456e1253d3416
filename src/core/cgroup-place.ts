/** Where this process may make cgroups, of version 2 or 1 (cgroups(7)). */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder for each controller, below which groups may be made; in version 2 all are the same folder. `pids` is not everywhere. */
export type CgroupPlace = { version: 1 | 2; memory: string; cpu: string; pids?: string };

/** What the kernel tells a process of itself; other files for tests. */
export type CgroupFiles = { own: string; mounts: string };
const files: CgroupFiles = { own: '/proc/self/cgroup', mounts: '/proc/self/mountinfo' };

type Mount = { type: string; root: string; at: string; options: string[] };

/** The child that this process moves into, since a group of version 2 with controllers for its children may hold no process itself. */
export const serverGroup = 'weir-server';

/** The place, or in words why there is none. Makes nothing and changes nothing. */
export function findCgroupPlace({ own, mounts }: CgroupFiles = files): CgroupPlace | string {
  let lines: string[];
  let all: Mount[];
  try {
    lines = readFileSync(own, 'utf8').trim().split('\n');
    all = readFileSync(mounts, 'utf8').trim().split('\n').map(mountOf);
  } catch (error) {
    return `this system has none (${(error as Error).message})`;
  }
  const version2 = secondVersion(lines, all);
  if (typeof version2 !== 'string') return version2;
  const memory = firstVersion('memory', lines, all);
  const cpu = firstVersion('cpu', lines, all);
  if (memory === undefined || cpu === undefined) return version2;
  for (const folder of [memory, cpu]) if (!isWritable(folder)) return `${folder} may not be written by this user`;
  const pids = firstVersion('pids', lines, all);
  return { version: 1, memory, cpu, ...(pids !== undefined && isWritable(pids) && { pids }) };
}

function secondVersion(lines: readonly string[], mounts: readonly Mount[]): CgroupPlace | string {
  const mount = mounts.find(({ type }) => type === 'cgroup2');
  const path = lines.find((line) => line.startsWith('0::'))?.slice(3);
  if (mount === undefined || path === undefined) return 'no cgroup2 is mounted';
  const mine = join(mount.at, insideOf(path, mount.root)).replace(new RegExp(`/${serverGroup}$`), '');
  const controllers = contentOf(join(mine, 'cgroup.controllers')).split(/\s+/);
  const lacking = ['memory', 'cpu'].filter((name) => !controllers.includes(name));
  if (lacking.length > 0) return `${mine} has no controller ${lacking.join(', ')}`;
  if (!isWritable(mine) || !isWritable(join(mine, 'cgroup.procs')) || !isWritable(join(mine, 'cgroup.subtree_control')))
    return `${mine} is not delegated to this user`;
  const strangers = contentOf(join(mine, 'cgroup.procs'))
    .split('\n')
    .filter((pid) => pid !== '' && !isOurs(Number(pid)));
  if (strangers.length > 0) return `${mine} holds other processes too (${strangers.slice(0, 3).join(', ')})`;
  return { version: 2, memory: mine, cpu: mine };
}

function firstVersion(controller: string, lines: readonly string[], mounts: readonly Mount[]): string | undefined {
  const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller));
  const path = lines.find((line) => line.split(':')[1]?.split(',').includes(controller))?.replace(/^[^:]*:[^:]*:/, '');
  if (mount === undefined || path === undefined) return undefined;
  const mine = join(mount.at, insideOf(path, mount.root));
  return existsSync(mine) ? mine : undefined;
}

/** A container sees its own part of the tree at the mount point. */
const insideOf = (path: string, root: string): string => (root !== '/' && path.startsWith(root) ? path.slice(root.length) : path);

/** `36 25 0:31 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw` (proc(5)). */
function mountOf(line: string): Mount {
  const [before = '', after = ''] = line.split(' - ');
  const fields = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  return { type, root: fields[3] ?? '/', at: unescaped(fields[4] ?? '/'), options: options.split(',') };
}

const unescaped = (text: string): string =>
  text.replace(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** True for this process and what descends from it. */
function isOurs(pid: number): boolean {
  for (let at = pid; at > 1; ) {
    if (at === process.pid) return true;
    const stat = contentOf(`/proc/${at}/stat`);
    at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  }
  return false;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
