"""What programs do with python-etcd: argv[1] is the port. Prints one line for each thing done."""
import json
import sys
import threading
import time
import urllib.request

import etcd

client = etcd.Client(host="127.0.0.1", port=int(sys.argv[1]), allow_reconnect=False)


def until_watched():
    while json.load(urllib.request.urlopen("http://127.0.0.1:%s/v2/stats/store" % sys.argv[1]))["watchers"] == 0:
        time.sleep(0.02)



written = client.write("/py/message", "hello é <&>", ttl=600)
print("write", written.action, written.newKey, written.value, written.ttl > 300)
print("read", client.read("/py/message").value, client.get("/py/message").ttl > 300)
print("machines", len(client.machines) > 0, len(client.members))
try:
    client.read("/py/none")
except etcd.EtcdKeyNotFound as error:
    print("missing", error.payload["errorCode"])
try:
    client.write("/py/message", "other", prevExist=False)
except etcd.EtcdAlreadyExist as error:
    print("exists", error.payload["errorCode"])
try:
    client.test_and_set("/py/message", "swapped", "wrong")
except etcd.EtcdCompareFailed as error:
    print("compare", error.payload["cause"])
print("swap", client.test_and_set("/py/message", "swapped", "hello é <&>").action)
print("update", client.update(client.read("/py/message")).action)
first = client.write("/py/queue", "one", append=True)
second = client.write("/py/queue", "two", append=True)
print("queue", first.key < second.key, [leaf.value for leaf in client.read("/py/queue", sorted=True).leaves])
client.write("/py/dir", None, dir=True)
for name in ("b", "a", "sub/c"):
    client.write("/py/dir/" + name, name)
print("tree", [leaf.key for leaf in client.read("/py/dir", recursive=True, sorted=True).leaves])
try:
    client.delete("/py/dir", dir=True)
except etcd.EtcdDirNotEmpty:
    print("not empty")
client.delete("/py/dir", recursive=True, dir=True)
print("deleted", "/py/dir" in client)

seen = []
watcher = threading.Thread(target=lambda: seen.append(client.watch("/py/watched", timeout=100)))
watcher.start()
until_watched()
other = etcd.Client(host="127.0.0.1", port=int(sys.argv[1]))
index = other.write("/py/watched", "now").modifiedIndex
watcher.join()
print("watch", seen[0].action, seen[0].value, seen[0].modifiedIndex == index)
print("past", client.watch("/py/watched", index=index, timeout=100).value)

eternal = []
def collect():
    for event in client.eternal_watch("/py/eternal", recursive=True):
        eternal.append(event.value)
        if len(eternal) == 3:
            return
collector = threading.Thread(target=collect)
collector.start()
until_watched()
for number in range(3):
    other.write("/py/eternal/%d" % number, str(number))
collector.join()
print("eternal", eternal)

lock = etcd.Lock(client, "job")
lock.acquire(blocking=True, lock_ttl=300)
print("lock", lock.is_acquired, etcd.Lock(other, "job").acquire(blocking=False))
lock.release()
print("leader", client.leader["name"] != "")
