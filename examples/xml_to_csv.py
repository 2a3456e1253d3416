#!/usr/bin/env python3
"""Reads the XML stream record by record, in constant memory, and writes CSV: for systems that were built on the XML.

    python3 examples/xml_to_csv.py 'http://127.0.0.1:8080/api/v1/stream/flows?format=xml&scanned_after=86400' > flows.csv
"""
import csv
import sys
import urllib.request
import xml.etree.ElementTree as ElementTree


def records(stream):
    """Each <record> as a dict of column names and texts."""
    events = ElementTree.iterparse(stream, events=("start", "end"))
    _, root = next(events)
    for event, element in events:
        if event == "end" and element.tag == "record":
            yield {child.tag: child.text or "" for child in element}
            root.clear()  # what has been read is not needed again


def main():
    with urllib.request.urlopen(sys.argv[1], timeout=60) as stream:
        writer = None
        for record in records(stream):
            if writer is None:
                writer = csv.DictWriter(sys.stdout, record.keys(), lineterminator="\n")
                writer.writeheader()
            writer.writerow(record)


if __name__ == "__main__":
    main()
