/** Level 1: an address for each thing, and no verbs in addresses. */
import type { Operation } from '../description.ts';
import type { Finding } from '../finding.ts';

/** Words for what HTTP's methods say already, alone or ahead of a noun: `getUser`, `create-ticket`, `delete`. */
export const verb =
  /^(get|fetch|read|retrieve|list|create|add|insert|make|save|store|update|edit|modify|change|set|delete|remove|destroy)(?=[A-Z_-]|$)/;
const nouns = new Set(['list', 'set', 'store', 'change']);

export function checkResources(operations: readonly Operation[]): Finding[] {
  const findings: Finding[] = [];
  const paths = new Set(operations.map(({ path }) => path));
  if (paths.size === 1 && operations.length > 0) {
    const [{ place }] = operations as [Operation];
    findings.push(fault('one-address', place, 'everything goes to one address; give each thing its own'));
  }
  for (const { place, method, path, parameters } of operations) {
    const word = verbOf(path);
    if (word !== undefined) findings.push(fault('verb-in-path', place, `"${word}" in the path says what the method should say`));
    const query = parameters.find(
      ({ name, in: where }) => where === 'query' && /^(action|method|op|operation|cmd|command|do)$/i.test(name),
    );
    if (query !== undefined)
      findings.push(
        (method === 'GET' ? remark : fault)('verb-in-query', place, `the query parameter "${query.name}" says what the method should say`),
      );
    if (/[^/]\/$/.test(path)) findings.push(remark('slash-at-end', place, 'a slash at the end makes a second address of the same thing'));
    if (/[A-Z]/.test(path.replaceAll(/\{[^}]*\}/g, '')))
      findings.push(remark('capitals-in-path', place, 'addresses are compared with case: write them in small letters'));
  }
  return findings;
}

/** The first segment that is a verb for one of HTTP's methods. A bare word that is a noun as well counts for nothing. */
export function verbOf(path: string): string | undefined {
  const segments = path.split('/').filter((segment) => segment !== '' && !segment.includes('{'));
  return segments.find((segment) => verb.test(segment) && !nouns.has(segment));
}

const fault = (rule: string, place: string, text: string): Finding => ({ level: 1, rule, isFault: true, place, text });
const remark = (rule: string, place: string, text: string): Finding => ({ level: 1, rule, isFault: false, place, text });
