#!/usr/bin/env python3
"""Pulls flows out of Weir window by window, each window once, and goes on where the last run stopped.

    python3 examples/poll.py --server http://127.0.0.1:8080 --window 3600 --out pulled

Each window (after, before] of the flows' own time becomes one file `flows-AFTER-BEFORE.ndjson`. A file appears under its
name when it is whole, so the greatest BEFORE in the folder is all the state there is. Needs nothing but Python 3.8.
"""
import argparse
import http.client
import json
import pathlib
import re
import shutil
import sys
import time
import urllib.parse
import urllib.request


def ask(server, path, **query):
    url = f"{server}{path}?{urllib.parse.urlencode(query)}"
    return urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "application/json"}), timeout=60)


def span(server):
    """Time of the first and of the latest flow, in seconds; None where there are no flows."""
    ends = []
    for order in ("time", "-time"):
        with ask(server, "/api/v1/flows", per_page=1, order=order, fields="time") as answer:
            items = json.load(answer)["items"]
        if not items:
            return None
        ends.append(items[0]["time"])
    return ends


def last_pulled(folder):
    """The end of the last window that is in the folder, or None."""
    ends = [int(match[1]) for match in (re.fullmatch(r"flows-\d+-(\d+)\.ndjson", p.name) for p in folder.iterdir()) if match]
    return max(ends, default=None)


def pull(server, folder, after, before):
    """Writes one window. A connection that breaks raises (http.client.IncompleteRead), and the window is asked for again."""
    whole = folder / f"flows-{after}-{before}.ndjson"
    part = whole.with_suffix(".part")
    with ask(server, "/api/v1/stream/flows", scanned_after=after, scanned_before=before, format="ndjson") as answer:
        with part.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
    part.rename(whole)
    with whole.open("rb") as file:
        return whole, sum(1 for _ in file)


def pull_all(server, folder, window, lag):
    """Pulls every window that is over: up to the latest flow, less `lag` seconds in which late flows may still come."""
    ends = span(server)
    if ends is None:
        return
    first, last = ends
    after = last_pulled(folder)
    after = max(0, first - 1) if after is None else after
    while after < last - lag:
        before = min(after + window, last - lag)
        path, flows = pull(server, folder, after, before)
        print(f"{path}: {flows} flows", flush=True)
        after = before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--out", default="pulled", type=pathlib.Path, help="folder of the files")
    parser.add_argument("--window", default=3600, type=int, help="seconds in one file")
    parser.add_argument("--lag", default=0, type=int, help="seconds to stay behind the latest flow")
    parser.add_argument("--every", type=float, help="seconds between two looks; without it, look once")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            pull_all(options.server, options.out, options.window, options.lag)
        except (OSError, http.client.HTTPException) as error:
            print(f"{error}; trying again later" if options.every else error, file=sys.stderr)
            if not options.every:
                sys.exit(1)
        if not options.every:
            return
        time.sleep(options.every)


if __name__ == "__main__":
    main()
