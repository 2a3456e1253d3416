/** `weir github …`: what GitHub's API tells, for people and for programs. */
import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import { addShow } from '../call.ts';
import type { ShowOptions } from '../show.ts';
import type { Hub } from './hub.ts';
import { addSync } from './sync/command.ts';
import { addHubOptions, type LookOptions, withHub } from './with-hub.ts';

/** Adds `weir github` and all below it. */
export function addGithub(program: Command): void {
  const github = program.command('github').description('ask GitHub, and keep tickets and issues in step');
  addRepo(github);
  addUser(github);
  addEvents(github);
  const issues = github.command('issues').description('the issues of a repository');
  addIssueList(issues);
  addSync(issues);
  withExamples(issues, 'weir github issues list ojitha/learn-ai', 'weir github issues sync ojitha/learn-ai --dry-run');
  withExamples(github, 'weir github repo ojitha/learn-ai', 'weir github events --per-page 2');
}

function addRepo(github: Command): void {
  const command = addShow(addHubOptions(github.command('repo').description('show a repository')))
    .argument('<repository>', 'OWNER/NAME')
    .action(async (word: string, _options: unknown, self: Command) => {
      const { readRepository, ask } = await import('./hub.ts');
      const name = readRepository(word);
      await look(
        self,
        async ({ octokit }) => (await ask(octokit.rest.repos.get(name))).data,
        (repo) => ({
          repository: repo.full_name,
          description: repo.description,
          homepage: repo.homepage,
          language: repo.language,
          license: repo.license?.spdx_id,
          topics: repo.topics?.join(', '),
          visibility: repo.visibility,
          stars: repo.stargazers_count,
          forks: repo.forks_count,
          'open issues': repo.open_issues_count,
          branch: repo.default_branch,
          created: dateOf(repo.created_at),
          pushed: dateOf(repo.pushed_at),
          address: repo.html_url,
        }),
      );
    });
  withExamples(command, 'weir github repo ojitha/learn-ai', 'weir github repo ojitha/learn-ai --jq .default_branch');
}

function addUser(github: Command): void {
  const command = addShow(addHubOptions(github.command('user').description('show a user')))
    .argument('<name>', 'the login name')
    .action(async (username: string, _options: unknown, self: Command) => {
      const { ask } = await import('./hub.ts');
      await look(
        self,
        async ({ octokit }) => (await ask(octokit.rest.users.getByUsername({ username }))).data,
        (user) => ({
          login: user.login,
          name: user.name,
          kind: user.type,
          company: user.company,
          location: user.location,
          homepage: user.blog,
          repositories: user.public_repos,
          followers: user.followers,
          following: user.following,
          created: dateOf(user.created_at),
          address: user.html_url,
        }),
      );
    });
  withExamples(command, 'weir github user hong-sait', 'weir github user hong-sait --json');
}

const dateOf = (text: string | null | undefined): string | undefined => text?.slice(0, 10);

/** Asks, and shows the answer: as the show options say, else its facts. */
async function look<T extends object>(
  command: Command,
  fetch: (hub: Hub) => Promise<T>,
  factsOf: (answer: T) => Record<string, unknown>,
): Promise<void> {
  await withHub(command, async (hub, options) => {
    const answer = await fetch(hub);
    const { showText } = await import('../show.ts');
    const output = openOutput(command);
    if (wantsForm(options) || output.form !== 'table') return showText(JSON.stringify(answer), hub.base, options, command);
    const facts = Object.entries(factsOf(answer)).filter(([, value]) => value !== undefined && value !== null && value !== '');
    output.record(Object.fromEntries(facts));
  });
}

const wantsForm = ({ jq, table, columns, ndjson }: ShowOptions): boolean =>
  jq !== undefined || table === true || columns !== undefined || ndjson === true;

type EventOptions = LookOptions & { repo?: string; user?: string; page: number; perPage: number };
type Event = { id: string; type: string | null; actor: { login: string }; repo: { name: string }; created_at: string | null };

function addEvents(github: Command): void {
  const command = addShow(addHubOptions(github.command('events').description('show what happened: in public, in a repository, by a user')))
    .addOption(new Option('--repo <repository>', 'OWNER/NAME').conflicts('user'))
    .option('--user <name>', 'the login name')
    .addOption(new Option('--page <n>', 'which page').argParser(wholeNumber(1)).default(1))
    .addOption(new Option('--per-page <n>', 'events on a page, at most 100').argParser(wholeNumber(1)).default(30))
    .action((_options: unknown, self: Command) => withHub<EventOptions>(self, (hub, options) => showEvents(hub, options, self)));
  withExamples(
    command,
    'weir github events --per-page 2',
    'weir github events --repo ojitha/learn-ai',
    "weir github events --user hong-sait --jq '.[].type'",
  );
}

