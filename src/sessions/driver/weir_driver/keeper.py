"""The parent of the driver: writes what it and its children print to the log, ends all of them together, and notes how the driver ended."""
import fcntl
import json
import os
import select
import signal
import time

# How often it is looked whether the session still has a right to be; what it prints must not make that more often.
_look_seconds = 0.5
# How long it is tried to kill what cannot be killed.
_kill_seconds = 2
# F_SETPIPE_SZ of fcntl(2), which Python names from 3.10 on; and as much as a user without privileges may ask for.
_set_pipe_size = 1031
_pipe_octets = 1 << 20


def keep(driver, reading, settings):
    """Watches over the driver until it has ended; answers the exit code of the keeper itself."""
    _become_reaper()
    return _Keeper(driver, reading, settings).run()


class _Keeper:
    def __init__(self, driver, reading, settings):
        self._driver = driver
        self._reading = reading
        self._grace = settings["graceSeconds"]
        self._most_processes = settings["processes"]
        self._groups = settings["groups"]
        self._log = _Log("log", settings["logOctets"])
        self._reason = None
        self._status = None
        self._kill_at = None
        self._home = os.stat(".").st_ino
        self._directory = os.getcwd()
        self._piece = bytearray(_pipe_octets)

    def run(self):
        waking = self._wake_on_signals()
        os.set_blocking(self._reading, False)
        _widen(self._reading)
        descriptors = [self._reading, waking]
        look_at = 0
        while self._status is None:
            ready, _, _ = select.select(descriptors, [], [], self._seconds_until(look_at))
            if waking in ready:
                _drain(waking)
                self._reap()
            if self._reading in ready and not self._pump():
                descriptors.remove(self._reading)
            if self._seconds_until(look_at) == 0:
                self._reap()
                self._look()
                look_at = time.monotonic() + _look_seconds
        self._kill_all()
        self._pump_rest()
        self._note()
        return 0

    def _wake_on_signals(self):
        waking, woken = os.pipe()
        os.set_blocking(waking, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._end("it was ended"))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return waking

    def _seconds_until(self, look_at):
        """Until it is time to look, or to kill."""
        at = look_at if self._kill_at is None else min(look_at, self._kill_at)
        return max(0, at - time.monotonic())

    def _pump(self):
        """False when nobody is left who could print."""
        try:
            count = os.readv(self._reading, [self._piece])
        except BlockingIOError:
            return True
        self._log.write(memoryview(self._piece)[:count])
        return count > 0

    def _pump_rest(self):
        until = time.monotonic() + 1
        while time.monotonic() < until and self._pump() and select.select([self._reading], [], [], 0)[0]:
            pass

    def _reap(self):
        """False when there are no children any more."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._driver:
                self._status = status

    def _look(self):
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill_all()
        elif not _is_there(self._directory, self._home):
            self._end("its folder is gone")
        elif self._most_processes and _tasks_of_machine() > self._most_processes and len(_tree(os.getpid())) > self._most_processes:
            self._reason = f"more than {self._most_processes} processes"
            self._kill_all()

    def _end(self, reason):
        if self._kill_at is not None:
            return
        self._reason = self._reason or reason
        self._kill_at = time.monotonic() + self._grace
        _signal_group(self._driver, signal.SIGTERM)

    def _kill_all(self):
        """
        The group of the driver at once, so that nothing can fork itself away; then what has left the group. All that is left is a child of this
        process, the reaper, or comes of one: who has no children has ended everything, also what forks and ends over and over and is somebody
        else by the time that a list of processes has been read.
        """
        _signal_group(self._driver, signal.SIGKILL)
        until = time.monotonic() + _kill_seconds
        while self._reap() and time.monotonic() < until:
            for pid in _children():
                _kill(pid)
            for pid in _tree(os.getpid()):
                _kill(pid)
            time.sleep(0.001)

    def _note(self):
        end = {"code": None, "signal": None, "reason": self._reason}
        if os.WIFSIGNALED(self._status):
            end["signal"] = os.WTERMSIG(self._status)
        else:
            end["code"] = os.WEXITSTATUS(self._status)
        if self._reason is None and end["code"] != 0 and _memory_kills(self._groups) > 0:
            end["reason"] = "the kernel ended it: it took more memory than it may (sessions.memory)"
        try:
            with open("end.json.new", "w", encoding="utf-8") as file:
                json.dump(end, file)
            os.replace("end.json.new", "end.json")
        except OSError:
            pass  # the folder went first


class _Log:
    """The log of the session: only grows, up to its limit, and then says so once."""

    def __init__(self, path, limit):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._limit = limit
        self._size = os.fstat(self._file).st_size
        self._is_full = self._size >= limit

    def write(self, octets):
        room = self._limit - self._size
        if self._is_full:
            return
        os.write(self._file, octets[:room])
        self._size += min(len(octets), room)
        if len(octets) > room:
            self._is_full = True
            os.write(self._file, f"\n[the log ends here: it has {self._limit} octets, and sessions.log allows no more]\n".encode())


def _memory_kills(groups):
    """How many processes of these groups the kernel has ended for want of memory; version 2 and 1 tell it in files of their own."""
    for name in ("memory.events", "memory.oom_control"):
        for group in groups:
            try:
                with open(os.path.join(group, name), encoding="ascii") as file:
                    facts = dict(line.split() for line in file)
            except OSError:
                continue
            return int(facts.get("oom_kill", 0))
    return 0


def _become_reaper():
    """Makes this process the parent of all that its children leave behind (prctl(2), PR_SET_CHILD_SUBREAPER): nothing gets away."""
    try:
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def _signal_group(group, number):
    try:
        os.killpg(group, number)
    except OSError:
        pass


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


def _children():
    """Those of this process, read in an instant where the kernel tells them (proc(5), /proc/PID/task/TID/children)."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def _tree(root):
    """The processes below one, zombies left out."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                stat = file.read()
        except OSError:
            continue
        state, parent = stat[stat.rindex(b")") + 2 :].split()[:2]
        if state not in (b"Z", b"X"):
            children.setdefault(int(parent), []).append(int(name))
    found = []
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), []):
            found.append(pid)
            waiting.append(pid)
    return found


def _tasks_of_machine():
    """How many threads there are in all: cheap to ask, and never less than the processes of a session (proc(5), loadavg)."""
    with open("/proc/loadavg", "rb") as file:
        return int(file.read().split()[3].split(b"/")[1])


def _is_there(directory, inode):
    try:
        return os.stat(directory).st_ino == inode
    except OSError:
        return False


def _widen(pipe):
    """Lets more be printed before somebody has to wait: a system that grants no such pipe has the usual one."""
    try:
        fcntl.fcntl(pipe, _set_pipe_size, _pipe_octets)
    except OSError:
        pass


def _drain(descriptor):
    try:
        os.read(descriptor, 4096)
    except BlockingIOError:
        pass
