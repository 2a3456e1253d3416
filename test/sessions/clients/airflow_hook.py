"""Airflow's Livy hook against a server: `airflow_hook.py HOST PORT FILE`. Prints what it got as JSON."""
import json
import sys
import time
from unittest import mock

from airflow.providers.apache.livy.hooks.livy import BatchState, LivyHook
from airflow.sdk import Connection

host, port, file = sys.argv[1:]
connection = Connection(conn_id="weir", conn_type="livy", host=host, port=int(port), schema="http")
with mock.patch.object(LivyHook, "get_connection", return_value=connection):
    hook = LivyHook(livy_conn_id="weir")
    said = {}
    batch = hook.post_batch(file=file, args=[1, "b"], driver_cores="1", num_executors="2", conf={"weir.kind": "python", "n": 5})
    while hook.get_batch_state(batch) not in hook.TERMINAL_STATES:
        time.sleep(0.05)
    said["state"] = hook.get_batch_state(batch).value
    said["log"] = hook.get_batch_logs(batch, 0, 100)["log"]
    hook.dump_batch_logs(batch)
    said["entry"] = sorted(hook.get_batch(batch))
    said["deleted"] = hook.delete_batch(batch)
print(json.dumps(said))
