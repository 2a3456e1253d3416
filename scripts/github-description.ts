/**
 * Cuts the operations that the tests use out of GitHub's OpenAPI description:
 *   node scripts/github-description.ts generated/api.github.com.json > test/rest/testdata/github.openapi.json
 * The whole is 13 MB; it is in the npm package @octokit/openapi and in github.com/github/rest-api-description (both MIT).
 */
import { readFileSync } from 'node:fs';

const operations = new Set([
  'meta/root',
  'rate-limit/get',
  'repos/get',
  'users/get-by-username',
  'users/get-authenticated',
  'activity/list-public-events',
  'activity/list-repo-events',
  'activity/list-public-events-for-user',
  'search/repos',
  'issues/list-for-repo',
  'issues/get',
  'issues/create',
  'issues/update',
  'issues/list-comments',
  'issues/create-comment',
]);

type Tree = { [name: string]: Tree };
type Operation = Tree & { operationId: string };

const whole = JSON.parse(readFileSync(process.argv[2] ?? 'generated/api.github.com.json', 'utf8')) as Tree;
const cut: Tree = { openapi: whole.openapi, info: whole.info, paths: {}, components: {} } as Tree;

for (const [path, item] of Object.entries(whole.paths as Tree)) {
  for (const [method, operation] of Object.entries(item as Record<string, Operation>)) {
    if (!operations.has(operation.operationId)) continue;
    const { paths } = cut as { paths: Tree };
    paths[path] ??= {};
    (paths[path] as Tree)[method] = operation;
  }
}
takeReferences(cut.paths as Tree);
process.stdout.write(`${JSON.stringify(cut, undefined, 1)}\n`);

/** Takes along what `$ref` names, and what that names. */
function takeReferences(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    if (name === '$ref' && typeof part === 'string') takeOne(part);
    else takeReferences(part);
  }
}

function takeOne(reference: string): void {
  const names = reference.replace('#/', '').split('/');
  const last = names.pop() as string;
  let from = whole;
  let to = cut;
  for (const name of names) {
    from = from[name] as Tree;
    to[name] ??= {};
    to = to[name] as Tree;
  }
  if (last in to) return;
  to[last] = from[last] as Tree;
  takeReferences(to[last]);
}
