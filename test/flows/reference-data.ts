/** The folder of real captures and flow files, where the environment names one; what other programs say of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.WEIR_TEST_DATA ?? '';

/** For the titles of tests that are skipped without it. */
export const needed = '[needs WEIR_TEST_DATA: the folder with reference captures]';
export const hasReferenceData = folder !== '' && existsSync(join(folder, 'references.jsonl'));

export const referencePath = (file: string): string => join(folder, file);
export const readReference = (file: string): Buffer => readFileSync(referencePath(file));

export type Reference = {
  file: string;
  packets: number;
  l3_octets: number;
  tshark: { tcp: number; udp: number; sctp: number } | null;
};

/** Every capture that can be read, with its sums. */
export const references = (): Reference[] =>
  readReference('references.jsonl')
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Reference)
    .filter((reference) => (reference.packets ?? null) !== null);
