"""The output of a statement as clients of Livy read it, as octets of JSON."""
import json
import os
import traceback

from .parsing import FILE


_own_folder = os.path.dirname(os.path.abspath(__file__))


def good(number, data):
    return _octets({"status": "ok", "execution_count": number, "data": data})


def bad(number, error, printed=""):
    """The output of a statement that raised. What it had printed goes along as text."""
    output = {
        "status": "error",
        "execution_count": number,
        "ename": getattr(error, "name", None) if type(error).__name__ == "MagicError" else type(error).__name__,
        "evalue": _text_of(error),
        "traceback": _lines(error),
    }
    if printed:
        output["data"] = {"text/plain": printed}
    return _octets(output)


def plain_error(number, name, text, printed=""):
    """The output of a statement that failed outside of Python."""
    output = {"status": "error", "execution_count": number, "ename": name, "evalue": text, "traceback": []}
    if printed:
        output["data"] = {"text/plain": printed}
    return _octets(output)


def _octets(output):
    # allow_nan: NaN is no JSON, and clients in other languages stop at it.
    try:
        return json.dumps(output, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(output, allow_nan=False, separators=(",", ":")).encode("ascii")


def _text_of(error):
    try:
        return str(error)
    except Exception:
        return "<the error cannot be printed>"


def _lines(error):
    """The traceback without the frames of this driver: they end with that of the statement itself."""
    if type(error).__name__ in ("UnknownMagic", "MagicError"):
        return []
    frames = None if isinstance(error, SyntaxError) and not _is_raised_by_user(error) else error.__traceback__
    try:
        lines = traceback.format_exception(type(error), error, frames, chain=False)
    except Exception:
        return [f"{type(error).__name__}\n"]
    # An interrupt ends in a frame of this driver, which is of no use to anybody.
    lines = [line for line in lines if not line.startswith(f'  File "{_own_folder}') or frames is None]
    for at, line in enumerate(lines):
        if line.startswith(f'  File "{FILE}"') and line.split("\n", 1)[0].endswith("in <module>"):
            return lines[:1] + lines[at + 1 :]
    return lines


def _is_raised_by_user(error):
    """False for code of the statement itself that does not parse: nothing of it has run."""
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == FILE:
            return True
        frame = frame.tb_next
    return False
