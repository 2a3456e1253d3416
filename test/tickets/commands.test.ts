import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningServer } from '../flows/running-server.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
let server: RunningServer;
beforeAll(async () => {
  server = await RunningServer.start();
});
afterAll(() => server.stop());

/** `weir tickets …` as a person runs it. */
async function weir(words: string[], { input = '', place = ['--server', server.url], env = {} } = {}) {
  const child = spawn(process.execPath, [main, 'tickets', ...words, ...place], { env: { ...process.env, ...env } });
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((done) => child.once('exit', done))]);
  return { out, err, code };
}

const lines = (out: string): string[] => out.trimEnd().split('\n');

test('a ticket from its opening to its end', async () => {
  const made = await weir(['create', 'Switch', 'is', 'down', '--severity', 'high', '--label', 'net', '--host', '192.0.2.7', '--as', 'ada']);
  expect(made).toMatchObject({ err: '', code: 0, out: expect.stringMatching(/^Ticket \d+ has been created\.\n$/) });
  const id = /\d+/.exec(made.out)?.[0] as string;
  expect(lines((await weir(['list'])).out)[1]).toMatch(new RegExp(`^ *${id}  high +open +.* net +Switch is down$`));
  expect((await weir(['comment', id, '-'], { input: 'cable ordered\n' })).out).toMatch(/^Comment \d+ has been added/);
  expect((await weir(['edit', id, '--description', 'Switch is up', '--label', 'x'])).code).toBe(0);
  expect((await weir(['assign', id, 'bob'])).out).toBe(`Ticket ${id} is bob’s.\n`);
  expect((await weir(['state', id, 'in-progress'])).out).toBe(`Ticket ${id} is in-progress.\n`);
  expect((await weir(['close', id, '-m', 'replaced'])).out).toBe(`Ticket ${id} is closed.\n`);
  const shown = JSON.parse((await weir(['show', id, '--json'])).out);
  expect(shown).toMatchObject({ subject: 'Switch is up', state: 'closed', assignee: 'bob', labels: ['x'], created_by: 'ada' });
  expect(shown.comments.map((comment: { text: string }) => comment.text)).toEqual(['cable ordered', 'replaced']);
  expect((await weir(['history', id])).out).toContain('    description: Switch is down -> Switch is up\n');
  expect(JSON.parse((await weir(['search', 'ORDERED', '--json'])).out)).toHaveLength(1);
  expect(await weir(['list'])).toMatchObject({ out: '', err: 'no tickets; good work\n' });
  const [exported] = lines((await weir(['export'])).out).map((line) => JSON.parse(line));
  expect(exported.history.map(({ what }: { what: string }) => what)).toContain('commented');
  expect((await weir(['rm', id])).code).toBe(0);
  expect(await weir(['show', id])).toMatchObject({ code: 3, err: expect.stringContaining('There is no ticket') });
});

test('what is wrong is told, with an exit code', async () => {
  expect(await weir(['state', '1', 'done'])).toMatchObject({ code: 2, err: expect.stringContaining('expected one of open') });
  expect(await weir(['rm', '--all'])).toMatchObject({ code: 2, err: expect.stringContaining('rm --all --yes') });
  expect(await weir(['create'])).toMatchObject({ code: 2, err: expect.stringContaining('there is no description') });
  expect(await weir(['create', '-'])).toMatchObject({ code: 2, err: expect.stringContaining('says nothing') });
  expect(await weir(['edit', '1'])).toMatchObject({ code: 2, err: expect.stringContaining('nothing to change') });
});

test('a data directory does as well as a server, and keeps what it was told', async () => {
  await using other = await RunningServer.start();
  const folder = `${other.folder}-own`;
  const place = ['--data', folder];
  try {
    const made = await weir(['create', 'kept here', '--json'], { place });
    expect(JSON.parse(made.out)).toMatchObject({ subject: 'kept here', state: 'open' });
    expect(JSON.parse((await weir(['list', '--json'], { place })).out)).toMatchObject([{ subject: 'kept here' }]);
    expect(await weir(['list'], { place: ['--data', other.folder] })).toMatchObject({ code: 6 });
  } finally {
    spawnSync('rm', ['-rf', folder]);
  }
});

test('the desk takes lines and gives texts when nobody sits at it', async () => {
  const { out: made } = await weir(['create', 'Fan is loud'], {});
  const fan = /(\d{1,20})/.exec(made)?.[1];
  const state = `9\n${fan}\nover\n9\n${fan}\nresolved\n10\n${fan}\nIt was dust\n7\ndust\n5\n${fan}\n`;
  const { out, code } = await weir(['desk'], { input: `\n${state}1\n3\nSwitch is down\n8\n1\n2\n4711\n2\n\n99\n1\n` });
  expect(code).toBe(0);
  const menu = `
        1) Read all available tickets
        2) Get ticket
        3) Create ticket
        4) Update ticket
        5) Delete ticket
        6) Exit
        99) DANGER! Delete all tickets
        
`;
  const steps = out.split(menu);
  const id = /Ticket (\d{20}) has been created/.exec(out)?.[1];
  const known = `000000000000000000000${fan}`.slice(-20);
  const asked = '> Change the state of what ticket ID? It is open. What is it now? (in-progress, waiting, resolved, closed) ';
  expect(steps).toEqual([
    '',
    `> ${asked}Expected one of in-progress, waiting, resolved, closed.\n`,
    `${asked}\nTicket ${known} is resolved.\n`,
    `> Comment on what ticket ID? What is there to say? \nTicket ${known} has a comment more.\n`,
    `> What are you looking for? Ticket ID - ${known}  medium, resolved: Fan is loud\n`,
    `> What is the ticket ID? \nTicket ${fan} has been removed from the system\n`,
    '> There are no tickets in the system\n',
    `> Give a short 140 char description of the issue: \nTicket ${id} has been created.\n`,
    '> That is not a valid option\n',
    `> \nTicket ID - ${id}\n`,
    '> What is the ticket ID? That ticket does not exist within the system.\n',
    '> What is the ticket ID? That ticket does not exist within the system.\n',
    '> All tickets have been removed from the system\n',
    '> There are no tickets in the system\n',
    '> \nThanks for using the Alta3 RESTful ticketing service\n',
  ]);
});
