import { Problem } from '../../core/problem.ts';

/** A sealed file in what somebody says, without the folders above: those are nobody's business who asks over HTTP. */
const sealedFile = /\/flows\/(day=[^"'/]*\/[^"'/]*\.parquet)/;

/** A sealed file is not as it was written: gone, cut or changed. A fault of the machine, which `weir check` tells more of. */
export const brokenFile = (cause: unknown): Problem => {
  const file = sealedFile.exec(String(cause))?.[1];
  return new Problem('internal', 'A file of the store is gone or damaged, and the answer cannot be whole.', {
    ...(file !== undefined && { detail: file }),
    hint: 'weir check names each such file and what can be done',
    cause,
  });
};

/** Whether DuckDB complains about a file that the store has sealed. */
export const isOfSealedFile = (error: unknown): boolean => error instanceof Error && sealedFile.test(error.message);
