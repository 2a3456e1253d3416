"""What the server tells a session at its start."""
import json


def read_settings(path):
    """The settings as a dictionary; see `src/sessions/driver-settings.ts` for what is in it."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)
