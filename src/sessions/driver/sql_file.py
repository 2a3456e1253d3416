"""A file of SQL as a batch of Spark: `spark-submit sql_file.py DIRECTORY`. Prints each result as lines of cells with tabs between them."""
import json
import os
import sys

from weir_driver.spark import Spark


class _Lent:
    """The flows as they were lent when the batch was made."""

    def __init__(self, loan):
        self._loan = loan

    def sealed(self):
        return self._loan


def run(directory):
    with open(os.path.join(directory, "sql.json"), encoding="utf-8") as file:
        task = json.load(file)
    loan = task.get("loan")
    spark = Spark({"conf": {}, "rows": task["rows"], "hasFlows": loan is not None}, {}, _Lent(loan))
    for statement in task["statements"]:
        try:
            spark.refresh(statement["code"])
            _show(spark.session.sql(statement["code"]), task["rows"])
        except Exception as error:
            print(f"line {statement['line']}: {error}", file=sys.stderr)
            return 1
    return 0


def _show(table, most):
    if not table.columns:
        return
    print("\t".join(table.columns))
    rows = table.take(most + 1)
    for row in rows[:most]:
        print("\t".join(map(_cell, row)))
    if len(rows) > most:
        print(f"[only {most} rows are shown (sessions.sql.rows)]")
    sys.stdout.flush()


def _cell(value):
    return "NULL" if value is None else str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
