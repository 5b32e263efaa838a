#!/usr/bin/python3
"""OpenStack Swift with its S3 front on loopback, all servers in one process.

    swift-store.py FOLDER PORT    uses PORT to PORT+3; access key `test:tester`, secret `testing`; prints `ready`

It refuses conditional writes (501) and anonymous reading (400): a store that cannot decide who was first. The file must
not be called `swift`, which is the name of the package. FOLDER must be on a file system with extended attributes.
"""
import logging
import os
import signal
import sys
import time

FOLDER, PORT = os.path.abspath(sys.argv[1]), int(sys.argv[2])
PORTS = {"object": PORT + 1, "container": PORT + 2, "account": PORT + 3}
ETC, DISK = FOLDER + "/etc", FOLDER + "/srv"
os.makedirs(DISK + "/d1", exist_ok=True)
os.makedirs(ETC, exist_ok=True)


def write(name, text):
    with open(f"{ETC}/{name}", "w") as file:
        file.write(text)


write(
    "swift.conf",
    "[swift-hash]\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = p0\ndefault = yes\n",
)

import eventlet

eventlet.monkey_patch()
from eventlet import wsgi
from swift.common import storage_policy, utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import SwiftHttpProtocol, loadapp

utils.SWIFT_CONF_FILE = ETC + "/swift.conf"
storage_policy.reload_storage_policies()
utils.validate_configuration()

for name, port in PORTS.items():
    builder = RingBuilder(2, 1, 0)
    device = {"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port}
    device |= {"replication_ip": "127.0.0.1", "replication_port": port, "device": "d1", "weight": 1.0, "meta": ""}
    builder.add_dev(device)
    builder.rebalance(seed=1)
    builder.get_ring().save(f"{ETC}/{name}.ring.gz")

DEFAULTS = (
    f"[DEFAULT]\nswift_dir = {ETC}\ndevices = {DISK}\nmount_check = false\nlog_level = WARNING\n"
    "bind_ip = 127.0.0.1\nfallocate_reserve = 0\ndisable_fallocate = true\n"
)
for name in PORTS:
    write(
        f"{name}-server.conf",
        DEFAULTS + f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n",
    )
FILTERS = "catch_errors gatekeeper healthcheck listing_formats tempurl s3api tempauth slo dlo symlink".split()
EXTRA = {"s3api": "location = us-east-1\n", "tempauth": "user_test_tester = testing .admin\n"}
write(
    "proxy-server.conf",
    DEFAULTS
    + f'[pipeline:main]\npipeline = {" ".join(FILTERS)} proxy-server\n'
    + "".join(f'[filter:{name}]\nuse = egg:swift#{name}\n{EXTRA.get(name, "")}' for name in FILTERS)
    + "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nallow_account_management = true\n",
)


class Cache:
    """The authentication insists on memcached; a dictionary does here."""

    def __init__(self):
        self.values = {}

    def get(self, key, raise_on_error=False, **_):
        value, until = self.values.get(key, (None, 0))
        return None if until and until < time.time() else value

    def set(self, key, value, serialize=True, time=0, **_):
        from time import time as now

        self.values[key] = (value, now() + time if time else 0)

    def delete(self, key, server_key=None):
        self.values.pop(key, None)

    def incr(self, key, delta=1, time=0):
        value = int(self.get(key) or 0) + int(delta)
        self.set(key, value, time=time)
        return value


CACHE, POOL = Cache(), eventlet.GreenPool(2048)
for name, port in [*PORTS.items(), ("proxy", PORT)]:
    app = loadapp(f"{ETC}/{name}-server.conf")
    if name == "proxy":
        inner = app

        def app(env, start):
            env["swift.cache"] = CACHE
            return inner(env, start)

    POOL.spawn_n(
        wsgi.server,
        eventlet.listen(("127.0.0.1", port), backlog=512),
        app,
        log=logging.getLogger("quiet"),
        log_output=False,
        protocol=SwiftHttpProtocol,
        custom_pool=eventlet.GreenPool(512),
    )
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
# In one piece: whoever waits for it reads no further, and a second write would end this process.
os.write(1, b"ready\n")
POOL.waitall()
