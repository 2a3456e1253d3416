/**
 * Scores APIs by Richardson's levels. A description is judged by its rules; a live server also by what it answers. Needs nothing of the
 * rest of Weir, and works on anybody's API.
 */
import { type Description, type Json, readDescription } from './description.ts';
import { type Audit, type Finding, levelOf, scoreLevel } from './finding.ts';
import { checkLinks, readsOf } from './rules/links.ts';
import { checkMethods, isPostOnly } from './rules/methods.ts';
import { checkResources } from './rules/resources.ts';
import type { Visit } from './server.ts';

/** Scores a description, together with what was found at the server itself, if anybody looked. */
export function auditDescription(target: string, document: Json, seen: readonly Finding[] = []): Audit {
  const { operations }: Description = readDescription(document);
  const findings = [...checkResources(operations), ...checkMethods(operations), ...checkLinks(operations), ...seen];
  const places = operations.map(({ place }) => place);
  const seenPlaces = (level: number) => new Set(seen.filter((one) => one.level === level).map(({ place }) => place));
  const reads = readsOf(operations).map(({ operation }) => operation.place);
  const isOneAddress = findings.some(({ rule }) => rule === 'one-address');
  const levels = [
    scoreLevel(1, places, findings, isOneAddress),
    scoreLevel(2, [...new Set([...places, ...seenPlaces(2)])], findings, isPostOnly(operations)),
    scoreLevel(3, [...new Set([...reads, ...seenPlaces(3)])], findings),
  ];
  return { target, level: levelOf(levels), levels, findings };
}

/** Scores a server by what it shows: by its description, where it has one, else by the pages that links lead to. */
export function auditVisit(target: string, { pages, description, findings }: Visit): Audit {
  if (description !== undefined) return auditDescription(target, description, findings);
  const places = pages.map(({ path }) => `GET ${path}`);
  const documents = pages.filter(({ status, body }) => status === 200 && typeof body === 'object' && body !== null);
  const seen = new Set(findings.filter(({ level }) => level === 2).map(({ place }) => place));
  const levels = [
    // With one page and no links from it nobody can tell one address from many.
    scoreLevel(1, places, findings, pages.length < 2),
    scoreLevel(2, [...new Set([...places, ...seen])], findings),
    scoreLevel(
      3,
      documents.map(({ path }) => `GET ${path}`),
      findings,
    ),
  ];
  const hint: Finding = {
    level: 1,
    rule: 'no-description',
    isFault: false,
    place: target,
    text: 'no OpenAPI description was found: only what links lead to was looked at',
  };
  return { target, level: levelOf(levels), levels, findings: [hint, ...findings] };
}
