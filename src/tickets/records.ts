/**
 * What stands in the files beside a description, as JSON. An etcd v2 client can write anything there, so nothing that is
 * read is trusted: what does not fit is taken for absent, and the ticket goes on with its defaults.
 */
import { type KeyNode, textValue } from '../keys/index.ts';
import { type FieldChange, type HistoryEntry, happenings } from './change.ts';
import { type About, aboutOf, type Content, type Mark, plainContent, severities, states, type Via } from './ticket.ts';

/** The facts of a ticket, beside its description. */
export type Facts = Omit<Content, 'description'> & {
  readonly created: Mark;
  readonly updated: Mark;
  readonly comments: number;
  /** Changes that were ever written to the history. */
  readonly changes: number;
};

/** The last change to a description that was not made together with its facts. */
export type LastNote = {
  /** Index of the change in the space `public`. */
  readonly index: number;
  readonly mark: Mark;
  /** When the ticket first was there, as far as anybody saw. */
  readonly created: Mark;
  /** Changes that were ever written to the log. */
  readonly changes: number;
};

/** One comment, without its id. */
export type CommentRecord = Mark & { readonly text: string };

export const writeRecord = (record: Facts | LastNote | CommentRecord | HistoryEntry): Uint8Array => Buffer.from(JSON.stringify(record));

export function readFacts(node: KeyNode): Facts | undefined {
  const record = readObject(node);
  const [created, updated] = [readMark(record?.created), readMark(record?.updated)];
  if (record === undefined || created === undefined || updated === undefined) return undefined;
  return {
    state: oneOf(states, record.state) ?? plainContent.state,
    severity: oneOf(severities, record.severity) ?? plainContent.severity,
    assignee: typeof record.assignee === 'string' ? record.assignee : null,
    labels: readTexts(record.labels),
    about: readAbout(record.about),
    created,
    updated,
    comments: readCount(record.comments),
    changes: readCount(record.changes),
  };
}

export function readLastNote(node: KeyNode): LastNote | undefined {
  const record = readObject(node);
  const [mark, created] = [readMark(record?.mark), readMark(record?.created)];
  if (record === undefined || mark === undefined || created === undefined) return undefined;
  return { index: readCount(record.index), mark, created, changes: readCount(record.changes) };
}

export function readComment(node: KeyNode): CommentRecord | undefined {
  const record = readObject(node);
  const mark = readMark(record);
  return mark === undefined || typeof record?.text !== 'string' ? undefined : { ...mark, text: record.text };
}

export function readHistoryEntry(node: KeyNode): HistoryEntry | undefined {
  const record = readObject(node);
  const mark = readMark(record);
  const what = oneOf(happenings, record?.what);
  if (record === undefined || mark === undefined || what === undefined) return undefined;
  return {
    ...mark,
    what,
    ...(Array.isArray(record.changes) && { changes: record.changes.filter(isFieldChange) }),
    ...(typeof record.comment === 'string' && { comment: record.comment }),
    ...(typeof record.text === 'string' && { text: record.text }),
    ...(typeof record.author === 'string' && { author: record.author }),
  };
}

type Loose = Record<string, unknown>;

function readObject(node: KeyNode): Loose | undefined {
  if (node.isDir) return undefined;
  try {
    const value: unknown = JSON.parse(textValue(node));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // not JSON: somebody else's file
  }
}

function readMark(value: unknown): Mark | undefined {
  if (!isObject(value) || typeof value.at !== 'string' || Number.isNaN(Date.parse(value.at))) return undefined;
  const via = oneOf<Via>(['api', 'plain', 'keys'], value.via) ?? 'keys';
  return { at: value.at, by: typeof value.by === 'string' ? value.by : null, via };
}

const readAbout = (value: unknown): About => aboutOf((kind) => readTexts(isObject(value) ? value[kind] : undefined));

const readTexts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const readCount = (value: unknown): number => (Number.isSafeInteger(value) ? Math.max(0, value as number) : 0);
const oneOf = <Word extends string>(words: readonly Word[], value: unknown): Word | undefined => words.find((word) => word === value);
const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value);
const isFieldChange = (value: unknown): value is FieldChange => isObject(value) && typeof value.field === 'string';
