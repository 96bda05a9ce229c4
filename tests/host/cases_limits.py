"""How many may come in."""
import os
import resource
import socket
import time

from world import closed, until, wire

USERS = "narrow = pw, tenant=1, sessions=2\nwide = pw, tenant=*\n"


def case_max_clients(world):
    """One more than max_clients: 53300; when one has gone, the next gets in."""
    proxy = world.proxy("max_clients = 3")
    inside = [world.connect(proxy) for _ in range(3)]
    error = world.refused(proxy)
    assert error["C"] == "53300" and error["S"] == "FATAL", error
    assert all(c.query("SELECT 1").rows() == [["1"]] for c in inside), "those inside must not notice"
    inside.pop().close()
    until(lambda: not _is_refused(world, proxy), what="the place of a client that has gone is not given away")


def _is_refused(world, proxy):
    try:
        world.connect(proxy).close()
    except wire.ServerError as e:
        return e.fields["C"] == "53300"
    return False


def case_limits_of_users_and_tenants(world):
    """sessions= of a user, max_clients_per_user, max_clients_per_tenant."""
    proxy = world.proxy("max_clients_per_user = 3\nmax_clients_per_tenant = 4", USERS)
    narrow = [world.connect(proxy, "narrow", "pw") for _ in range(2)]
    error = world.refused(proxy, "narrow", "pw")
    assert error["C"] == "53300" and "narrow" in error["M"], error
    wide = [world.connect(proxy, "wide", "pw", options="-c app.tenant_id=2") for _ in range(3)]
    error = world.refused(proxy, "wide", "pw")
    assert error["C"] == "53300" and "wide" in error["M"], error
    # Two of narrow's and two of the owner's are tenant 1's four.
    owner = [world.connect(proxy) for _ in range(2)]
    error = world.refused(proxy)
    assert error["C"] == "53300" and "tenant" in error["M"], error
    owner.append(world.connect(proxy, options="-c app.tenant_id=2"))
    for c in narrow + wide + owner:
        c.close()


def case_strangers_are_bounded(world):
    """max_unauthenticated: more than that are closed at once, which does not touch those inside; login_timeout frees the places."""
    proxy = world.proxy("max_unauthenticated = 5\nlogin_timeout = 2s")
    inside = world.connect(proxy)
    silent = [wire.Connection("127.0.0.1", proxy.port, 10) for _ in range(5)]
    time.sleep(0.3)
    begun = time.monotonic()
    closed(wire.Connection("127.0.0.1", proxy.port, 10))
    assert time.monotonic() - begun < 1.5, "not closed at once"
    assert inside.query("SELECT 1").rows() == [["1"]]
    assert proxy.wait_log("max_unauthenticated is reached")
    for c in silent:
        closed(c)
    world.connect(proxy).close()
    inside.close()


def case_limit_of_the_server_is_passed_on(world):
    """The server's own 53300 reaches the client in the server's words."""
    world.cluster.create_user("few", "pw", "CONNECTION LIMIT 3")
    world.cluster.sql("shop", "GRANT ALL ON ALL TABLES IN SCHEMA public TO few")
    proxy = world.proxy(upstream=world.cluster.url("shop", "few", "pw"), migration="on_startup = no")
    inside = []
    try:
        for _ in range(3):
            inside.append(world.connect(proxy, "few", "pw"))
    except wire.ServerError as e:
        assert e.fields["C"] == "53300" and "too many connections for role" in e.fields["M"], e.fields
    else:
        raise AssertionError("the server's limit was not reached")
    for c in inside:
        c.close()


def case_out_of_descriptors(world):
    """EMFILE: tenantry does not spin or die, those inside go on, and clients get in again when there are descriptors."""
    proxy = world.proxy("max_unauthenticated = 1000")
    inside = world.connect(proxy)
    have = len(os.listdir(f"/proc/{proxy.process.pid}/fd"))
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (have + 10, have + 10))
    crowd = [socket.create_connection(("127.0.0.1", proxy.port), 10) for _ in range(40)]
    assert proxy.wait_log("cannot accept clients"), proxy.log()
    before = _seconds(proxy)
    time.sleep(1)
    assert _seconds(proxy) - before < 0.5, "it spins"
    assert inside.query("SELECT 1").rows() == [["1"]]
    for s in crowd:
        s.close()
    begun = time.monotonic()
    other = world.connect(proxy)
    assert other.query("SELECT 2").rows() == [["2"]]
    assert time.monotonic() - begun < 8
    other.close()
    inside.close()


def _seconds(proxy):
    """Processor time that the process has used."""
    with open(f"/proc/{proxy.process.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
