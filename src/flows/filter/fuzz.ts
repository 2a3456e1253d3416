import { Problem } from '../../core/problem.ts';
import { compileFilter } from './compile.ts';
import { filterLimits } from './fault.ts';
import { formatFilter } from './format.ts';
import { parseFilter } from './parser.ts';
import { timeBounds } from './time-bounds.ts';

/**
 * One round of fuzzing: any octets are a filter or a Problem with a column. A filter compiles to as many parameters as it has
 * holes, and its canonical text means the same. Throws an Error that tells which of these broke.
 */
export const fuzzFilter = (octets: Uint8Array): void => {
  const text = new TextDecoder().decode(octets);
  let filter: ReturnType<typeof parseFilter>;
  try {
    filter = parseFilter(text);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return;
    throw error;
  }
  timeBounds(filter);
  const { sql, params } = compileFilter(filter);
  if (sql.split('?').length - 1 !== params.length) throw new Error(`holes and parameters differ: ${text}`);
  const canonical = formatFilter(filter);
  const again = compileFilter(parseFilter(canonical, { ...filterLimits, octets: Number.POSITIVE_INFINITY }));
  if (again.sql !== sql || String(again.params) !== String(params)) throw new Error(`${text} became ${canonical}, which is another filter`);
};
