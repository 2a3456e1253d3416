/** What runs the statements. `python` is plain, `pyspark` and `spark-sql` have Spark, `sql` is DuckDB over the flows. */
export const kinds = ['python', 'pyspark', 'sql', 'spark-sql'] as const;
export type Kind = (typeof kinds)[number];

/** True for the kinds whose interpreter is Spark. */
export const isSpark = (kind: Kind): boolean => kind === 'pyspark' || kind === 'spark-sql';
