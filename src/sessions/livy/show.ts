/** Sessions and statements as Livy shows them: every key always there, and none besides. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Kind } from '../kind.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import type { Statement } from '../statement.ts';

/** Lines of the log in the entry of a session. */
const tailLines = 10;

/** A large output goes out in pieces of so many octets. */
const pieceOctets = 1 << 20;

/** Clients know six kinds and stop at any other: a plain Python is one that runs what it is given. */
const wireKinds: Record<Kind, string> = { python: 'shared', pyspark: 'pyspark', sql: 'sql', 'spark-sql': 'sql' };

/** The entry of a session; `hasLog` is false for who may not see what it prints. */
export function showSession(sessions: Sessions, session: Session, hasLog: boolean): object {
  const { id, kind, request, owner, appId, appInfo } = session;
  const { name, jars, pyFiles, files, archives, conf, queue, ttl, idleTimeout, heartbeatTimeoutInSecond } = request;
  const { driverMemory, driverCores, executorMemory, executorCores, numExecutors } = request;
  return {
    id,
    name,
    appId: appId ?? null,
    owner: owner === 'local' ? null : owner,
    proxyUser: null,
    state: sessions.stateOf(session),
    kind: wireKinds[kind],
    appInfo: { driverLogUrl: null, sparkUiUrl: null, executorLogUrls: null, ...appInfo, weirKind: kind },
    log: hasLog ? sessions.tailOf(session, tailLines) : [],
    ttl,
    idleTimeout,
    driverMemory,
    driverCores,
    executorMemory,
    executorCores,
    numExecutors,
    conf: hasLog ? conf : {},
    archives,
    files,
    jars,
    pyFiles,
    heartbeatTimeoutInSecond,
    queue,
  };
}

/** The JSON text of a statement around its output, which is never parsed here: its numbers keep their digits. */
function around({ id, code, state, progress, started, completed }: Statement, more: object): { head: string; tail: string } {
  const head = JSON.stringify({ id, code, state }).slice(0, -1);
  const tail = JSON.stringify({ progress, started, completed, ...more }).slice(1);
  return { head: `${head},"output":`, tail: `,${tail}` };
}

/** The text of a statement whose output lies in memory; undefined for a large one. */
export function statementText(statement: Statement, more: object = {}): string | undefined {
  const { output } = statement;
  if (output !== undefined && 'file' in output) return undefined;
  const { head, tail } = around(statement, more);
  return `${head}${output === undefined ? 'null' : output.text}${tail}`;
}

/** The text of a statement, piece by piece. */
export async function* statementPieces(statement: Statement, more: object = {}): AsyncGenerator<string | Buffer> {
  const { output } = statement;
  const { head, tail } = around(statement, more);
  yield head;
  if (output === undefined) yield 'null';
  else if ('text' in output) yield output.text;
  else yield* createReadStream(output.file, { highWaterMark: pieceOctets }) as Readable & AsyncIterable<Buffer>;
  yield tail;
}
