"""The driver itself. The main thread runs the user's code; a second thread speaks with the server, and interrupts the first."""
import os
import queue
import signal
import sys
import threading
import time
import types

from .channel import Channel
from .completion import complete
from .flows import Flows
from .output import bad, plain_error
from .shell import Shell

# How often output is passed on while a statement runs, in seconds.
_beat = 0.05
# Characters that one message about output has at most.
_piece = 64 * 1024


def run(settings):
    """Serves until the server says otherwise, or until no server has come for too long."""
    Driver(settings).run()


class Driver:
    def __init__(self, settings):
        self._settings = settings
        self._channel = Channel("driver.sock")
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self._shell = Shell(module.__dict__, settings["outputOctets"])
        self._tasks = queue.SimpleQueue()
        self._running = None
        self._interrupted = None
        self._began = 0.0
        self._unconfirmed = {}
        self._seen = -1
        self._finished = -1
        self._spark = None
        self._info = None
        self._told = None
        self._flows = Flows(self._ask_flows)
        self._flows_answers = queue.SimpleQueue()
        module.__dict__["flows"] = self._flows

    def run(self):
        signal.signal(signal.SIGINT, self._on_interrupt)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        threading.Thread(target=self._serve, name="weir", daemon=True).start()
        # The server waits for this line before it connects.
        os.write(3, b"ready\n")
        os.close(3)
        self._start_engine()
        while True:
            self._execute(self._tasks.get())

    # The main thread.

    def _start_engine(self):
        info = {}
        if self._settings["kind"] == "pyspark":
            from .spark import Spark

            try:
                self._spark = Spark(self._settings["spark"], self._shell.names, self._flows)
                info = self._spark.info()
            except BaseException as error:
                self._give_up(f"Spark did not start: {type(error).__name__}: {error}")
            signal.signal(signal.SIGINT, self._on_interrupt)  # Spark has put its own in place
        self._info = info
        self._channel.send({"type": "ready", "info": info})

    def _give_up(self, reason):
        sys.stderr.write(f"{reason}\n")
        sys.stderr.flush()
        self._channel.send({"type": "failed", "reason": reason.split("\n", 1)[0][:2000]})
        os._exit(1)

    def _execute(self, task):
        number = task["id"]
        try:
            self._began = time.monotonic()
            self._running = number
            output = self._output_of(task)
            self._running = None
        except KeyboardInterrupt as error:  # between two lines of ours
            self._running = None
            output = bad(number, error)
        capture = self._shell.capture
        self._unconfirmed[number] = output
        self._tell_news(number, capture, only_if_begun=True)
        self._told = None
        self._finished = number
        self._channel.send({"type": "done", "id": number}, output)

    def _output_of(self, task):
        number, kind = task["id"], task.get("kind")
        if self._interrupted == number:
            raise KeyboardInterrupt
        if self._spark is not None:
            self._spark.begin(number)
            try:
                self._spark.refresh(task["code"])
            except Exception as error:
                sys.stderr.write(f"the view of the flows is not there, or not new: {error}\n")
        if kind == "sql":
            if self._spark is None:
                return plain_error(number, "InterpreterError", "this session has no Spark, and so no SQL")
            return self._spark.sql(number, task["code"])
        return self._shell.run(number, task["code"])

    def _on_interrupt(self, _number, _frame):
        # One that comes late must not hit the statement behind the one that it was meant for.
        if self._running is not None and self._interrupted == self._running:
            raise KeyboardInterrupt

    # The thread that speaks with the server.

    def _serve(self):
        patience = self._settings["reconnectSeconds"]
        alone_since = time.monotonic()
        while True:
            frames, is_new = self._channel.wait(self._pause())
            if is_new:
                self._greet()
            for frame in frames:
                self._hear(frame)
            if self._channel.is_connected:
                alone_since = None
                self._look()
            else:
                alone_since = alone_since or time.monotonic()
                if time.monotonic() - alone_since > patience:
                    sys.__stderr__.write(f"no server came for {patience} s: the session ends\n")
                    os.kill(os.getppid(), signal.SIGTERM)
                    return

    def _pause(self):
        if not self._channel.is_connected:
            return 1.0
        if self._seen != self._finished:
            return _beat
        return None if self._spark is None else 1.0

    def _greet(self):
        hello = {"type": "hello", "pid": os.getpid(), "seen": self._seen, "running": self._running, "info": self._info}
        ended = list(self._unconfirmed.items())
        hello["done"] = [number for number, _ in ended]
        self._channel.send(hello)
        for number, output in ended:
            self._channel.send({"type": "done", "id": number}, output)

    def _hear(self, frame):
        kind = frame["type"]
        if kind == "run":
            self._seen = frame["id"]
            self._tasks.put(frame)
        elif kind == "ack":
            self._unconfirmed.pop(frame["id"], None)
        elif kind == "cancel":
            self._interrupt(frame["id"])
        elif kind == "complete":
            candidates = complete(frame["code"], frame["cursor"], self._shell.names)
            self._channel.send({"type": "completed", "call": frame["call"], "candidates": candidates})
        elif kind == "flows":
            self._flows_answers.put(frame)

    def _interrupt(self, number):
        self._interrupted = number
        if self._running != number:
            return
        if self._spark is not None:
            self._spark.cancel(number)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def _look(self):
        number = self._running
        if number is not None and time.monotonic() - self._began >= _beat:
            self._tell_news(number, self._shell.capture)
            self._tell_progress(number)
        if self._spark is not None and not self._spark.is_alive():
            self._give_up("the JVM of Spark has ended")

    def _tell_news(self, number, capture, only_if_begun=False):
        """Passes on what was printed since. A short statement prints nothing ahead of its end."""
        if capture is None or (only_if_begun and self._told != number):
            return
        self._told = number
        for name, text in capture.news():
            for at in range(0, len(text), _piece):
                self._channel.send({"type": "printed", "id": number, "stream": name, "text": text[at : at + _piece]})

    def _tell_progress(self, number):
        if self._spark is None:
            return
        progress = self._spark.progress(number)
        if progress is not None:
            self._channel.send({"type": "progress", "id": number, **progress})

    def _ask_flows(self, wish):
        """Asks the server for the flows: the folder and the files of now. Called by the user's code."""
        if not self._channel.send({"type": "flows", "wish": wish}):
            raise RuntimeError("the server is away; try again when it is back")
        answer = self._flows_answers.get()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer
