/** A back end of somebody else: one file, named by its path. */
import { fileURLToPath } from 'node:url';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackend } from '../../examples/child-backend.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createLog } from '../../src/core/log.ts';
import { testBackend } from '../../src/jobs/backend-conformance.ts';
import { makeBackend } from '../../src/jobs/backends.ts';
import { type JobsConfig, jobsSettings } from '../../src/jobs/config.ts';
import { House } from './house.ts';

const file = fileURLToPath(new URL('../../examples/child-backend.ts', import.meta.url));
const log = createLog({ level: 'silent' });
const config = Value.Create(jobsSettings) as JobsConfig;

testBackend('of the example', (folder) => createBackend({}, { folder, log, clock: systemClock }), [
  'is taken up by the next server', // it keeps nothing
  'ends a whole tree of processes, wherever they went', // it knows the group of processes alone
  'ends what still runs of a run that nobody knows any more', // nor does it know the children of a server before it
]);

const house = new House([`jobs.backend=${file}`]);
beforeAll(() => house.start());
afterAll(() => house.close());

test('a server runs jobs by the back end of a file', async () => {
  const { id } = await house.submit({ command: ['echo', 'by a file'] });
  await house.until(id, 'Done');
  expect(await house.log(id)).toBe('by a file\n');
});

test.each([
  ['no-such', 'an absolute path'],
  ['/no/such/file.ts', '/no/such/file.ts'],
  [fileURLToPath(new URL('./house.ts', import.meta.url)), 'exports no function createBackend'],
])('a back end %s is refused, with the reason', (backend, detail) => {
  const make = () => makeBackend({ ...config, backend }, { folder: house.folder, log, clock: systemClock });
  expect(make).toThrow(expect.objectContaining({ code: 'invalid', detail: expect.stringContaining(detail) }));
});
