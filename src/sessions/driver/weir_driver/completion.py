"""What an identifier may go on with. Nothing is called and no property is read: only what is there already is looked at."""
import builtins
import keyword
import re

_tail = re.compile(r"((?:[^\W\d]\w*\.)*)([^\W\d]\w*)?$")
_most = 1000


def complete(code, cursor, names):
    """Candidates for the identifier that ends at `cursor` (counted in characters), each the whole identifier."""
    match = _tail.search(code[:cursor])
    path, start = match.group(1), match.group(2) or ""
    if path:
        found = _attributes(path[:-1].split("."), names)
    else:
        if not start:
            return []
        found = {*list(names), *dir(builtins), *keyword.kwlist}
    hidden = start.startswith("_")
    return sorted(name for name in found if name.startswith(start) and (hidden or not name.startswith("_")))[:_most]


def _attributes(path, names):
    import inspect  # slow to load, and no session needs it to start

    scope = names if path[0] in names else vars(builtins)
    try:
        value = scope[path[0]]
        for name in path[1:]:
            value = inspect.getattr_static(value, name)
        return {name for name in dir(value) if isinstance(name, str)}
    except Exception:
        return set()
