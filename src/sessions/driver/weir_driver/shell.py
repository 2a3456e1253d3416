"""Runs statements in one namespace, on the thread that calls it: the main thread, where signals and matplotlib belong."""
import sys

from . import magics
from .capture import Capture, Outlets
from .output import bad, good, plain_error
from .parsing import pieces_of


class Shell:
    """The names of a session, and how a statement becomes its output. `limit`: octets that one output may have."""

    def __init__(self, names, limit):
        self.names = names
        self.capture = None
        self._limit = limit
        self._outlets = Outlets()

    def run(self, number, code):
        """The output of a statement, as octets of JSON. Lets a KeyboardInterrupt through that came outside of the user's code."""
        self.capture = self._outlets.capture = capture = Capture(self._limit)
        before = sys.stdout, sys.stderr
        # Fresh for each statement: one that a statement has put in their place lasts no longer than it.
        sys.stdout = self._outlets.stream("stdout", 1)
        sys.stderr = self._outlets.stream("stderr", 2)
        try:
            return self._result(number, code, capture)
        finally:
            self._outlets.capture = None
            sys.stdout, sys.stderr = before

    def _result(self, number, code, capture):
        try:
            data = None
            for piece in pieces_of(code, magics):
                data = piece.run(self.names)
        except BaseException as error:  # SystemExit, too, ends a statement and not the session
            return bad(number, error, capture.text().rstrip())
        return self._good(number, data or {}, capture.text().rstrip())

    def _good(self, number, data, text):
        if text or not data:
            data["text/plain"] = text
        try:
            octets = good(number, data)
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            return plain_error(number, "TypeError", f"the value cannot be written as JSON: {error}", text)
        if len(octets) <= self._limit + 65536:
            return octets
        return good(number, {"text/plain": f"[cut: the result has {len(octets)} octets, and sessions.output allows {self._limit}]"})
