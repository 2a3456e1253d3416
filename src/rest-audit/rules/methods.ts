/** Level 2: HTTP's methods mean what RFC 9110 says, and answers say by their status how it went. */
import type { Operation } from '../description.ts';
import type { Finding } from '../finding.ts';
import { verb, verbOf } from './resources.ts';

const changing = /^(create|add|insert|make|save|store|update|edit|modify|change|set|delete|remove|destroy)/;
const reading = /^(get|fetch|read|retrieve|list|find)/;
const rewriting = /^(update|edit|modify|delete|remove|destroy)/;

export function checkMethods(operations: readonly Operation[]): Finding[] {
  return operations.flatMap((operation) => [...methodFaults(operation), ...statusFaults(operation)]);
}

/** True when all goes by POST: methods are not used at all. */
export const isPostOnly = (operations: readonly Operation[]): boolean =>
  operations.length > 1 && operations.every(({ method }) => method === 'POST');

function methodFaults({ place, method, path, id, hasBody }: Operation): Finding[] {
  const word = verbOf(path) ?? verb.exec(id)?.[0] ?? '';
  const findings: Finding[] = [];
  const isRead = method === 'GET' || method === 'HEAD';
  if (isRead && hasBody)
    findings.push(fault('body-of-get', place, 'a body of GET has no meaning (RFC 9110 section 9.3.1); use the query, or POST'));
  if (isRead && changing.test(word))
    findings.push(fault('get-that-changes', place, `GET is safe, and "${word}" changes something: use POST, PUT, PATCH or DELETE`));
  if (method === 'POST' && reading.test(word))
    findings.push(fault('read-by-post', place, `"${word}" only reads: use GET, which can be cached and repeated`));
  if (method === 'POST' && rewriting.test(word))
    findings.push(fault('change-by-post', place, `"${word}" has methods of its own: PUT, PATCH or DELETE, which can be repeated`));
  if (method === 'DELETE' && hasBody)
    findings.push(remark('body-of-delete', place, 'a body of DELETE has no meaning (RFC 9110 section 9.3.5)'));
  return findings;
}

function statusFaults({ place, method, path, hasBody, isSecured, answers }: Operation): Finding[] {
  const findings: Finding[] = [];
  const statuses = answers.map(({ status }) => status);
  const tells = (...wanted: string[]) => wanted.some((status) => statuses.includes(status));
  const errors = answers.filter(({ status }) => /^[45]|^DEFAULT$/.test(status));
  const good = answers.filter(({ status }) => /^[23]/.test(status));
  if (errors.length === 0) findings.push(fault('no-errors', place, 'no error is described: say at least what a 4xx looks like'));
  else if (!errors.some(({ mediaTypes }) => mediaTypes.includes('application/problem+json'))) {
    findings.push(remark('no-problem-details', place, 'errors are not application/problem+json (RFC 9457)'));
  }
  if (good.length === 0) findings.push(fault('no-success', place, 'no good answer is described'));
  if (hasBody && errors.length > 0 && !tells('400', '422', '4XX', 'DEFAULT'))
    findings.push(remark('no-400', place, 'it takes a body, and does not say what a wrong one gets (400, 422)'));
  if (isSecured && errors.length > 0 && !tells('401', '403', '4XX', 'DEFAULT'))
    findings.push(remark('no-401', place, 'it needs a login, and does not say what comes without (401)'));
  if (path.includes('{') && errors.length > 0 && !tells('404', '410', '4XX', 'DEFAULT'))
    findings.push(remark('no-404', place, 'it names one thing, and does not say what comes when there is none (404)'));
  const created = answers.find(({ status }) => status === '201');
  if (method === 'POST' && created !== undefined && !created.headers.includes('location')) {
    findings.push(remark('created-without-location', place, '201 comes with the header Location (RFC 9110 section 15.3.2)'));
  }
  return findings;
}

const fault = (rule: string, place: string, text: string): Finding => ({ level: 2, rule, isFault: true, place, text });
const remark = (rule: string, place: string, text: string): Finding => ({ level: 2, rule, isFault: false, place, text });
