"""What the server tells a session or a batch at its start."""
import json


def read_settings(path):
    """The settings as a dictionary; `launch.ts` says what is in it."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def limit_memory(octets):
    """The address space of this process and of those that it starts, each; 0: any."""
    if octets:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (octets, octets))
