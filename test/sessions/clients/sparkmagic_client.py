"""sparkmagic's client library against a server: `sparkmagic_client.py URL`. Prints what it got as JSON."""
import json
import os
import site
import sys
import types

# Its package loads the extension of the notebook server, which a client does without.
package = types.ModuleType("sparkmagic")
package.__path__ = [os.path.join(path, "sparkmagic") for path in site.getsitepackages()]
package.__version__ = "0"
sys.modules["sparkmagic"] = package

import sparkmagic.utils.configuration as conf
from sparkmagic.livyclientlib.command import Command
from sparkmagic.livyclientlib.endpoint import Endpoint
from sparkmagic.livyclientlib.livyreliablehttpclient import LivyReliableHttpClient
from sparkmagic.livyclientlib.livysession import LivySession

conf.override_all({"logging_config": {"version": 1}, "livy_session_startup_timeout_seconds": 240})


class Display:
    display = html = write = send_error = writeln = lambda self, *_: None


def session_of(kind):
    return LivySession(LivyReliableHttpClient.from_endpoint(Endpoint(sys.argv[1], None)), {"kind": kind}, Display())


client = LivyReliableHttpClient.from_endpoint(Endpoint(sys.argv[1], None))
session = session_of(sys.argv[2])
session.start()
said = {"status": session.status, "app": session.get_app_id()}
said["text"] = list(Command("print(6 * 7)").execute(session))
said["error"] = list(Command("nobody").execute(session))[:2]
said["listed"] = [one["id"] for one in client.get_sessions()["sessions"]]
said["logs"] = isinstance(session.get_logs(), str)
session.delete()
said["end"] = session.status
print(json.dumps(said, default=str))
