import { type DuckDBConnection, DuckDBInstance, type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api';
import { type Answer, type AnswerLimits, answerOf } from './result.ts';

/** Limits of the engine: octets, threads, what an answer holds, milliseconds of a query (0: any). */
export type EngineLimits = AnswerLimits & { memory: number; threads: number; timeoutMs: number };

/** What the server lends: see `FlowsLoan`. */
export type Loan = { version: string; sql: string };

/**
 * What a statement may be. The rest would reach past the engine: COPY and EXPORT write files, ATTACH and LOAD open them, and
 * PREPARE hides any of them. What these change is in the memory of this session alone.
 */
const allowed: ReadonlySet<StatementType> = new Set([
  StatementType.SELECT,
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.CREATE,
  StatementType.CREATE_FUNC,
  StatementType.DROP,
  StatementType.ALTER,
  StatementType.TRANSACTION,
  StatementType.ANALYZE,
]);

/** How such a statement begins. Asked as well, and first: to prepare an EXPORT makes its folder. */
const beginning =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*(?:select|with|from|values|table|show|describe|desc|summarize|pivot|unpivot|explain|insert|update|delete|truncate|create|drop|alter|begin|start|commit|rollback|abort|analyze|vacuum)\b/i;

/** An EXPLAIN in front of a statement: comments, blanks, and options in brackets. */
const explaining = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*explain\b(?:\s*\([^)]*\))?(?:\s+analyze\b)?/i;

/** The one function that would write a file, and keeps every statement behind it from running where it may not. */
const logging = /\b(?:enable|disable)_logging\b/i;

/** One DuckDB in memory that reads the files of one folder. */
export class Engine {
  readonly #connection: DuckDBConnection;
  readonly #limits: EngineLimits;
  #version = '';

  private constructor(connection: DuckDBConnection, limits: EngineLimits) {
    this.#connection = connection;
    this.#limits = limits;
  }

  /** Opens it; `files` is the folder that it may read, `spill` where it puts what does not fit its memory. */
  static async open(limits: EngineLimits, { files, spill }: { files: string; spill: string }): Promise<Engine> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.max(1, Math.floor(limits.memory / 1_000_000))}MB`,
      threads: String(limits.threads),
      temp_directory: spill,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const connection = await instance.connect();
    // A lent file never changes, and its name is never used again: what was read of it once holds.
    await connection.run('SET parquet_metadata_cache = true');
    await connection.run("SET validate_external_file_cache = 'NO_VALIDATION'");
    await connection.run(`SET allowed_directories = ['${files.replaceAll("'", "''")}/']`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    return new Engine(connection, limits);
  }

  /** Makes the view `flows` one of these files. */
  async lend({ version, sql }: Loan): Promise<void> {
    if (version === this.#version) return;
    await this.#connection.run(`CREATE OR REPLACE VIEW flows AS ${sql}`);
    this.#version = version;
  }

  /** Runs one query. Throws what the engine says. */
  async run(code: string): Promise<Answer> {
    const timer = this.#limits.timeoutMs === 0 ? undefined : setTimeout(() => this.#overdue(), this.#limits.timeoutMs);
    this.#isOverdue = false;
    try {
      const statement = await this.#prepare(code);
      try {
        return await answerOf(await statement.stream(), this.#limits);
      } finally {
        statement.destroySync();
      }
    } catch (error) {
      throw this.#isOverdue ? new Error(`the query took longer than ${this.#limits.timeoutMs / 1000} s (sessions.sql.timeout)`) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  interrupt(): void {
    this.#connection.interrupt();
  }

  #isOverdue = false;

  #overdue(): void {
    this.#isOverdue = true;
    this.interrupt();
  }

  /** The statement, if it is one that is done here. It is prepared once: with many files that takes milliseconds. */
  async #prepare(code: string): Promise<DuckDBPreparedStatement> {
    if (logging.test(code)) throw new Error('the log of the engine is not for sessions');
    if (!beginning.test(code)) throw refusal('this');
    const statements = await this.#connection.extractStatements(code);
    if (statements.count !== 1) throw new Error(`expected one query, got ${statements.count}`);
    const statement = await statements.prepare(0);
    const { statementType } = statement;
    if (statementType === StatementType.EXPLAIN) (await this.#prepare(code.replace(explaining, ''))).destroySync();
    else if (!allowed.has(statementType)) throw refusal(StatementType[statementType] ?? 'this');
    return statement;
  }
}

const refusal = (what: string): Error => new Error(`${what} is not done here: a session reads the flows and its own tables`);
