"""The server's restarts and refusals, as clients see them."""
import signal
import struct
import threading
import time

from world import fatal, until, wire

STARTING = b"E" + struct.pack("!I", 4 + len(b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0")) + \
    b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"


def case_server_that_is_starting(world):
    """57P03: a new session waits as long as server_wait, then gets in, or is told in the server's words."""
    relay = world.relay()
    proxy = world.proxy("server_wait = 2s", upstream=world.relay_url(relay, sslmode="disable"))
    relay.mode = STARTING
    begun = time.monotonic()
    error = world.refused(proxy)
    assert error["C"] == "57P03" and error["M"] == "the database system is starting up", error
    assert time.monotonic() - begun > 1.5, "it did not wait"
    got = []
    thread = threading.Thread(target=lambda: got.append(world.connect(proxy).query("SELECT 3").rows()), daemon=True)
    thread.start()
    time.sleep(1)
    relay.mode = "pass"
    thread.join(10)
    assert got == [[["3"]]], got


def case_server_restart(world):
    """A fast shutdown: sessions get the server's 57P01; after the restart new sessions work, without a word to tenantry."""
    proxy = world.proxy("server_wait = 20s")
    idle, busy = world.connect(proxy), world.connect(proxy)
    busy.query("BEGIN").check()
    world.cluster.halt(signal.SIGINT)
    try:
        assert fatal(idle)["C"] == "57P01" and fatal(busy)["C"] == "57P01"
        got = []
        thread = threading.Thread(target=lambda: got.append(world.connect(proxy, timeout=30).query("SELECT 4").rows()), daemon=True)
        thread.start()
        time.sleep(0.5)
    finally:
        world.cluster.start()
    thread.join(30)
    assert got == [[["4"]]], got
    c = world.connect(proxy)
    assert c.query("SELECT count(*) FROM entries").rows() == [["10"]]
    # Schema changes are seen again, too: the catalogs' own connection is back.
    c.query("CREATE TABLE later (id int PRIMARY KEY)").check()
    c.query("INSERT INTO later VALUES (1)").check()
    assert c.query("SELECT * FROM later").rows() == [["1"]]
    c.query("DROP TABLE later")
    world.cluster.sql("shop", "DROP TABLE IF EXISTS later")
    c.close()


def case_server_gone_without_a_word(world):
    """The connection breaks in the middle of a statement: 08006 at once, not a hang."""
    relay = world.relay()
    proxy = world.proxy(upstream=world.relay_url(relay, sslmode="disable"))
    c = world.connect(proxy)
    c.send(wire.query("SELECT pg_sleep(60)"))
    time.sleep(0.3)
    relay.cut()
    assert fatal(c)["C"] == "08006"
    world.connect(proxy).close()


def case_database_is_gone(world):
    """A database that was dropped: the server's 3D000 reaches the client; when it is made anew, sessions work again."""
    world.cluster.create_database("other")
    world.cluster.sql("other", "CREATE TABLE entries (id int PRIMARY KEY)")
    proxy = world.proxy("schema_check_interval = 200ms", upstream=world.cluster.url("other"))

    def come():
        return wire.connect(proxy.port, "postgres", "postgres", "other", timeout=20)
    c = come()
    c.query("INSERT INTO entries VALUES (1)").check()
    world.cluster.drop_database("other")
    try:
        come()
        raise AssertionError("let in without a database")
    except wire.ServerError as e:
        assert e.fields["C"] == "3D000", e.fields
    world.cluster.create_database("other")
    world.cluster.sql("other", "CREATE TABLE tenants (id int PRIMARY KEY, name text); INSERT INTO tenants VALUES (1, 'a'), (2, 'b');"
                               "CREATE TABLE entries (id int PRIMARY KEY, tenant_id int NOT NULL);"
                               "INSERT INTO entries VALUES (1, 1), (666, 2)")
    rows = until(lambda: _rows(come), what="the new database is not found")
    assert rows == [["1"]], rows
    proxy.stop()
    world.cluster.drop_database("other")


def case_default_changed_from_outside(world):
    """A default that somebody else has set is known after the next look: it goes into a temporary table made LIKE the tenants' one."""
    world.cluster.create_database("other")
    world.cluster.sql("other", "CREATE TABLE entries (id int PRIMARY KEY, note text DEFAULT 'before')")
    proxy = world.proxy("schema_check_interval = 200ms", upstream=world.cluster.url("other"))

    def default():
        c = wire.connect(proxy.port, "postgres", "postgres", "other", timeout=20)
        c.query("CREATE TEMP TABLE t (LIKE entries INCLUDING DEFAULTS)").check()
        rows = c.query("INSERT INTO t (id) VALUES (1) RETURNING *").rows()
        c.close()
        return rows
    assert default() == [["1", "before"]]
    world.cluster.sql("other", "ALTER TABLE entries ALTER note SET DEFAULT 'after'")
    until(lambda: default() == [["1", "after"]], what="the new default is not known")
    proxy.stop()
    world.cluster.drop_database("other")


def _rows(come):
    try:
        reply = come().query("SELECT id FROM entries")
        return None if reply.error else reply.rows()
    except wire.ServerError:
        return None


def case_crowd_is_let_in_by_portions(world):
    """So many servers are opened at a time; whoever waits for a turn is not out of time because of those before."""
    relay = world.relay()
    proxy = world.proxy("server_connect_timeout = 5s\nserver_wait = none\nlogin_timeout = 2min", upstream=world.relay_url(relay))
    outcomes, lock, now, peak = [], threading.Lock(), [0], [0]

    def silent(client):
        with lock:
            now[0] += 1
            peak[0] = max(peak[0], now[0])
        try:
            while client.recv(4096):
                pass
        except OSError:
            pass
        client.close()
        with lock:
            now[0] -= 1

    def come():
        try:
            c = world.connect(proxy, timeout=100)
            outcome = c.query("SELECT 1").rows() == [["1"]]
            c.close()
        except wire.ServerError as e:
            outcome = e.fields["C"]
        except wire.ConnectionLost as e:
            outcome = str(e)
        with lock:
            outcomes.append(outcome)
    relay.mode = silent
    threads = [threading.Thread(target=come, daemon=True) for _ in range(120)]
    for t in threads:
        t.start()
    until(lambda: peak[0] >= 50, 30)
    time.sleep(1)
    relay.mode = "pass"
    for t in threads:
        t.join(100)
    # Two workers with 32 each, the catalogs' own, and those whose end the relay has not noticed yet.
    assert peak[0] <= 90, peak
    assert len(outcomes) == 120 and set(outcomes) <= {True, "08001"}, outcomes
    assert True in outcomes, "nobody of those who waited got in"
    world.connect(proxy).close()
