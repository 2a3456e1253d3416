"""The rows of a query as Livy shows them: JSON in which numbers keep all their digits."""
import datetime
import decimal
import json
import math


def output(number, schema, rows):
    """The output of a statement, as octets."""
    data = ",".join("[" + ",".join(map(_cell, row)) + "]" for row in rows)
    head = '{"status":"ok","execution_count":%d,"data":{"application/json":{"schema":%s,"data":[' % (number, json.dumps(schema))
    return f"{head}{data}]}}}}}}".encode("utf-8", "replace")


def _cell(value):
    if value is None or isinstance(value, (bool, str, int)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return json.dumps(value if math.isfinite(value) else None)
    if isinstance(value, decimal.Decimal):
        return format(value, "f") if value.is_finite() else "null"
    if isinstance(value, datetime.datetime):
        return json.dumps(value.isoformat(sep=" "))
    if isinstance(value, datetime.date):
        return json.dumps(value.isoformat())
    if isinstance(value, (bytes, bytearray)):
        return json.dumps(bytes(value).hex())
    if hasattr(value, "asDict"):
        value = value.asDict()
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_cell(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_cell, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False)
