"""SIGTERM, SIGINT, SIGHUP; pid file; log file."""
import os
import signal
import socket
import threading
import time

from proxy import ProxyFailed
from world import closed, fatal, until, wire


def _listens(proxy):
    try:
        socket.create_connection(("127.0.0.1", proxy.port), 1).close()
        return True
    except OSError:
        return False


def case_sigterm_drains(world):
    """Idle sessions end with 57P01 at once, a transaction may finish, nobody new comes in, the exit status is 0."""
    proxy = world.proxy("drain_timeout = 20s")
    idle, busy, running = (world.connect(proxy) for _ in range(3))
    busy.query("BEGIN").check()
    running.send(wire.query("SELECT pg_sleep(1), 'done'"))
    time.sleep(0.2)
    proxy.signal(signal.SIGTERM)
    assert fatal(idle)["C"] == "57P01"
    closed(idle)
    until(lambda: not _listens(proxy), what="it still listens")
    assert busy.query("SELECT count(*) FROM entries").rows() == [["10"]]
    reply = running.until_ready()
    assert reply.rows()[0][1] == "done", "a running statement was cut off"
    assert proxy.alive()
    assert busy.query("COMMIT").results[0].tag == "COMMIT"
    assert fatal(busy)["C"] == "57P01"
    assert proxy.process.wait(10) == 0


def case_second_sigterm_ends_at_once(world):
    proxy = world.proxy("drain_timeout = 60s")
    busy = world.connect(proxy)
    busy.query("BEGIN").check()
    proxy.signal(signal.SIGTERM)
    time.sleep(0.3)
    assert proxy.alive()
    proxy.signal(signal.SIGTERM)
    assert fatal(busy)["C"] == "57P01"
    closed(busy)
    assert proxy.process.wait(5) == 0


def case_drain_timeout(world):
    proxy = world.proxy("drain_timeout = 1s")
    busy = world.connect(proxy)
    busy.query("BEGIN").check()
    proxy.signal(signal.SIGTERM)
    assert fatal(busy)["C"] == "57P01"
    assert proxy.process.wait(5) == 0
    assert "drain_timeout is over" in proxy.log()


def case_sigint_ends_at_once(world):
    """As a fast shutdown: transactions and running statements end with 57P01, the server cancels what ran."""
    proxy = world.proxy()
    busy, running = world.connect(proxy), world.connect(proxy)
    busy.query("BEGIN").check()
    running.send(wire.query("SELECT pg_sleep(60)"))
    time.sleep(0.3)
    proxy.signal(signal.SIGINT)
    assert fatal(busy)["C"] == "57P01" and fatal(running)["C"] == "57P01"
    assert proxy.process.wait(10) == 0
    until(lambda: world.cluster.sql("shop", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' "
                                            "AND pid <> pg_backend_pid()").strip() == "0", what="the statement still runs")


def case_sigterm_while_a_server_is_looked_for(world):
    relay = world.relay()
    proxy = world.proxy("server_wait = 60s", upstream=world.relay_url(relay))
    relay.mode = "silent"
    got = []

    def come():
        try:
            world.connect(proxy)
        except wire.ServerError as e:
            got.append(e.fields["C"])
    thread = threading.Thread(target=come, daemon=True)
    thread.start()
    time.sleep(0.7)
    proxy.signal(signal.SIGTERM)
    assert proxy.process.wait(10) == 0
    thread.join(5)
    assert got == ["57P01"], got


def case_reload(world):
    """New sessions live by the new file, old ones by theirs; users come and go; what needs a restart is said and stays."""
    proxy = world.proxy("max_clients = 5", "ann = one, tenant=1\n")
    ann = world.connect(proxy, "ann", "one")
    world.rewrite_config(proxy, "max_clients = 1\ncache_size = 1MB\nstatement_timeout = 300ms", "ben = two, tenant=2\n")
    proxy.signal(signal.SIGHUP)
    assert proxy.wait_log("SIGHUP: the configuration was read again")
    assert "cache_size: cannot be changed without a restart" in proxy.log(), proxy.log()
    assert ann.query("SELECT count(*), count(pg_sleep(0.05)) FROM entries").rows() == [["10", "10"]], "the old session changed"
    assert world.refused(proxy, "ann", "one")["C"] == "28P01"
    assert world.refused(proxy, "ben", "two")["C"] == "53300"
    ann.close()
    ben = until(lambda: _try(world, proxy, "ben", "two"))
    assert ben.query("SELECT n FROM entries").rows() == [["666"]]
    assert ben.query("SELECT pg_sleep(5)").error["C"] == "57014"
    ben.close()


def _try(world, proxy, user, password):
    try:
        return world.connect(proxy, user, password)
    except wire.ServerError:
        return None


