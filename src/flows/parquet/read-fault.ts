/**
 * A Parquet file that is not read here: it has something that this reader does not know, or it is broken. Whoever meets this
 * leaves the file to DuckDB, which reads more and tells better what is wrong.
 */
export class Unreadable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unreadable';
  }
}
