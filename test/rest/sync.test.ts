import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RunningServer } from '../flows/running-server.ts';
import { GithubServer, send } from './github-server.ts';
import { openTerminal } from './weir.ts';

const { weir, close } = openTerminal();
let github: GithubServer;
let server: RunningServer;
beforeAll(async () => {
  github = await GithubServer.start();
  server = await RunningServer.start();
});
afterEach(() => expect(github.faults.splice(0)).toEqual([]));
afterAll(async () => {
  await github.stop();
  await server.stop();
  close();
});

type Ticket = { id: string; description: string; state: string; severity: string; assignee: string | null; labels: string[] };

const api = async <T = Ticket>(method: string, path: string, body?: unknown): Promise<T> => {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
};
const ticket = (id: string) => api('GET', `/tickets/${id}`);
const tickets = async () => (await api<{ items: Ticket[] }>('GET', '/tickets?include=description&per_page=500')).items;
const said = async (id: string) =>
  (await api<{ items: { text: string }[] }>('GET', `/tickets/${id}/comments`)).items.map(({ text }) => text);
const written = () => github.seen.filter(({ method }) => method !== 'GET');

type Act = { what: string; ticket: string | null; issue: number | null; detail: string };

async function sync(...words: string[]): Promise<Act[]> {
  const { out, err, code } = await weir(
    ['github', 'issues', 'sync', 'octocat/hello', '--json', '--server', server.url, '--user', 'ada=ada-l', ...words],
    { GITHUB_API_URL: github.url, GITHUB_TOKEN: 'ghs_test' },
  );
  expect({ err, code }).toEqual({ err: '', code: 0 });
  return JSON.parse(out) as Act[];
}
const kinds = (acts: readonly Act[]) => acts.map(({ what }) => what).sort();

let fromGithub = '';
let fromWeir = '';

test('a dry run tells everything and writes nothing', async () => {
  github.open({ title: 'Login fails', body: 'On every\r\nsecond try', labels: [{ name: 'bug' }, { name: 'severity: high' }] as never });
  github.open({ title: 'Closed long ago', state: 'closed' });
  github.open({ title: 'a pull request', pull_request: { url: null, html_url: null, diff_url: null, patch_url: null } });
  github.say(1, 'seen here, too');
  for (const issue of github.issues)
    issue.labels = issue.labels.map(
      (label) => ({ ...label, id: 1, url: 'https://api.github.com/labels/1', node_id: '', color: 'fff', default: false }) as never,
    );
  fromWeir = (
    await api('POST', '/tickets', { description: 'Beacon\n\nevery 60 s', severity: 'critical', assignee: 'ada', labels: ['c2', 'github'] })
  ).id;
  await api('POST', '/tickets', { description: 'for us alone' });
  await api('POST', `/tickets/${fromWeir}/comments`, { text: 'it is the printer' });
  const acts = await sync('--dry-run');
  expect(acts).toEqual([
    { what: 'ticket created', ticket: null, issue: 1, detail: 'Login fails' },
    { what: 'issue created', ticket: fromWeir, issue: null, detail: 'Beacon' },
  ]);
  expect(written()).toEqual([]);
  expect(await tickets()).toHaveLength(2);
});