def case_bad_reload_changes_nothing(world):
    """A file with mistakes, and one that is gone: the log names the place, everything goes on as it was."""
    proxy = world.proxy("max_clients = 5", "ann = one, tenant=1\n")
    c = world.connect(proxy, "ann", "one")
    world.rewrite_config(proxy, "max_clients = many\nno_such_setting = 1", "ben = two\n")
    proxy.signal(signal.SIGHUP)
    assert proxy.wait_log("SIGHUP: the configuration is not changed")
    log = proxy.log()
    assert "tenantry.conf:3: max_clients" in log and "tenantry.conf:4" in log and "no_such_setting" in log, log
    assert "two" not in log.split("SIGHUP", 1)[0].rsplit("\n", 1)[-1]
    world.connect(proxy, "ann", "one").close()
    assert world.refused(proxy, "ben", "two")["C"] == "28P01"
    os.unlink(os.path.join(proxy.folder, "tenantry.conf"))
    proxy.signal(signal.SIGHUP)
    until(lambda: proxy.log().count("SIGHUP: the configuration is not changed") == 2)
    world.connect(proxy, "ann", "one").close()
    assert c.query("SELECT 1").rows() == [["1"]]
    c.close()


def case_reload_starts_statistics(world):
    proxy = world.proxy("statistics_interval = none")
    world.rewrite_config(proxy, "statistics_interval = 100ms")
    proxy.signal(signal.SIGHUP)
    assert proxy.wait_log("statistics: ", 5), "the new interval is not in force"
    world.rewrite_config(proxy, "statistics_interval = none")
    proxy.signal(signal.SIGHUP)
    until(lambda: proxy.log().count("SIGHUP: the configuration was read again") == 2)
    time.sleep(0.3)
    n = proxy.log().count("statistics: ")
    time.sleep(0.5)
    assert proxy.log().count("statistics: ") == n, "the timer was not stopped"


def case_pid_file(world):
    """There while it serves, gone afterwards, also when the start fails; a second process does not start over it."""
    path = world.path("pid")
    proxy = world.proxy(f"pid_file = {path}")
    with open(path) as f:
        # The process is tenantry itself: setpriv has become it.
        assert int(f.read()) == proxy.process.pid
    second = world.prepare(f"pid_file = {path}")
    try:
        second.start()
        raise AssertionError("a second process started")
    except ProxyFailed as e:
        assert e.status == 1 and "which is running" in e.log, e
    assert os.path.exists(path)
    assert proxy.stop() == 0 and not os.path.exists(path)
    failing = world.prepare(f"pid_file = {path}\nlisten = 192.0.2.1:1", listen="192.0.2.1:1")
    try:
        failing.start()
        raise AssertionError("it started on an address that is not here")
    except ProxyFailed as e:
        assert e.status == 1 and "cannot listen" in e.log, e
    assert not os.path.exists(path), "a failed start left its pid file"
    # What a crash left behind is no hindrance.
    crashed = world.proxy(f"pid_file = {path}")
    crashed.kill()
    assert os.path.exists(path)
    assert world.proxy(f"pid_file = {path}").stop() == 0


def case_log_file(world):
    """The log goes into the file; after it was moved away, SIGHUP makes a new one, and no line is lost."""
    path = world.path("log")
    proxy = world.proxy(f"log_file = {path}")

    def text(name=path):
        try:
            with open(name) as f:
                return f.read()
        except OSError:
            return ""
    world.connect(proxy).close()
    until(lambda: "session starts" in text() and "session ends" in text())
    assert "session starts" not in proxy.log()
    os.rename(path, path + ".1")
    proxy.signal(signal.SIGHUP)
    until(lambda: "the configuration was read again" in text())
    world.connect(proxy).close()
    until(lambda: "session ends" in text())
    # A file that cannot be opened: the old one goes on.
    world.rewrite_config(proxy, "log_file = /nowhere/at/all")
    proxy.signal(signal.SIGHUP)
    until(lambda: "/nowhere/at/all" in text())
    # None any more: back to standard error.
    world.rewrite_config(proxy, "")
    proxy.signal(signal.SIGHUP)
    assert proxy.wait_log("the configuration was read again")
    assert proxy.stop() == 0
    assert text(path + ".1").count("session starts") == 1


def case_log_lines_name_session_user_and_tenant(world):
    proxy = world.proxy(users="ann = one, tenant=2\n")
    world.connect(proxy, "ann", "one").close()
    assert proxy.wait_log("session ends: closed by the client")
    for what in ("session starts", "session ends"):
        line = [x for x in proxy.log().splitlines() if what in x][0]
        assert " session=" in line and " user=ann" in line and " tenant=2" in line, line
