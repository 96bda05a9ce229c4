"""How long what may last."""
import threading
import time

from world import closed, fatal, free_port, wire


def case_login_timeout(world):
    """Silent, slow and half-done logins end, each at its time."""
    proxy = world.proxy("login_timeout = 1s")
    silent = wire.Connection("127.0.0.1", proxy.port, 10)
    half = wire.Connection("127.0.0.1", proxy.port, 10)
    half.send(wire.startup({"user": "postgres", "database": "shop"})[:10])
    unanswered = wire.Connection("127.0.0.1", proxy.port, 10)
    unanswered.send(wire.startup({"user": "postgres", "database": "shop"}))
    begun = time.monotonic()
    assert fatal(unanswered)["C"] == "57014"
    for c in (silent, half, unanswered):
        closed(c)
    assert time.monotonic() - begun < 5
    c = world.connect(proxy)
    time.sleep(1.5)
    assert c.query("SELECT 1").rows() == [["1"]], "it is for logins only"
    c.close()


def case_idle_timeout(world):
    """Idle sessions end with 57P05; what is busy or in a transaction does not."""
    proxy = world.proxy("idle_timeout = 1s")
    idle, busy, inside = world.connect(proxy), world.connect(proxy), world.connect(proxy)
    inside.query("BEGIN").check()
    busy.send(wire.query("SELECT pg_sleep(2), 'done'"))
    assert fatal(idle)["C"] == "57P05"
    closed(idle)
    assert busy.until_ready().rows()[0][1] == "done"
    assert inside.query("SELECT 1").rows() == [["1"]]
    inside.close()


def case_idle_in_transaction_timeout(world):
    """A forgotten transaction ends with 25P03, and its locks are free."""
    proxy = world.proxy("idle_in_transaction_timeout = 1s")
    forgotten, idle = world.connect(proxy), world.connect(proxy)
    forgotten.query("BEGIN").check()
    forgotten.query("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE").check()
    assert fatal(forgotten)["C"] == "25P03"
    closed(forgotten)
    assert idle.query("SELECT count(*) FROM entries").rows() == [["10"]]
    idle.close()


def case_statement_timeout(world):
    """A long statement is cancelled with the server's words; the session and the next statement go on, in a pipeline too."""
    proxy = world.proxy("statement_timeout = 500ms")
    c = world.connect(proxy)
    for _ in range(3):
        error = c.query("SELECT pg_sleep(20)").error
        assert error and error["C"] == "57014" and error["M"] == "canceling statement due to statement timeout", error
        assert c.query("SELECT 1").rows() == [["1"]]
    error = c.extended("SELECT pg_sleep($1)", ["20"]).error
    assert error and error["C"] == "57014", error
    assert c.extended("SELECT $1::int", ["7"]).rows() == [["7"]]
    c.close()


def case_server_connect_timeout(world):
    """A server that takes the connection and says nothing: an error in time, without the server's address."""
    relay = world.relay()
    proxy = world.proxy("server_connect_timeout = 1s\nserver_wait = none", upstream=world.relay_url(relay))
    relay.mode = "silent"
    begun = time.monotonic()
    error = world.refused(proxy)
    took = time.monotonic() - begun
    assert error["C"] == "08001" and str(relay.port) not in str(error), error
    assert 0.8 < took < 6, took
    relay.mode = "pass"
    world.connect(proxy).close()


def case_server_wait(world):
    """The server is away: a new session waits for it, gets in when it is back, and an error when it is not."""
    relay = world.relay()
    proxy = world.proxy("server_wait = 4s", upstream=world.relay_url(relay))
    inside = world.connect(proxy)
    away, relay.target = relay.target, free_port()
    done = []

    def come():
        c = world.connect(proxy)
        done.append(c.query("SELECT 5").rows())
        c.close()
    late = threading.Thread(target=come, daemon=True)
    late.start()
    time.sleep(1)
    assert not done
    relay.target = away
    late.join(10)
    assert done == [[["5"]]], "the session that waited did not get in"
    assert proxy.wait_log("is away, waiting")
    relay.target = free_port()
    begun = time.monotonic()
    error = world.refused(proxy)
    assert error["C"] == "08001" and 3 < time.monotonic() - begun < 10, error
    assert inside.query("SELECT 1").rows() == [["1"]]
    inside.close()


def case_client_gone_while_it_waits(world):
    """A client that gives up while its server is looked for leaves nothing behind."""
    relay = world.relay()
    proxy = world.proxy("server_wait = 60s", upstream=world.relay_url(relay))
    relay.mode = "silent"
    threads = [threading.Thread(target=_give_up, args=(world, proxy), daemon=True) for _ in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(10)
    relay.mode = "pass"
    world.connect(proxy).close()
    assert proxy.stop() == 0


def _give_up(world, proxy):
    try:
        world.connect(proxy, timeout=1)
    except wire.ConnectionLost:
        pass
