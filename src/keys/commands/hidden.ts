import type { KeyNode } from '../tree/node.ts';
import { nameOf, type Path, parentOf } from '../tree/path.ts';

/** Whether no name of a node below `path` is hidden; `path` itself may be, when it was asked for by name. */
export const isShownBelow =
  (path: Path) =>
  ({ path: found }: KeyNode): boolean => {
    for (let at = found; at !== path && at !== '/'; at = parentOf(at)) if (nameOf(at).startsWith('_')) return false;
    return true;
  };
