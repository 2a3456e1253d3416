"""%json, %table and %matplot: results that are more than text."""
import base64
import datetime
import decimal
import io


class UnknownMagic(Exception):
    pass


class MagicError(Exception):
    """A magic that could not do its work. `name` is told as the kind of the error."""

    def __init__(self, name, text):
        super().__init__(text)
        self.name = name


def find(name):
    """The magic of a name: a function of its argument and the names of the session that answers {mime type: value}."""
    if not name:
        raise UnknownMagic("magic command not specified")
    try:
        return _magics[name]
    except KeyError:
        raise UnknownMagic(f"unknown magic command '{name}'") from None


def _value_of(name, names):
    try:
        return names[name]
    except KeyError:
        raise MagicError("NameError", f"name '{name}' is not defined") from None


def _json(name, names):
    return {"application/json": _value_of(name, names)}


def _matplot(name, names):
    picture = io.BytesIO()
    _value_of(name, names).gcf().savefig(picture, format="png")
    return {"image/png": base64.b64encode(picture.getvalue()).decode("ascii")}


def _table(name, names):
    value = _value_of(name, names)
    rows = list(value) if isinstance(value, (list, tuple)) else [value]
    columns = {}
    data = []
    for row in rows:
        cells = _cells(row)
        for key, cell in cells:
            kind = _type_of(cell)
            known = columns.get(key, "NULL_TYPE")
            if known != kind and "NULL_TYPE" not in (known, kind):
                raise MagicError("ValueError", "table rows have different types")
            columns[key] = kind if known == "NULL_TYPE" else known
        data.append(dict(cells))
    headers = sorted(columns, key=lambda key: (0, int(key), "") if key.isdigit() else (1, 0, key))
    return {
        "application/vnd.livy.table.v1+json": {
            "headers": [{"name": key, "type": columns[key]} for key in headers],
            "data": [[_plain(row.get(key)) for key in headers] for row in data],
        }
    }


def _cells(row):
    as_dict = getattr(row, "asDict", None)
    if callable(as_dict):  # Spark's Row
        row = as_dict()
    if isinstance(row, dict):
        return [(str(key), value) for key, value in row.items()]
    if isinstance(row, (list, tuple)):
        return [(str(at), value) for at, value in enumerate(row)]
    return [("0", row)]


# bool before int: True is an int as well. datetime before date for the same reason.
_types = (
    (type(None), "NULL_TYPE"),
    (bool, "BOOLEAN_TYPE"),
    (int, "INT_TYPE"),
    (float, "DOUBLE_TYPE"),
    (str, "STRING_TYPE"),
    (datetime.datetime, "TIMESTAMP_TYPE"),
    (datetime.date, "DATE_TYPE"),
    (decimal.Decimal, "DECIMAL_TYPE"),
    ((list, tuple), "ARRAY_TYPE"),
    (dict, "MAP_TYPE"),
)


def _type_of(value):
    for kind, name in _types:
        if isinstance(value, kind):
            return name
    raise MagicError("TypeError", f"cannot convert a {type(value).__name__} to a table cell")


def _plain(value):
    return str(value) if isinstance(value, (datetime.date, decimal.Decimal)) else value


_magics = {"json": _json, "table": _table, "matplot": _matplot}
