/**
 * Submits a job, prints what it prints as it comes, and ends as it ends:
 *
 *   node examples/jobs.ts http://127.0.0.1:8080 make -j2
 *
 * Of a server with users WEIR_TOKEN holds a token (`weir token`), or WEIR_USER and WEIR_PASSWORD somebody to log in.
 */
import { Weir, WeirProblem } from 'weir/client';

const [url = 'http://127.0.0.1:8080', ...command] = process.argv.slice(2);
const { WEIR_TOKEN, WEIR_USER, WEIR_PASSWORD } = process.env;

const weir = new Weir({
  url,
  ...(WEIR_TOKEN !== undefined && { token: WEIR_TOKEN }),
  ...(WEIR_USER !== undefined && { login: { username: WEIR_USER, password: WEIR_PASSWORD ?? '' } }),
});

try {
  const { id } = await weir.request('POST /api/v1/jobs', { body: { command } });
  console.error(`job ${id}`);
  for await (const { event, data } of weir.events('GET /api/v1/jobs/{id}/log/live', { path: { id } }))
    if (event === 'log') process.stdout.write((data as { text: string }).text);

  const { state, reason, duration_text } = await weir.request('GET /api/v1/jobs/{id}', { path: { id } });
  console.error(`${state} after ${duration_text}${reason === '' ? '' : `: ${reason}`}`);
  process.exitCode = state === 'Done' ? 0 : 1;

  let mine = 0;
  for await (const _job of weir.pages('GET /api/v1/jobs', { query: { mine: true, per_page: 100 } })) mine++;
  console.error(`you have ${mine} jobs here`);
} catch (error) {
  if (!(error instanceof WeirProblem)) throw error;
  console.error([error.message, error.detail, error.hint].filter((text) => text !== undefined).join('\n'));
  process.exitCode = 2;
}
