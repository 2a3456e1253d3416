"""pylivy against a server: `pylivy.py URL BATCH_FILE`. Prints what it got as JSON."""
import json
import sys

from livy import LivyBatch, LivySession, SessionKind
from livy.client import LivyClient
from livy.models import SessionState

url, batch_file = sys.argv[1:]
client = LivyClient(url)
said = {"legacy": client.legacy_server()}
with LivySession.create(url, kind=SessionKind.SHARED, name="pylivy") as session:
    session.wait()
    said["listed"] = [one.session_id for one in client.list_sessions()]
    session.run("rows = 1 + 1")
    said["text"] = session.run("print(rows)").text.strip()
    try:
        session.run("1 / 0").raise_for_status()
    except Exception as error:
        said["error"] = f"{type(error).__name__}: {error}"
    said["idle"] = session.state.value
with LivySession.create(url, kind=SessionKind.SQL) as session:
    session.wait()
    said["sql"] = session.read_sql("select src_comp, byte_count from flows order by id").values.tolist()
batch = LivyBatch.create(url, file=batch_file)
batch.wait()
said["batch"] = [batch.state == SessionState.SUCCESS, batch.log()]
batch.kill()
print(json.dumps(said))
