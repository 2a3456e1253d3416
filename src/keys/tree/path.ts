/**
 * A key's path: `/` for the root, else `/segment/segment` without a trailing slash. One character stands for one byte
 * ("binary string"): names may hold any bytes, and comparing two paths compares their bytes, which is the order of every
 * listing. Text becomes a path by `pathOf`, and a path becomes text again by `textOf`.
 */
export type Path = string;

export const root: Path = '/';

/** The path that a text names, its characters as UTF-8; slashes at the end and doubled ones are dropped. */
export function pathOf(text: string): Path {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const segments = bytes.split('/').filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}

/** The path as text; bytes that are not UTF-8 become U+FFFD. */
export const textOf = (path: Path): string => Buffer.from(path, 'latin1').toString('utf8');

/** The path of the directory that holds the node; the root is its own parent. */
export function parentOf(path: Path): Path {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? root : path.slice(0, slash);
}

/** The node's own name; empty for the root. */
export const nameOf = (path: Path): string => path.slice(path.lastIndexOf('/') + 1);

/** The path of a child. */
export const childOf = (path: Path, name: string): Path => (path === root ? `/${name}` : `${path}/${name}`);

/** Number of segments: 0 for the root. */
export function depthOf(path: Path): number {
  if (path === root) return 0;
  let depth = 0;
  for (let at = 0; at < path.length; at++) if (path.charCodeAt(at) === 0x2f) depth++;
  return depth;
}

/** True when `path` lies below `above`; nothing lies below itself. */
export const isBelow = (path: Path, above: Path): boolean =>
  above === root ? path !== root : path.length > above.length && path.startsWith(above) && path.charCodeAt(above.length) === 0x2f;
