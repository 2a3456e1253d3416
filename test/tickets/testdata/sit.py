"""Sits at a terminal: runs a command in one, and for each line "WAIT<tab>TYPE" of standard input waits until WAIT is shown
behind what was waited for before, then types TYPE. Prints all that was shown, without the sequences that move the cursor and colour."""
import os
import pty
import re
import select
import sys
import time

steps = [line.rstrip("\n").split("\t") for line in sys.stdin]
child, terminal = pty.fork()
if child == 0:
    os.environ.update(TERM="xterm", LINES="40", COLUMNS="120")
    os.execvp(sys.argv[1], sys.argv[1:])


def read(seconds):
    """What the terminal shows next; None when the command has ended."""
    if not select.select([terminal], [], [], seconds)[0]:
        return ""
    try:
        return os.read(terminal, 65536).decode(errors="replace") or None
    except OSError:
        return None


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")


shown = ""
seen = 0
for wait, keys in steps:
    until = time.time() + 110
    while wait not in plain(shown)[seen:]:
        part = read(0.2)
        if part is None or time.time() > until:
            sys.exit(f"waited for {wait!r}; shown since: {plain(shown)[seen:]!r}")
        shown += part
    # Prompts draw, then listen.
    time.sleep(0.05)
    seen = plain(shown).index(wait, seen) + len(wait)
    os.write(terminal, keys.replace("<enter>", "\r").encode())
while (part := read(110)) is not None:
    shown += part
sys.stdout.write(plain(shown))
