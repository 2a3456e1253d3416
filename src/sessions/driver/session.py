"""The start of a session's process: `python3 session.py DIRECTORY`. It parts in two: the keeper, and the driver that the keeper watches."""
# The parts of Python that the driver needs come first: they are compiled where they lie, and not anew for each data directory.
import ast  # noqa: F401
import base64  # noqa: F401
import codecs  # noqa: F401
import datetime  # noqa: F401
import decimal  # noqa: F401
import io  # noqa: F401
import json  # noqa: F401
import keyword  # noqa: F401
import os
import queue  # noqa: F401
import select  # noqa: F401
import signal  # noqa: F401
import socket  # noqa: F401
import struct  # noqa: F401
import sys
import threading  # noqa: F401
import time  # noqa: F401
import traceback  # noqa: F401
import types  # noqa: F401


def start(directory):
    # Its own modules are compiled beside the sessions, not beside the program, which may be read-only.
    sys.pycache_prefix = os.path.join(os.path.dirname(directory), "pycache")
    from weir_driver.parting import part
    from weir_driver.settings import read_settings

    os.chdir(directory)
    settings = read_settings("start.json")
    part(settings)
    # What the user imports comes from the working directory, never from the folder of this file.
    sys.path[0] = ""
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    from weir_driver.main import run

    if "spark" in settings:
        # Here, and not when it is needed: its compiled form belongs beside the sessions, too.
        import weir_driver.spark  # noqa: F401

    sys.path.pop()
    sys.pycache_prefix = None
    run(settings)


if __name__ == "__main__":
    start(sys.argv[1])
