/** The GitHub side of a sync: the issues of one repository. */
import { Problem } from '../../../core/problem.ts';
import { ask, type Hub, type RepositoryName } from '../hub.ts';
import { type Custom, type Face, type Issue, issueLabels, splitMark, withMark } from './face.ts';

export type IssueComment = {
  id: number;
  body?: string | undefined;
  user: { login: string } | null;
  created_at: string;
  updated_at: string;
  html_url: string;
};

export type Repository = ReturnType<typeof openRepository>;

/** Characters of a body at GitHub at most. */
export const longestBody = 65_536;

/** The issues of a repository. Every function throws Problem. */
export function openRepository({ octokit }: Hub, name: RepositoryName, custom: Custom) {
  const { issues } = octokit.rest;
  return {
    /** Issues that changed since then, or all; no pull requests. */
    list: async (since: string | undefined): Promise<Issue[]> => {
      const query = { ...name, state: 'all', sort: 'created', direction: 'asc', per_page: 100, ...(since && { since }) } as const;
      const found = await ask(octokit.paginate(issues.listForRepo, query));
      return found.filter((issue) => issue.pull_request === undefined) as Issue[];
    },
    get: (number: number) => orNone(async () => (await ask(issues.get({ ...name, issue_number: number }))).data as Issue),
    create: async (face: Face, mark: string): Promise<Issue> => {
      const body = withMark(face.body, mark);
      const labels = issueLabels(undefined, face, custom);
      const created = await withAssignees(face, (assignees) =>
        ask(issues.create({ ...name, title: face.title, body, labels, ...assignees })),
      );
      return created.data as Issue;
    },
    /** Makes an issue show a face; only what differs is sent. */
    change: async (issue: Issue, before: Face, face: Face): Promise<Issue> => {
      const patch = {
        ...(face.title !== before.title && { title: face.title }),
        ...(face.body !== before.body && { body: withMark(face.body, splitMark(issue.body ?? '').mark) }),
        ...(face.isOver !== before.isOver && stateOf(face.isOver)),
        ...((face.labels.join() !== before.labels.join() || face.severity !== before.severity) && {
          labels: issueLabels(issue, face, custom),
        }),
      };
      const others = (issue.assignees ?? []).map(({ login }) => login).slice(1);
      const isNew = face.assignee !== before.assignee;
      const change = (assignees: { assignees?: string[] }) =>
        ask(issues.update({ ...name, issue_number: issue.number, ...patch, ...assignees }));
      const changed = isNew
        ? await withAssignees(face, ({ assignees = [] }) => change({ assignees: [...assignees, ...others] }))
        : await change({});
      return changed.data as Issue;
    },
    comments: async (number: number): Promise<IssueComment[]> =>
      (await ask(octokit.paginate(issues.listComments, { ...name, issue_number: number, per_page: 100 }))) as IssueComment[],
    comment: async (number: number, body: string): Promise<IssueComment> =>
      (await ask(issues.createComment({ ...name, issue_number: number, body }))).data as IssueComment,
  };
}

const stateOf = (isOver: boolean) => ({ state: isOver ? 'closed' : 'open', state_reason: isOver ? 'completed' : 'reopened' }) as const;

/** GitHub knows not every name of Weir (422): then the issue goes without. */
async function withAssignees<T>({ assignee }: Face, send: (assignees: { assignees?: string[] }) => Promise<T>): Promise<T> {
  if (assignee === null) return send({});
  try {
    return await send({ assignees: [assignee] });
  } catch (error) {
    if (error instanceof Problem && error.code === 'unprocessable') return send({});
    throw error;
  }
}

async function orNone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem && (error.code === 'not-found' || error.code === 'gone')) return undefined;
    throw error;
  }
}
