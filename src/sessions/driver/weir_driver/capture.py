"""What a statement prints: kept apart by stream, bounded together, and readable while it grows."""
import codecs
import io
import os
import threading


class Capture:
    """The output of one statement. `limit` is octets of both streams together; what is more is thrown away, and said so."""

    def __init__(self, limit):
        self._limit = limit
        self._size = 0
        self._parts = {"stdout": [], "stderr": []}
        self._told = {"stdout": 0, "stderr": 0}
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in self._parts}
        self._lock = threading.Lock()
        self.is_cut = False

    def write(self, name, octets):
        with self._lock:
            room = self._limit - self._size
            if room <= 0:
                self.is_cut = self.is_cut or len(octets) > 0
                return
            if len(octets) > room:
                octets = octets[:room]
                self.is_cut = True
            self._size += len(octets)
            self._parts[name].append(octets)

    def text(self):
        """What was printed: standard output, then standard error."""
        with self._lock:
            text = b"".join(self._parts["stdout"] + self._parts["stderr"]).decode("utf-8", "replace")
        return f"{text.rstrip()}\n[cut: more than {self._limit} octets were printed]" if self.is_cut else text

    def news(self):
        """(stream, text) of what was printed since it was last asked."""
        news = []
        for name, parts in self._parts.items():
            with self._lock:
                octets = b"".join(parts[self._told[name] :])
                self._told[name] = len(parts)
            text = self._decoders[name].decode(octets)
            if text:
                news.append((name, text))
        return news


class Outlets:
    """Makes the streams of a statement. A stream that outlives its statement (in a logging handler) writes to the one that runs then."""

    def __init__(self):
        self.capture = None

    def stream(self, name, descriptor):
        raw = _Outlet(self, name, descriptor)
        return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)


class _Outlet(io.BufferedIOBase):
    def __init__(self, outlets, name, descriptor):
        self._outlets = outlets
        self._name = name
        self._descriptor = descriptor

    def writable(self):
        return True

    def write(self, octets):
        octets = bytes(octets)
        capture = self._outlets.capture
        if capture is not None:
            capture.write(self._name, octets)
        else:
            # Between statements there is only the log of the session.
            os.write(self._descriptor, octets)
        return len(octets)

    def fileno(self):
        # For child processes that are to print "to the same place": they print to the log.
        return self._descriptor
