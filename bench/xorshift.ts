/** Marsaglia's xorshift of 32 bits: repeatable draws for inputs that are made up. Each call gives a whole number of 0 to 2^31 - 1. */
export const xorshift = (seed: number): (() => number) => {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 1;
  };
};
