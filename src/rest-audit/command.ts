import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { GlobalOptions } from '../cli/command.ts';
import { createOutput, type Output } from '../cli/output.ts';
import { Problem } from '../core/problem.ts';
import { auditDescription, auditVisit } from './audit.ts';
import { isDescription, parseDocument } from './description.ts';
import type { Audit, Finding } from './finding.ts';
import { visit } from './server.ts';

/** Options of `weir rest audit`. */
export type AuditOptions = GlobalOptions & { atLeast?: number; all?: boolean; header?: string[] };

/** Findings of one rule that are shown without `--all`. */
const shownOfEach = 3;

const meanings = { 1: 'resources', 2: 'methods and statuses', 3: 'links' } as const;

/** Scores the target, prints what was found, and sets the exit code. */
export async function runAudit(target: string, options: AuditOptions): Promise<void> {
  const audit = await auditTarget(target, options.header ?? []);
  const output = createOutput(options);
  if (output.form === 'json') output.json(audit);
  else show(output, audit, options.all === true);
  if (options.atLeast !== undefined && audit.level < options.atLeast) {
    output.note(`expected level ${options.atLeast} at least, got ${audit.level}`);
    process.exitCode = 1;
  }
}

/** Scores a description in a file, on standard input or at an address, or the server there. `headers` are lines `Name: value`. */
export async function auditTarget(target: string, headers: readonly string[] = []): Promise<Audit> {
  if (/^https?:\/\//i.test(target)) {
    if (!URL.canParse(target)) throw new Problem('invalid', `${target} is no address.`, { hint: 'weir rest audit https://HOST/' });
    return auditVisit(target, await visit(new URL(target), readHeaders(headers)));
  }
  const text = target === '-' ? await readAll(process.stdin) : await readFile(target, 'utf8').catch(unreadable(target));
  const document = await parseDocument(text, target);
  if (isDescription(document)) return auditDescription(target, document);
  throw new Problem('invalid', `${target} is no OpenAPI description.`, { detail: 'expected a member openapi of 3.0 or 3.1, and paths' });
}

const unreadable = (target: string) => (cause: unknown) => {
  throw new Problem('not-found', `${target} cannot be read.`, { hint: 'a server is written with http:// or https://', cause });
};

function readHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new Problem('invalid', `--header ${line} is no header`, { hint: "--header 'Name: value'" });
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function show(output: Output, { target, level, levels, findings }: Audit, isAll: boolean): void {
  output.line(`${target}: level ${level} of 3`);
  output.line('');
  const share = (good: number, places: number) => (places === 0 ? 'nothing to look at' : `${good} of ${places} places`);
  output.rows(
    levels.map((one) => ({ ...one, meaning: meanings[one.level] })),
    [
      { title: 'level', show: (one) => String(one.level) },
      { title: 'about', show: (one) => one.meaning },
      { title: 'good', show: (one) => share(one.good, one.places) },
      { title: 'reached', show: (one) => (one.isReached ? 'yes' : 'no') },
    ],
    ['level', 'meaning', 'good', 'places', 'isReached'],
  );
  if (findings.length === 0 || output.form !== 'table') return;
  output.line('');
  output.rows(
    isAll ? findings : fewOfEach(findings),
    [
      { title: 'level', show: (one) => String(one.level) },
      { title: 'kind', show: (one) => (one.isFault ? 'fault' : 'remark') },
      { title: 'rule', show: (one) => one.rule },
      { title: 'where', show: (one) => one.place },
      { title: 'what', show: (one) => one.text },
    ],
    [],
  );
  const hidden = findings.length - fewOfEach(findings).length;
  if (!isAll && hidden > 0) output.note(`${hidden} more of the same kinds: --all shows them`);
}

/** The first few findings of each rule, faults first. */
function fewOfEach(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>();
  return findings
    .toSorted((one, other) => Number(other.isFault) - Number(one.isFault) || one.level - other.level)
    .filter(({ rule }) => {
      const count = (counts.get(rule) ?? 0) + 1;
      counts.set(rule, count);
      return count <= shownOfEach;
    });
}
