"""What the server tells a session or a batch at its start."""
import json


def read_settings(path):
    """The settings as a dictionary; `launch.ts` says what is in it."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)
