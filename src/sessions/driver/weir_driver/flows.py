"""`flows`, ready in every session: the flows of the server, with the columns that they have everywhere."""
import json
import os


class Flows:
    """
    flows(filter=None, fields=None, limit=None): the flows that a filter of Weir wants, as the best that can be imported here makes of
    them: a DataFrame of pandas, a table of pyarrow, or a list of dictionaries. In a session of Spark without arguments: its DataFrame.

    flows.rows(...)  dictionaries, one after the other, whatever is installed
    flows.files()    the Parquet files of now, which stay as they are while the session lives
    """

    def __init__(self, ask):
        self._ask = ask
        self.spark = None

    def __call__(self, filter=None, fields=None, limit=None):
        if self.spark is not None and filter is None and fields is None:
            table = self.spark.flows()
            return table if limit is None else table.limit(limit)
        try:
            import pyarrow
        except ImportError:
            return list(self.rows(filter, fields, limit))
        path = self._ask(_wish("arrow", filter, fields, limit))["file"]
        try:
            with pyarrow.ipc.open_stream(path) as stream:
                table = stream.read_all()
        finally:
            os.unlink(path)
        try:
            return table.to_pandas()
        except ImportError:
            return table

    def rows(self, filter=None, fields=None, limit=None):
        """One dictionary for each flow."""
        path = self._ask(_wish("ndjson", filter, fields, limit))["file"]
        try:
            with open(path, encoding="utf-8") as file:
                for line in file:
                    yield json.loads(line)
        finally:
            os.unlink(path)

    def files(self):
        """Absolute names of the Parquet files that hold the flows of now."""
        return [file["path"] for file in self.sealed()["files"]]

    def sealed(self):
        """The files of now with their shapes, and the columns of the flows."""
        return self._ask({"format": "files"})

    def __repr__(self):
        return "<the flows of this server: flows(filter, fields, limit), flows.rows(), flows.files()>"


def _wish(form, filter, fields, limit):
    wish = {"format": form}
    if filter is not None:
        wish["filter"] = str(filter)
    if fields is not None:
        wish["fields"] = fields if isinstance(fields, str) else ",".join(fields)
    if limit is not None:
        wish["limit"] = int(limit)
    return wish
