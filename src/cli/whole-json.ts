/** JSON with its integers whole: those beyond 2^53 (64-bit hashes, counters of years) become bigint. */
export const parseJson = (text: string): unknown =>
  JSON.parse(text, ((_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '')
      ? BigInt(source as string)
      : value) as Reviver);

type Reviver = (key: string, value: unknown) => unknown;
