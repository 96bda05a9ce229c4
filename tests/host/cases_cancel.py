"""Cancel requests: across workers, in crowds, never another statement."""
import os
import random
import struct
import threading
import time

from world import closed, until, wire


def case_hundred_cancels(world):
    """A hundred at the same moment, over four workers: each hits its own statement; bystanders and next statements are untouched."""
    proxy = world.proxy(arguments=["--workers", "4"])
    victims = [world.connect(proxy, timeout=60) for _ in range(60)]
    bystanders = [world.connect(proxy, timeout=60) for _ in range(40)]
    for c in victims:
        c.send(wire.query("SELECT pg_sleep(100)"))
    for c in bystanders:
        c.send(wire.query("SELECT pg_sleep(4), 'untouched'"))
    time.sleep(1)
    wrong = [struct.pack("!II", struct.unpack("!I", c.key[:4])[0], random.getrandbits(32)) for c in bystanders]
    threads = [threading.Thread(target=wire.cancel, args=("127.0.0.1", proxy.port, key), daemon=True)
               for key in [c.key for c in victims] + wrong]
    random.Random(1).shuffle(threads)
    for t in threads:
        t.start()
    for c in victims:
        error = c.until_ready().error
        assert error and error["C"] == "57014", error
        assert c.query("SELECT 1").rows() == [["1"]], "the next statement was hit"
    for t in threads:
        t.join(30)
        assert not t.is_alive(), "a cancel request hangs"
    for c in bystanders:
        assert c.until_ready().rows()[0][1] == "untouched"
    for c in victims + bystanders:
        c.close()


def case_late_cancels(world):
    """A statement that ends in the same moment: when the request is closed, nothing is left that could hit the next one."""
    proxy = world.proxy()
    c = world.connect(proxy)
    cancelled = 0
    for i in range(100):
        c.send(wire.query(f"SELECT pg_sleep({0.001 * (i % 10)})"))
        wire.cancel("127.0.0.1", proxy.port, c.key)
        reply = c.until_ready()
        cancelled += bool(reply.error)
        assert not reply.error or reply.error["C"] == "57014", reply.error
        assert c.query("SELECT 1").rows() == [["1"]], f"round {i}"
    c.close()
    # And for a session that has ended meanwhile: nothing happens, nobody hangs.
    time.sleep(0.2)
    wire.cancel("127.0.0.1", proxy.port, c.key)
    assert proxy.alive()


def case_keys_of_protocol_3_2(world):
    """Longer keys; a part of a key is none."""
    proxy = world.proxy()
    c = wire.connect(proxy.port, "postgres", "postgres", "shop", version=3 << 16 | 2, timeout=20)
    assert len(c.key) > 8, "the key has four bytes in 3.2, too"
    c.send(wire.query("SELECT pg_sleep(3), 'still here'"))
    time.sleep(0.3)
    wire.cancel("127.0.0.1", proxy.port, c.key[:8])
    wire.cancel("127.0.0.1", proxy.port, c.key[:-1] + bytes([c.key[-1] ^ 1]))
    wire.cancel("127.0.0.1", proxy.port, c.key + b"\0")
    assert c.until_ready().rows()[0][1] == "still here"
    c.send(wire.query("SELECT pg_sleep(60)"))
    time.sleep(0.3)
    wire.cancel("127.0.0.1", proxy.port, c.key)
    assert c.until_ready().error["C"] == "57014"
    c.close()


def case_flood_of_cancels(world):
    """Hundreds of requests, right and wrong, some kept open: bounded, and the sessions go on."""
    relay = world.relay()
    proxy = world.proxy("max_unauthenticated = 40\nlogin_timeout = 60s", upstream=world.relay_url(relay))
    c = world.connect(proxy)
    c.send(wire.query("SELECT pg_sleep(3)"))
    time.sleep(0.3)
    # From now on the server takes connections and says nothing: cancels pile up.
    relay.mode = "silent"
    request = struct.pack("!II", 16, 80877102) + c.key[:8]
    sockets = [wire.Connection("127.0.0.1", proxy.port, 10) for _ in range(200)]
    for s in sockets:
        s.send(request)
    time.sleep(0.7)
    descriptors = len(os.listdir(f"/proc/{proxy.process.pid}/fd"))
    assert descriptors < 140, f"{descriptors} descriptors are held by cancel requests"
    relay.mode = "pass"
    for s in sockets:
        s.close()
    c.until_ready()
    assert c.query("SELECT 1").rows() == [["1"]]
    c.close()


def case_client_gone_cancels_its_statement(world):
    proxy = world.proxy()
    c = world.connect(proxy)
    c.send(wire.query("SELECT pg_sleep(77)"))
    time.sleep(0.4)
    c.socket.close()
    until(lambda: world.cluster.sql("shop", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(77)%' "
                                            "AND pid <> pg_backend_pid()").strip() == "0", what="the statement still runs")


__all__ = ["closed"]
