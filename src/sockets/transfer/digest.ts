/** Checksums of files. */
import { createHash } from 'node:crypto';
import { Problem } from '../../core/problem.ts';

export const digestNames = ['sha256', 'blake3', 'none'] as const;
export type DigestName = (typeof digestNames)[number];

/** A checksum in the making. */
export type Digest = {
  update(bytes: Uint8Array): void;
  /** What it is up to here, as hexadecimal digits, null where nothing is summed up; it may go on. */
  value(): string | null;
};

/** Begins a checksum. Throws `invalid` for a name that is not known here. */
export async function createDigest(name: string): Promise<Digest> {
  if (name === 'none') return { update: () => {}, value: () => null };
  if (name === 'sha256') {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), value: () => hash.copy().digest('hex') };
  }
  if (name === 'blake3') {
    const { Blake3 } = await import('./blake3.ts');
    const hash = new Blake3();
    return { update: (bytes) => hash.update(bytes), value: () => Buffer.from(hash.digest()).toString('hex') };
  }
  throw new Problem('invalid', `There is no checksum ${JSON.stringify(name)} here.`, { hint: digestNames.join(', ') });
}
