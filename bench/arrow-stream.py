"""Writes the answer of a query to standard output as an Arrow stream, batch by batch: DuckDB's engine, pyarrow's format.

    python arrow-stream.py DATABASE QUERY
"""
import sys

import duckdb
import pyarrow

database, query = sys.argv[1:]
reader = duckdb.connect(database, read_only=True).sql(query).to_arrow_reader(100_000)
with pyarrow.ipc.new_stream(sys.stdout.buffer, reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)
