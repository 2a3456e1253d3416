import { fields, sideAliases } from './fields.ts';
import { directionNames, endReasonNames, markNames, protocolNames, tunnelNames, versionNames } from './names.ts';

/** Words that are a whole condition: `tcp` is `proto tcp`, `ipv6` is `ip-version 6`. */
export const bareWords: ReadonlyMap<string, { readonly field: string; readonly value: bigint }> = new Map(
  [['proto', protocolNames] as const, ['ip-version', versionNames] as const].flatMap(([field, names]) =>
    [...names].map(([word, value]) => [word, { field, value: BigInt(value) }] as const),
  ),
);

export const connectives: readonly string[] = ['and', 'or', 'not', 'in', 'any'];

/** Words that can begin a condition, for hints. */
export const openingWords: readonly string[] = [
  ...fields.flatMap((field) => field.words),
  ...Object.keys(sideAliases),
  ...bareWords.keys(),
  'after',
  'before',
  'next',
  'not',
  'any',
];

/** Every word of the language, for completion in a shell or a console. */
export const filterWords: readonly string[] = [
  ...new Set([
    ...openingWords,
    ...connectives,
    ...[tunnelNames, directionNames, endReasonNames, markNames].flatMap((names) => [...names.keys()]),
  ]),
].sort();

const reserved = new Set(filterWords);

/** Whether a name has to stand in quotes so that it is not taken for a word of the language. */
export const isReserved = (word: string): boolean => reserved.has(word.toLowerCase());

const plainName = /^[a-z_][\w.-]*$/i;

/** Whether a name can stand without quotes. */
export const isPlainName = (name: string): boolean => plainName.test(name) && !isReserved(name);