test('what is new goes to the other side, with what was said', async () => {
  expect(kinds(await sync())).toEqual(['comments', 'comments', 'issue created', 'ticket created']);
  const made = (await tickets()).find(({ description }) => description.startsWith('Login fails'))!;
  fromGithub = made.id;
  expect(made).toMatchObject({
    severity: 'high',
    state: 'open',
    labels: ['bug'],
    description: expect.stringMatching(/^Login fails\n\nOn every\nsecond try\n\nGitHub: http:\S+\/issues\/1$/),
  });
  expect(await said(fromGithub)).toEqual([
    expect.stringMatching(/^octocat at GitHub, \S+:\n\nseen here, too\n\nhttp\S+#issuecomment-\d+$/),
  ]);
  const issue = github.issues[3]!;
  expect(issue).toMatchObject({
    title: 'Beacon',
    body: expect.stringMatching(/^every 60 s\n\n<!-- weir [0-9a-f]{32} -->$/),
    assignee: { login: 'ada-l' },
  });
  expect(issue.labels.map(({ name }) => name)).toEqual(['c2', 'severity: critical']);
  expect(github.comments.at(-1)!.body).toMatch(/^\*\*.+\*\* in Weir, \S+:\n\nit is the printer\n\n<!-- weir/);
});

test('again, there is nothing to do', async () => {
  const before = written().length;
  expect(await sync()).toEqual([]);
  expect(await sync()).toEqual([]);
  expect(written()).toHaveLength(before);
  expect(await tickets()).toHaveLength(3);
});

test('what one side changed comes to the other; what is Weir’s own stays', async () => {
  await api('PATCH', `/tickets/${fromWeir}`, {
    state: 'waiting',
    labels: ['github', 'c2', 'printer'],
    description: 'Beacon, again\n\nevery 30 s',
  });
  const first = github.issues[0]!;
  github.touch(Object.assign(first, { state: 'closed', state_reason: 'not_planned', title: 'Login never works' }));
  expect(kinds(await sync())).toEqual(['issue changed', 'ticket changed']);
  expect(github.issues[3]).toMatchObject({ title: 'Beacon, again', body: expect.stringMatching(/^every 30 s\n\n<!--/), state: 'open' });
  expect(github.issues[3]!.labels.map(({ name }) => name)).toEqual(['c2', 'printer', 'severity: critical']);
  expect(await ticket(fromWeir)).toMatchObject({ state: 'waiting' });
  expect(await ticket(fromGithub)).toMatchObject({
    state: 'closed',
    description: expect.stringMatching(/^Login never works\n\nOn every\nsecond try\n\nGitHub: /),
  });
  await api('POST', `/tickets/${fromWeir}/state/resolved`);
  github.touch(Object.assign(first, { state: 'open', state_reason: 'reopened' }));
  expect(kinds(await sync())).toEqual(['issue changed', 'ticket changed']);
  expect(github.issues[3]).toMatchObject({ state: 'closed', state_reason: 'completed' });
  expect(await ticket(fromGithub)).toMatchObject({ state: 'open' });
  expect(await sync()).toEqual([]);
});

test.each([
  ['github', 'Weir'],
  ['weir', 'GitHub'],
])('where both changed the same, %s wins when it is preferred, and the text of the other becomes a comment', async (side, loser) => {
  const [end] = /\n\nGitHub: .*$/.exec((await ticket(fromGithub)).description)!;
  await api('PATCH', `/tickets/${fromGithub}`, { description: `Title of Weir ${side}\n\nbody of both${end}`, labels: ['mine'] });
  github.touch(Object.assign(github.issues[0]!, { title: `Title of GitHub ${side}`, body: 'body of both' }));
  expect(kinds(await sync('--prefer', side))).toContain('conflict');
  const winner = side === 'github' ? 'Title of GitHub github' : 'Title of Weir weir';
  expect(github.issues[0]!.title).toBe(winner);
  expect((await ticket(fromGithub)).description).toMatch(new RegExp(`^${winner}\n\nbody of both`));
  expect((await said(fromGithub)).at(-1)).toBe(`Both sides changed the title. ${loser} had:\n\nTitle of ${loser} ${side}`);
  expect(github.comments.at(-1)!.body).toContain(`${loser} had:\n\nTitle of ${loser} ${side}`);
  await sync();
  expect(await sync()).toEqual([]);
});

test('a sync that was cut off makes nothing twice', async () => {
  const lost = (await api('POST', '/tickets', { description: 'cut off', labels: ['github'] })).id;
  await sync();
  const records = (await api<{ items: { id: number; ticket?: string }[] }>('GET', '/records/github-issues?per_page=500')).items;
  const pair = records.find((record) => record.ticket === lost)!;
  const own = records.find((record) => record.ticket === fromGithub)!;
  await api('DELETE', `/records/github-issues/${pair.id}`);
  await api('DELETE', `/records/github-issues/${own.id}`);
  const [issues, comments, count] = [github.issues.length, github.comments.length, (await tickets()).length];
  for (const issue of github.issues) github.touch(issue);
  await sync();
  expect([github.issues.length, github.comments.length, (await tickets()).length]).toEqual([issues, comments, count]);
});

test('a mark that somebody copied or made up takes no ticket', async () => {
  const { id } = await api('POST', '/tickets', { description: 'kept safe', labels: ['github'] });
  const stolen = /<!-- weir \S+ -->/.exec(github.issues[3]!.body!)![0];
  github.open({ title: 'mine now', body: `x\n\n${stolen}` });
  github.open({ title: 'mine, too', body: `x\n\n<!-- weir ${'0'.repeat(32)} -->` });
  expect(kinds(await sync())).toEqual(['issue created', 'ticket created', 'ticket created']);
  expect((await ticket(id)).description).toBe('kept safe');
});

test('who is gone leaves the other alone; a name that GitHub does not know stays in Weir', async () => {
  await api('DELETE', `/tickets/${fromWeir}`);
  const { id } = await api('POST', '/tickets', { description: 'whose?', labels: ['github'], assignee: 'nobody-there' });
  const acts = await sync();
  expect(acts).toContainEqual({ what: 'released', ticket: fromWeir, issue: 4, detail: 'the ticket is gone; the other stays as it is' });
  expect(github.issues.at(-1)).toMatchObject({ title: 'whose?', assignee: null });
  expect(await sync()).toEqual([]);
  expect(await ticket(id)).toMatchObject({ assignee: 'nobody-there' });
});

test('it says why it does not begin', async () => {
  const env = { GITHUB_API_URL: github.url };
  const words = ['github', 'issues', 'sync', 'octocat/hello', '--server', server.url];
  expect(await weir(words, env)).toMatchObject({ code: 4, err: expect.stringContaining('GITHUB_TOKEN') });
  const { items } = await api<{ items: { id: number; kind: string }[] }>('GET', '/records/github-issues?kind=repository');
  await api('PATCH', `/records/github-issues/${items[0]!.id}`, { busy: new Date().toISOString() });
  expect(await weir(words, { ...env, GITHUB_TOKEN: 'x' })).toMatchObject({ code: 6, err: expect.stringContaining('--force') });
  github.interruptions.push((_, response) => send(response, 401, { message: 'Bad credentials' }));
  expect(await weir([...words, '--force'], { ...env, GITHUB_TOKEN: 'x' })).toMatchObject({
    code: 4,
    err: expect.stringContaining('Bad credentials'),
  });
  expect(await sync()).toEqual([]);
});
