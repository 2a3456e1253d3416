/** Carries comments both ways. Neither side's comments are ever changed or deleted; each is told to the other once. */
import type { Issue } from './face.ts';
import { markOf, splitMark, withMark } from './face.ts';
import type { Comment, CommentPair, House } from './house.ts';
import { type IssueComment, longestBody, type Repository } from './repository.ts';

/** Octets that a comment on a ticket has room for, with its head and foot. */
const longestComment = 15_000;

export type Conversation = { house: House; repository: Repository; secret: string; isDry: boolean };

/** Brings the comments of a pair in step; answers with the pairs and how many went to the ticket and to the issue. */
export async function syncComments(
  { house, repository, secret, isDry }: Conversation,
  ticket: string,
  issue: Issue,
  known: readonly CommentPair[],
): Promise<{ pairs: CommentPair[]; toTicket: number; toIssue: number }> {
  const own = await house.comments(ticket);
  const theirs = issue.comments === 0 ? [] : await repository.comments(issue.number);
  const pairs = [...known];
  const counts = { toTicket: 0, toIssue: 0 };
  for (const comment of theirs) {
    const pair = pairs.find((one) => one.issue === comment.id);
    if (pair !== undefined && pair.edited === comment.updated_at) continue;
    // A sync that was cut off may have written one side and not noted it.
    const twin = pair ? undefined : twinOf(comment, own, pairs, secret);
    if (twin !== undefined) {
      pairs.push({ ticket: twin.id, issue: comment.id, edited: comment.updated_at });
      continue;
    }
    counts.toTicket++;
    if (isDry) continue;
    // A text that Weir wrote and somebody edited at GitHub comes back under its own name, too.
    const added = await house.comment(ticket, tellTicket(comment, pair !== undefined));
    if (pair) pair.edited = comment.updated_at;
    // The first text keeps its pair; the comment that tells of the edit gets one of its own, so that it is not sent back.
    pairs.push({ ticket: added.id, issue: pair ? 0 : comment.id, edited: comment.updated_at });
  }
  for (const comment of own) {
    if (pairs.some((one) => one.ticket === comment.id)) continue;
    counts.toIssue++;
    if (isDry) continue;
    const added = await repository.comment(issue.number, withMark(tellIssue(comment), markOf(secret, 'comment', comment.id)));
    pairs.push({ ticket: comment.id, issue: added.id, edited: added.updated_at });
  }
  return { pairs, ...counts };
}

function twinOf(comment: IssueComment, own: readonly Comment[], pairs: readonly CommentPair[], secret: string): Comment | undefined {
  const { mark } = splitMark(comment.body ?? '');
  const free = own.filter(({ id }) => !pairs.some((pair) => pair.ticket === id));
  return free.find(({ id, text }) => mark === markOf(secret, 'comment', id) || text.endsWith(`\n\n${comment.html_url}`));
}

const tellTicket = ({ user, created_at, updated_at, body = '', html_url }: IssueComment, isEdit: boolean): string => {
  const who = user?.login ?? 'somebody';
  const head = isEdit ? `${who} at GitHub, edited ${updated_at}:` : `${who} at GitHub, ${created_at}:`;
  return `${head}\n\n${cut(splitMark(body).text, longestComment)}\n\n${html_url}`;
};

const tellIssue = ({ by, at, text }: Comment): string => `**${by ?? 'somebody'}** in Weir, ${at}:\n\n${cut(text, longestBody - 1000)}`;

/** The text in at most so many octets. */
function cut(text: string, octets: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= octets
    ? text
    : `${bytes
        .subarray(0, octets)
        .toString('utf8')
        .replace(/\ufffd$/, '')} …`;
}
