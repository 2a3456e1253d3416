/** Checks what people write before it is stored; each complaint names the part, what was expected and what was got. */
import { Problem } from '../core/problem.ts';
import type { TicketsConfig } from './config.ts';
import { aboutOf, type Content, type State, statesAfter } from './ticket.ts';

/** Characters of an assignee, and of the name of whoever acts, at most. */
export const longestName = 128;
/** Characters of a label at most. */
export const longestLabel = 64;
/** Characters of a host, a flow filter or the id of a scan or job at most. */
export const longestReference = 1024;

/** The content in the form in which it is stored: labels and references trimmed, each once. Throws Problem. */
export function checkedContent(content: Content, limits: TicketsConfig): Content {
  checkDescription(content.description, limits);
  return {
    ...content,
    assignee: checkedAssignee(content.assignee),
    labels: checkedLabels(content.labels, limits.labels),
    about: aboutOf((kind) => checkedReferences(content.about[kind], kind, limits.references)),
  };
}

/** Throws a conflict when a ticket cannot go from one state to the other. */
export function checkTransition(from: State, to: State): void {
  if (from === to || statesAfter(from).includes(to)) return;
  throw new Problem('conflict', `A ticket that is ${from} cannot become ${to}.`, {
    detail: `expected one of ${statesAfter(from).join(', ')}`,
    pointer: '/state',
  });
}

function checkDescription(description: string, limits: TicketsConfig): void {
  if (description.trim() === '') throw new Problem('unprocessable', 'The description says nothing.', { pointer: '/description' });
  checkSize(description, limits.description, 'description');
}

/** Throws when a text is larger in UTF-8 than its limit. */
export function checkSize(text: string, limit: number, name: 'description' | 'comment'): void {
  const size = Buffer.byteLength(text);
  if (size <= limit) return;
  throw new Problem('too-large', `The ${name} is too long.`, {
    detail: `expected ${limit} bytes at most, got ${size}`,
    hint: `the setting tickets.${name} allows more`,
    pointer: `/${name === 'comment' ? 'text' : name}`,
  });
}

function checkedAssignee(assignee: string | null): string | null {
  const name = assignee?.trim() ?? '';
  if (name === '') return null;
  checkLine(name, longestName, '/assignee');
  return name;
}

function checkedLabels(labels: readonly string[], limit: number): string[] {
  const unique = [...new Set(labels.map((label) => label.trim()))];
  checkCount(unique, limit, '/labels');
  for (const label of unique) {
    checkLine(label, longestLabel, '/labels');
    if (label.includes(','))
      throw new Problem('unprocessable', 'A label holds no comma.', { detail: `got ${JSON.stringify(label)}`, pointer: '/labels' });
  }
  return unique;
}

function checkedReferences(references: readonly string[], kind: string, limit: number): string[] {
  const unique = [...new Set(references.map((reference) => reference.trim()))];
  checkCount(unique, limit, `/about/${kind}`);
  for (const reference of unique) checkLine(reference, longestReference, `/about/${kind}`);
  return unique;
}

function checkCount(items: readonly string[], limit: number, pointer: string): void {
  if (items.length <= limit) return;
  throw new Problem('unprocessable', 'There are too many of them.', { detail: `expected ${limit} at most, got ${items.length}`, pointer });
}

function checkLine(text: string, limit: number, pointer: string): void {
  const length = [...text].length;
  if (length >= 1 && length <= limit && !/[\u0000-\u001f\u007f]/.test(text)) return;
  const got = text === '' ? 'nothing' : length > limit ? `${length} characters` : JSON.stringify(text);
  throw new Problem('unprocessable', 'That is no name of one line.', { detail: `expected 1 to ${limit} characters, got ${got}`, pointer });
}
