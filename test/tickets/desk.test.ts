import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { RunningServer } from '../flows/running-server.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const sit = new URL('testdata/sit.py', import.meta.url).pathname;
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;

test.skipIf(!hasPython)('at a terminal the desk prompts, finds, edits, and asks before it deletes all [needs python3]', async () => {
  await using server = await RunningServer.start();
  const open = (description: string) =>
    fetch(`${server.url}/api/v1/tickets`, {
      method: 'POST',
      body: JSON.stringify({ description }),
      headers: { 'content-type': 'application/json' },
    });
  await open('Switch is down');
  await open('Printer beacon');
  const steps = [
    ['99) DANGER', '3<enter>'],
    ['Give a short', 'Fan is loud<enter>'],
    ['has been created', ''],
    ['99) DANGER', '8<enter>'],
    ['Edit what ticket ID?', 'beacon'],
    ['beacon (as typed)', '<enter>'],
    ['has been changed', ''],
    ['99) DANGER', '9<enter>'],
    ['Change the state', 'switch'],
    ['switch (as typed)', '<enter>'],
    ['What is it now?', '<enter>'],
    ['is in-progress', ''],
    ['99) DANGER', '99<enter>'],
    ['Really delete ALL', 'n<enter>'],
    ['Nothing was deleted', ''],
    ['99) DANGER', '77<enter>'],
    ['not a valid option', ''],
    ['99) DANGER', '7<enter>'],
    ['What are you looking for?', 'BEACON<enter>'],
    ['Printer BEACON', ''],
    ['99) DANGER', '6<enter>'],
  ];
  const { stdout, stderr, status } = spawnSync('python3', [sit, process.execPath, main, 'tickets', 'desk', '--server', server.url], {
    input: steps.map((step) => `${step.join('\t')}\n`).join(''),
    encoding: 'utf8',
    env: { ...process.env, EDITOR: 'sed -i s/beacon/BEACON/', VISUAL: '' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('Thanks for using');
  const { items } = (await (await fetch(`${server.url}/api/v1/tickets`)).json()) as { items: { subject: string; state: string }[] };
  expect(items.map(({ subject, state }) => [subject, state])).toEqual([
    ['Switch is down', 'in-progress'],
    ['Printer BEACON', 'open'],
    ['Fan is loud', 'open'],
  ]);
});
