import type { Path } from '../tree/path.ts';
import type { Watcher } from './watcher.ts';

/** A path that is watched, or lies above one that is: the hub's tree has a branch for each. */
export class Branch {
  readonly path: Path;
  readonly above: Branch | undefined;
  /** By the name of the child. */
  readonly children = new Map<string, Branch>();
  readonly watchers = new Set<Watcher>();
  /** Whether there is a node at this path; undefined while nobody has looked. Known wherever something is watched. */
  isThere: boolean | undefined = undefined;

  constructor(path: Path, above: Branch | undefined) {
    this.path = path;
    this.above = above;
  }

  /** The branch at a path below this one, which is the root's; made where there is none. */
  reach(path: Path): Branch {
    let branch: Branch = this;
    for (let at = 1; at < path.length; ) {
      const end = endOfName(path, at);
      const name = path.slice(at, end);
      let next = branch.children.get(name);
      if (next === undefined) {
        next = new Branch(path.slice(0, end), branch);
        branch.children.set(name, next);
      }
      branch = next;
      at = end + 1;
    }
    return branch;
  }

  /** The branches from the root down to the path, as far as there are any. */
  alongside(path: Path): Branch[] {
    const way: Branch[] = [this];
    let branch: Branch | undefined = this;
    for (let at = 1; at < path.length; ) {
      const end = endOfName(path, at);
      branch = branch.children.get(path.slice(at, end));
      if (branch === undefined) break;
      way.push(branch);
      at = end + 1;
    }
    return way;
  }

  /** Forgets this branch and those above it that nothing needs any more. */
  prune(): void {
    let branch: Branch = this;
    while (branch.above !== undefined && branch.watchers.size === 0 && branch.children.size === 0) {
      branch.above.children.delete(branch.path.slice(branch.path.lastIndexOf('/') + 1));
      branch = branch.above;
    }
  }
}

function endOfName(path: Path, from: number): number {
  const slash = path.indexOf('/', from);
  return slash === -1 ? path.length : slash;
}
