"""The start of a batch's process: `python3 batch.py DIRECTORY`. It parts in two: the keeper, and the program of the batch, which takes its place."""
import json
import os
import sys


def start(directory):
    # Its own modules are compiled beside the batches, not beside the program, which may be read-only.
    sys.pycache_prefix = os.path.join(os.path.dirname(directory), "pycache")
    from weir_driver.parting import part
    from weir_driver.settings import read_settings

    os.chdir(directory)
    settings = read_settings("start.json")
    part(settings, _tell)
    os.close(3)
    words = settings["words"]
    try:
        os.chdir("work")
        os.execve(words[0], words, {**os.environ, **settings["environment"]})
    except OSError as error:
        os.write(2, f"{words[0]} does not start: {error}\n".encode())
    os._exit(127)


def _tell(program):
    """Tells the server that waits for this line, and one that comes later: who keeps, and whose group has to end with him."""
    with open("processes.json.new", "w", encoding="utf-8") as file:
        json.dump({"keeper": _identity(os.getpid()), "program": _identity(program)}, file)
    os.replace("processes.json.new", "processes.json")
    os.write(3, b"ready\n")
    os.close(3)


def _identity(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        stat = file.read()
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    return {"pid": pid, "start": stat[stat.rindex(b")") + 2 :].split()[19].decode(), "boot": boot}


if __name__ == "__main__":
    start(sys.argv[1])
