/** The folder that files are received into; nothing of a sender leads out of it. */
import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, statfs } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { Problem } from '../../core/problem.ts';

export class Folder {
  /** Without links in it. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Opens a folder, which is made if it is not there. Throws `denied`. */
  static async open(path: string): Promise<Folder> {
    try {
      await mkdir(path, { recursive: true });
      const root = await realpath(path);
      await (await open(root, constants.O_RDONLY | constants.O_DIRECTORY)).close();
      return new Folder(root);
    } catch (cause) {
      throw new Problem('denied', `Files cannot be received into ${path}.`, { detail: (cause as Error).message, cause });
    }
  }

  /** Bytes that may be put into it: what is free, less a twentieth. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return Math.floor(bavail * bsize * 0.95);
  }

  /**
   * Where a name (that `nameFault` takes) belongs. The folders in between are made; one that is a link, or no folder, is refused: through it
   * a sender could write elsewhere.
   */
  async place(name: string): Promise<string> {
    const components = name.split('/');
    let at = this.root;
    for (const component of components.slice(0, -1)) {
      at = join(at, component);
      await mkdir(at).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      if (!(await lstat(at)).isDirectory()) throw new Problem('denied', `${component} is no folder here.`);
    }
    const path = join(at, components.at(-1) as string);
    const parent = await realpath(dirname(path));
    if (parent === this.root || parent.startsWith(this.root + sep)) return path;
    throw new Problem('denied', `${name} leads out of the folder.`);
  }
}
