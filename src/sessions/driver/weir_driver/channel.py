"""Frames between server and driver over a Unix socket: four octets of length (big-endian), then as many octets of JSON or of raw text."""
import json
import os
import select
import socket
import struct
import threading

_length = struct.Struct(">I")
# A server does not send more than a statement; a longer frame is none.
_longest = 256 * 1024 * 1024


class Channel:
    """Listens in the session's folder; one server at a time, the latest wins. `send` works from any thread."""

    def __init__(self, path):
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._listener.bind(path)
        finally:
            os.umask(before)
        self._listener.listen(4)
        self._peer = None
        self._received = bytearray()
        self._lock = threading.Lock()

    @property
    def is_connected(self):
        return self._peer is not None

    def wait(self, timeout):
        """The frames that have arrived within so many seconds (None: however long it takes), and whether a server has just connected."""
        sockets = [self._listener] if self._peer is None else [self._listener, self._peer]
        ready, _, _ = select.select(sockets, [], [], timeout)
        is_new = self._listener in ready
        if is_new:
            self._accept()
            return [], True
        return (self._read() if ready else []), False

    def send(self, message, raw=None):
        """Sends a message, and a raw text behind it; False when nobody is there to take it."""
        text = json.dumps(message, separators=(",", ":")).encode()
        frame = _length.pack(len(text)) + text
        with self._lock:
            peer = self._peer
            if peer is None:
                return False
            try:
                if raw is None:
                    peer.sendall(frame)
                else:
                    peer.sendall(frame + _length.pack(len(raw)) + raw if len(raw) < 65536 else frame + _length.pack(len(raw)))
                    if len(raw) >= 65536:
                        peer.sendall(raw)
                return True
            except OSError:
                # The reading side sees the same and forgets the peer.
                return False

    def _accept(self):
        peer, _ = self._listener.accept()
        with self._lock:
            old, self._peer = self._peer, peer
            self._received = bytearray()
        if old is not None:
            old.close()

    def _read(self):
        try:
            octets = self._peer.recv(1 << 20)
        except OSError:
            octets = b""
        if not octets:
            self._drop()
            return []
        self._received += octets
        return self._frames()

    def _drop(self):
        with self._lock:
            self._peer.close()
            self._peer = None

    def _frames(self):
        frames = []
        at = 0
        while len(self._received) - at >= 4:
            (length,) = _length.unpack_from(self._received, at)
            if length > _longest:
                self._drop()
                return frames
            if len(self._received) - at - 4 < length:
                break
            frames.append(json.loads(bytes(self._received[at + 4 : at + 4 + length])))
            at += 4 + length
        del self._received[:at]
        return frames
