/**
 * The interpreter of a SQL session: an engine of its own in a process of its own, which sees the flows and nothing else. It speaks
 * with the server as the Python driver does: `node main.ts FOLDER`, with `start.json` in the folder.
 */
import { readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SqlDriver, type SqlSettings } from './driver.ts';

const folder = process.argv[2] as string;
const settings = JSON.parse(readFileSync(join(folder, 'start.json'), 'utf8')) as SqlSettings & { groups: string[] };
for (const group of settings.groups) writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
const driver = new SqlDriver(folder, settings);
await driver.listen();
// The server waits for this line before it connects.
writeSync(3, 'ready\n');
const { ino } = statSync(folder);
setInterval(() => {
  // Whoever has taken the folder away has no use for the session either.
  if (statSync(folder, { throwIfNoEntry: false })?.ino !== ino || driver.isForsaken) process.exit(0);
}, 1000);
await driver.open();
