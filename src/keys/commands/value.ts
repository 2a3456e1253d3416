import { Problem } from '../../core/problem.ts';

/** A value twice as large as any server takes: more than this is not read from standard input. */
const longestValue = 20 << 20;

/** The value that a person gave: the word itself, or standard input for `-` and for no word at all. Bytes stay as they are. */
export async function readValue(word: string | undefined): Promise<Uint8Array> {
  if (word !== undefined && word !== '-') return Buffer.from(word);
  if (word === undefined && process.stdin.isTTY)
    throw new Problem('invalid', 'a value is missing', { hint: 'give one, or - for standard input' });
  const blocks: Uint8Array[] = [];
  let octets = 0;
  for await (const block of process.stdin) {
    octets += (block as Uint8Array).byteLength;
    if (octets > longestValue) throw new Problem('too-large', `standard input holds more than ${longestValue} bytes`);
    blocks.push(block as Uint8Array);
  }
  return Buffer.concat(blocks);
}
