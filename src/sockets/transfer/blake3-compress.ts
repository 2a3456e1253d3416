/** The compression function of BLAKE3 (its specification, section 2.2): the mixing is written out, since a loop over it is five times slower. */

export const iv = Uint32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);

const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** Which word of the block each half of a mixing takes, round by round. */
const schedule = Uint8Array.from({ length: 7 })
  .reduce<number[][]>(
    (rounds) => [
      ...rounds,
      rounds.length === 0 ? permutation.map((_from, at) => at) : permutation.map((from) => (rounds.at(-1) as number[])[from] as number),
    ],
    [],
  )
  .flat();

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** What a block is: its bytes (0 to 64), the number of its chunk, and flags. */
export type Block = { words: Uint32Array; length: number; counter: number; flags: number };

/** Writes the chaining value of a block behind the value `chain` to `out`; both may be the same. */
export function compress(chain: Uint32Array, { words: m, length, counter, flags }: Block, out: Uint32Array): void {
  let v0 = chain[0] as number;
  let v1 = chain[1] as number;
  let v2 = chain[2] as number;
  let v3 = chain[3] as number;
  let v4 = chain[4] as number;
  let v5 = chain[5] as number;
  let v6 = chain[6] as number;
  let v7 = chain[7] as number;
  let v8 = iv[0] as number;
  let v9 = iv[1] as number;
  let v10 = iv[2] as number;
  let v11 = iv[3] as number;
  let v12 = counter | 0;
  let v13 = Math.floor(counter / 2 ** 32) | 0;
  let v14 = length;
  let v15 = flags;
  let at = 0;
  for (let round = 0; round < 7; round++) {
    v0 = (v0 + v4 + (m[schedule[at++] as number] as number)) | 0;
    v12 = rotate(v12 ^ v0, 16);
    v8 = (v8 + v12) | 0;
    v4 = rotate(v4 ^ v8, 12);
    v0 = (v0 + v4 + (m[schedule[at++] as number] as number)) | 0;
    v12 = rotate(v12 ^ v0, 8);
    v8 = (v8 + v12) | 0;
    v4 = rotate(v4 ^ v8, 7);
    v1 = (v1 + v5 + (m[schedule[at++] as number] as number)) | 0;
    v13 = rotate(v13 ^ v1, 16);
    v9 = (v9 + v13) | 0;
    v5 = rotate(v5 ^ v9, 12);
    v1 = (v1 + v5 + (m[schedule[at++] as number] as number)) | 0;
    v13 = rotate(v13 ^ v1, 8);
    v9 = (v9 + v13) | 0;
    v5 = rotate(v5 ^ v9, 7);
    v2 = (v2 + v6 + (m[schedule[at++] as number] as number)) | 0;
    v14 = rotate(v14 ^ v2, 16);
    v10 = (v10 + v14) | 0;
    v6 = rotate(v6 ^ v10, 12);
    v2 = (v2 + v6 + (m[schedule[at++] as number] as number)) | 0;
    v14 = rotate(v14 ^ v2, 8);
    v10 = (v10 + v14) | 0;
    v6 = rotate(v6 ^ v10, 7);
    v3 = (v3 + v7 + (m[schedule[at++] as number] as number)) | 0;
    v15 = rotate(v15 ^ v3, 16);
    v11 = (v11 + v15) | 0;
    v7 = rotate(v7 ^ v11, 12);
    v3 = (v3 + v7 + (m[schedule[at++] as number] as number)) | 0;
    v15 = rotate(v15 ^ v3, 8);
    v11 = (v11 + v15) | 0;
    v7 = rotate(v7 ^ v11, 7);
    v0 = (v0 + v5 + (m[schedule[at++] as number] as number)) | 0;
    v15 = rotate(v15 ^ v0, 16);
    v10 = (v10 + v15) | 0;
    v5 = rotate(v5 ^ v10, 12);
    v0 = (v0 + v5 + (m[schedule[at++] as number] as number)) | 0;
    v15 = rotate(v15 ^ v0, 8);
    v10 = (v10 + v15) | 0;
    v5 = rotate(v5 ^ v10, 7);
    v1 = (v1 + v6 + (m[schedule[at++] as number] as number)) | 0;
    v12 = rotate(v12 ^ v1, 16);
    v11 = (v11 + v12) | 0;
    v6 = rotate(v6 ^ v11, 12);
    v1 = (v1 + v6 + (m[schedule[at++] as number] as number)) | 0;
    v12 = rotate(v12 ^ v1, 8);
    v11 = (v11 + v12) | 0;
    v6 = rotate(v6 ^ v11, 7);
    v2 = (v2 + v7 + (m[schedule[at++] as number] as number)) | 0;
    v13 = rotate(v13 ^ v2, 16);
    v8 = (v8 + v13) | 0;
    v7 = rotate(v7 ^ v8, 12);
    v2 = (v2 + v7 + (m[schedule[at++] as number] as number)) | 0;
    v13 = rotate(v13 ^ v2, 8);
    v8 = (v8 + v13) | 0;
    v7 = rotate(v7 ^ v8, 7);
    v3 = (v3 + v4 + (m[schedule[at++] as number] as number)) | 0;
    v14 = rotate(v14 ^ v3, 16);
    v9 = (v9 + v14) | 0;
    v4 = rotate(v4 ^ v9, 12);
    v3 = (v3 + v4 + (m[schedule[at++] as number] as number)) | 0;
    v14 = rotate(v14 ^ v3, 8);
    v9 = (v9 + v14) | 0;
    v4 = rotate(v4 ^ v9, 7);
  }
  out[0] = v0 ^ v8;
  out[1] = v1 ^ v9;
  out[2] = v2 ^ v10;
  out[3] = v3 ^ v11;
  out[4] = v4 ^ v12;
  out[5] = v5 ^ v13;
  out[6] = v6 ^ v14;
  out[7] = v7 ^ v15;
}
