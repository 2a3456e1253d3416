/** A statement: a piece of code that a session runs, and what came of it. */

/** Livy's words; code that raised is `available` with an output that says so. */
export type StatementState = 'waiting' | 'running' | 'available' | 'cancelling' | 'cancelled';

/** Which interpreter of the session runs it. */
export type CodeKind = 'python' | 'sql';

/** Where an output lies: small ones in memory, others in a file of their own. JSON text that is never parsed here. */
export type Output = { text: string } | { file: string; octets: number };

/** A part of what Spark does for a statement. */
export type Stage = { id: number; name: string; tasks: number; done: number; active: number; failed: number };

/** Times are milliseconds since 1970, 0 until they are known; progress is 0 to 1. */
export type Statement = {
  id: number;
  code: string;
  kind: CodeKind;
  state: StatementState;
  posted: number;
  started: number;
  completed: number;
  progress: number;
  stages?: Stage[];
  output?: Output;
  /** True when the output is that of an error. */
  hasFailed?: boolean;
};

/** True when nothing more will come. */
export const isDone = ({ state }: Statement): boolean => state === 'available' || state === 'cancelled';

/** The output of a statement that could not be run to its end. */
export const errorOutput = (id: number, ename: string, evalue: string): Buffer =>
  Buffer.from(JSON.stringify({ status: 'error', execution_count: id, ename, evalue, traceback: [] }));
