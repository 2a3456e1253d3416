"""A flow listing as people first write one: Flask, a sqlite3 table, a generator that dumps a dict for each row.

It stands for such listings in the benchmark `stream`. Its answers are whole documents, and it serves without reloading.

    python seed-listing.py DATABASE         prints its port when it listens
"""
import json
import sqlite3
import sys

from flask import Flask, Response, request
from werkzeug.serving import make_server

DATABASE = sys.argv[1]
NAMES = ("id", "time", "duration", "src_comp", "src_port", "dst_comp", "dst_port", "protocol", "packet_count", "byte_count")

app = Flask(__name__)


def as_dict(record):
    return {name: record[place] for place, name in enumerate(NAMES)}


def as_json(records):
    yield "["
    separator = ""
    for record in records:
        yield separator + json.dumps(as_dict(record))
        separator = ",\n"
    yield "]"


def as_xml(records):
    yield "<?xml version='1.0' encoding='UTF-8'?><records>"
    for record in records:
        yield "<record>" + "".join(f"<{name}>{value}</{name}>" for name, value in as_dict(record).items()) + "</record>"
    yield "</records>"


@app.route("/api/v1/stream/flows")
def flows():
    connection = sqlite3.connect(DATABASE)
    bounds = (request.args.get("scanned_after", 0), request.args.get("scanned_before", 5011300))
    records = connection.execute("SELECT * FROM flows WHERE time > ? AND time <= ?", bounds)
    if request.args.get("format") == "xml":
        return Response(as_xml(records), mimetype="application/xml")
    return Response(as_json(records), mimetype="application/json")


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
