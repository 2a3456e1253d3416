import { parseJson } from '../cli/whole-json.ts';
import { Problem } from '../core/problem.ts';

/** The JSON value of a text that a server sent; integers beyond 2^53 are whole. Throws Problem('unavailable') with its beginning. */
export function documentOf(text: string, url: URL): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new Problem('unavailable', `${url.host} did not answer JSON`, {
      detail: `${(cause as Error).message}: ${text.slice(0, 200)}`,
      hint: 'without --jq, --table, --ndjson, --paginate the answer is printed as it is',
      cause,
    });
  }
}
