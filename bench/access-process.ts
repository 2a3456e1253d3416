/** What one look at a token costs, in a process of its own: prints microseconds as JSON. Argument: looks of each kind. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Access, accessSettings } from '../src/access/index.ts';
import { systemClock } from '../src/core/clock.ts';
import { loadConfig } from '../src/core/config.ts';
import { createLog } from '../src/core/log.ts';
import { MemoryEngine, Tree } from '../src/keys/index.ts';

const looks = Number(process.argv[2] ?? 200_000);
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-access-'));
const access = new Access(loadConfig(accessSettings, {}), {
  tree: new Tree(new MemoryEngine(Date.now), 'system'),
  dataFolder: folder,
  clock: systemClock,
  log: createLog({ level: 'fatal' }),
});
await access.start();
const password = 'a long enough passphrase';
await access.addUser({ name: 'ann', role: 'admin', password, by: 'bench' });
// A house with some staff: the look-up must not grow with it.
for (let at = 0; at < 500; at++) await access.users.add({ name: `user${at}`, role: 'viewer', by: 'bench' });
const address = '192.0.2.1';
const { token } = await access.logIn('ann', password, address);
const { token: personal } = await access.personalTokens.issue({ user: 'ann', title: 'bench', role: 'viewer', lifetime: 3_600_000 });

const microseconds = async (count: number, look: (at: number) => unknown): Promise<number> => {
  for (let at = 0; at < count / 10; at++) await look(at);
  const begun = performance.now();
  for (let at = 0; at < count; at++) {
    const answer = look(at);
    if (answer instanceof Promise) await answer;
  }
  return ((performance.now() - begun) * 1000) / count;
};

// As a request brings it: a string of its own each time, whose hash is not known yet.
const fieldOf = (text: string): string[] => [`Bearer ${Buffer.from(text).toString('latin1')}`];
const fresh: string[] = [];
for (let at = 0; at < looks / 100; at++) fresh.push((await access.tokens.issue('ann', 'admin')).token);
const seenBefore = await microseconds(looks, () => access.admit({ authorization: fieldOf(token), address }));
const firstTime = await microseconds(Math.floor(fresh.length / 1.1), (at) =>
  access.admit({ authorization: fieldOf(fresh[fresh.length - 1 - at] ?? ''), address }),
);
const ofProgram = await microseconds(looks, () => access.admit({ authorization: fieldOf(personal), address }));
const forged = `${token.slice(0, -8)}AAAAAAAA`;
const refused = await microseconds(Math.floor(looks / 100), async () => {
  try {
    await access.admit({ authorization: fieldOf(forged), address });
  } catch {
    // as it should be
  }
});
const login = await microseconds(10, () => access.logIn('ann', password, address));
process.stdout.write(`${JSON.stringify({ seenBefore, firstTime, ofProgram, refused, login })}\n`);
await access.stop();
rmSync(folder, { recursive: true });
