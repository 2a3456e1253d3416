import { Problem } from '../core/problem.ts';
import type { TicketsQuery } from './access.ts';
import type { Selection } from './search.ts';
import { severities, states } from './ticket.ts';

/** What the words of a query choose. Throws an `invalid` Problem that names the parameter. */
export const readSelection = ({ q, state, severity, assignee, label, host }: TicketsQuery): Selection => ({
  q,
  states: state === undefined ? undefined : wordsIn(state, states, 'state'),
  severities: severity === undefined ? undefined : wordsIn(severity, severities, 'severity'),
  assignee,
  labels: label === undefined ? undefined : listed(label),
  host,
});

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

function wordsIn<Word extends string>(text: string, known: readonly Word[], name: string): Word[] {
  const words = listed(text);
  const odd = words.find((word) => !(known as readonly string[]).includes(word));
  if (words.length > 0 && odd === undefined) return words as Word[];
  throw new Problem('invalid', `The query parameter "${name}" is not as expected.`, {
    detail: `expected some of ${known.join(', ')}, got ${JSON.stringify(odd ?? text)}`,
    pointer: name,
  });
}