async function showEvents({ octokit, base }: Hub, options: EventOptions, command: Command): Promise<void> {
  const { ask, readRepository } = await import('./hub.ts');
  const { activity } = octokit.rest;
  const page = { page: options.page, per_page: options.perPage };
  const answer = options.repo
    ? await ask(activity.listRepoEvents({ ...readRepository(options.repo), ...page }))
    : options.user
      ? await ask(activity.listPublicEventsForUser({ username: options.user, ...page }))
      : await ask(activity.listPublicEvents(page));
  const columns: TableColumn<Event>[] = [
    { title: 'at', show: (event) => event.created_at ?? '' },
    { title: 'type', show: (event) => event.type ?? '' },
    { title: 'actor', show: (event) => event.actor.login },
    { title: 'repository', show: (event) => event.repo.name },
  ];
  await present(answer.data as Event[], columns, {
    base,
    options,
    command,
    fields: ['id', 'created_at', 'type', 'actor.login', 'repo.name'],
  });
}

type IssueOptions = LookOptions & { state: 'open' | 'closed' | 'all'; label?: string; assignee?: string; limit: number };
type Issue = {
  number: number;
  state: string;
  title: string;
  labels: (string | { name?: string })[];
  assignee: { login: string } | null;
  updated_at: string;
};

function addIssueList(issues: Command): void {
  const command = addShow(addHubOptions(issues.command('list').description('list issues, the newest first; pull requests are none')))
    .argument('<repository>', 'OWNER/NAME')
    .addOption(new Option('--state <state>', 'which ones').choices(['open', 'closed', 'all']).default('open'))
    .option('--label <labels>', 'labels that all must be there, separated by commas')
    .option('--assignee <name>', 'whose they are; none: nobody’s')
    .addOption(new Option('--limit <n>', 'how many at most').argParser(wholeNumber(1)).default(30))
    .action((word: string, _options: unknown, self: Command) =>
      withHub<IssueOptions>(self, (hub, options) => showIssues(word, hub, options, self)),
    );
  withExamples(
    command,
    'weir github issues list ojitha/learn-ai',
    'weir github issues list ojitha/learn-ai --state all --label bug --json',
  );
}

async function showIssues(word: string, { octokit, base }: Hub, options: IssueOptions, command: Command): Promise<void> {
  const { ask, readRepository } = await import('./hub.ts');
  const { state, label, assignee, limit } = options;
  const query = {
    ...readRepository(word),
    state,
    per_page: Math.min(100, limit),
    ...(label && { labels: label }),
    ...(assignee && { assignee }),
  };
  const found: Issue[] = [];
  await ask(
    octokit.paginate(octokit.rest.issues.listForRepo, query, ({ data }, done) => {
      found.push(...(data.filter((issue) => issue.pull_request === undefined) as Issue[]));
      if (found.length >= limit) done();
      return [];
    }),
  );
  const columns: TableColumn<Issue>[] = [
    { title: 'number', align: 'right', show: (issue) => String(issue.number) },
    { title: 'state', show: (issue) => issue.state },
    { title: 'assignee', show: (issue) => issue.assignee?.login ?? '' },
    { title: 'updated', show: (issue) => issue.updated_at.slice(0, 16).replace('T', ' ') },
    { title: 'labels', show: (issue) => issue.labels.map((one) => (typeof one === 'string' ? one : one.name)).join(', ') },
    { title: 'title', show: (issue) => issue.title },
  ];
  const fields = ['number', 'state', 'assignee.login', 'updated_at', 'title'];
  await present(found.slice(0, limit), columns, { base, options, command, fields });
}

type Presentation = { base: URL; options: ShowOptions; command: Command; fields: string[] };

async function present<T>(rows: T[], columns: TableColumn<T>[], { base, options, command, fields }: Presentation): Promise<void> {
  const output = openOutput(command);
  if (!wantsForm(options) && output.form === 'table') return output.rows(rows as never, columns as never, []);
  const { showText } = await import('../show.ts');
  await showText(JSON.stringify(rows), base, output.form === 'csv' ? { columns: fields, ...options } : options, command);
}
