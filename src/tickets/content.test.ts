import { expect, test } from 'vitest';
import type { TicketsConfig } from './config.ts';
import { checkedContent, checkTransition } from './content.ts';
import { type Content, plainContent } from './ticket.ts';

const limits: TicketsConfig = { kept: 10, description: 100, comment: 100, comments: 3, labels: 2, references: 2, history: 10 };
const about = plainContent.about;
const content = (parts: Partial<Content>): Content => ({ ...plainContent, description: 'x', ...parts });

test('trims names and keeps each once', () => {
  const checked = checkedContent(content({ assignee: ' ada ', labels: ['a', ' a', 'b'], about: { ...about, hosts: ['h ', 'h'] } }), limits);
  expect(checked).toMatchObject({ assignee: 'ada', labels: ['a', 'b'], about: { hosts: ['h'] } });
  expect(checkedContent(content({ assignee: '  ' }), limits).assignee).toBeNull();
});

test.each<[Partial<Content>, string, string]>([
  [{ description: ' \n' }, 'unprocessable', '/description'],
  [{ description: 'é'.repeat(51) }, 'too-large', '/description'],
  [{ assignee: 'a\nb' }, 'unprocessable', '/assignee'],
  [{ assignee: 'a'.repeat(129) }, 'unprocessable', '/assignee'],
  [{ labels: ['a', 'b', 'c'] }, 'unprocessable', '/labels'],
  [{ labels: [''] }, 'unprocessable', '/labels'],
  [{ labels: ['a,b'] }, 'unprocessable', '/labels'],
  [{ about: { ...about, scans: ['1', '2', '3'] } }, 'unprocessable', '/about/scans'],
  [{ about: { ...about, flows: ['x'.repeat(1025)] } }, 'unprocessable', '/about/flows'],
])('refuses %j', (parts, code, pointer) => {
  expect(() => checkedContent(content(parts), limits)).toThrow(expect.objectContaining({ code, pointer }));
});

test('what is closed can only be opened again', () => {
  expect(() => checkTransition('closed', 'closed')).not.toThrow();
  expect(() => checkTransition('closed', 'open')).not.toThrow();
  expect(() => checkTransition('closed', 'waiting')).toThrow(expect.objectContaining({ code: 'conflict', detail: 'expected one of open' }));
});
