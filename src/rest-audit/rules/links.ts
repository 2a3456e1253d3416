/** Level 3: answers say where to go on from them; and what makes reading cheap. */
import type { DescribedAnswer, Operation } from '../description.ts';
import type { Finding } from '../finding.ts';

export function checkLinks(operations: readonly Operation[]): Finding[] {
  return readsOf(operations).flatMap(({ operation, answer }) => {
    const { place, path, parameters, answers } = operation;
    const findings: Finding[] = [];
    if (!answer.hasLinks && !answer.headers.includes('link')) {
      findings.push({
        ...level3,
        rule: 'no-links',
        isFault: true,
        place,
        text: 'the answer has no links: neither a member (links, _links) nor the header Link',
      });
    }
    const isList = !path.endsWith('}') && isCollection(answer);
    const isPaged = parameters.some(({ name }) =>
      /^(page|per_page|pagesize|limit|offset|cursor|after|before|start|skip|top|marker)$/i.test(name.replaceAll('-', '_')),
    );
    if (isList && !isPaged)
      findings.push({ ...level3, rule: 'no-paging', isFault: false, place, text: 'the list has no paging: it grows without a bound' });
    const hasTag = answer.headers.includes('etag') || answers.some(({ status }) => status === '304');
    if (!hasTag)
      findings.push({ ...level3, rule: 'no-etag', isFault: false, place, text: 'no ETag: whoever reads it again has to fetch all of it' });
    return findings;
  });
}

const level3 = { level: 3 } as const;

/** The GETs that answer with JSON, each with that answer: what is no document cannot have links. */
export function readsOf(operations: readonly Operation[]): { operation: Operation; answer: DescribedAnswer }[] {
  return operations.flatMap((operation) => {
    if (operation.method !== 'GET') return [];
    const answer = operation.answers.find(
      ({ status, mediaTypes }) => /^2/.test(status) && mediaTypes.some((type) => /[/+]json\b/.test(type)),
    );
    return answer === undefined ? [] : [{ operation, answer }];
  });
}

function isCollection({ schema }: DescribedAnswer): boolean {
  if (schema?.type === 'array') return true;
  const properties = (schema?.properties ?? {}) as Record<string, { type?: unknown } | undefined>;
  return ['items', 'data', 'results', 'value', 'entries', '_embedded'].some((name) => properties[name] !== undefined);
}
