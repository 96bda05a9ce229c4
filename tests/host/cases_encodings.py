"""What the server converts on its way: tenants and names that are not ASCII, and a client that does not use UTF8.

Tenant \u00c3\u00a9 is what tenant \u00e9 becomes when its bytes are taken for LATIN1."""
import wire
from proxy import Proxy

OWN, OTHER = "\u00e9", "\u00c3\u00a9"
DATABASE = "encodings"
CONFIG = f"""[tenantry]
[migration]
tenant_type = text
default_tenant = {OWN}
tables = notes
[users]
bound = pass, tenant={OWN}
chooser = pass, tenant=*
"""


def start(world, encoding="UTF8"):
    cluster = world.cluster
    cluster.drop_database(DATABASE)
    cluster.sql("postgres", f"CREATE DATABASE {DATABASE} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    cluster.sql(DATABASE, "CREATE TABLE notes (id int, note text); INSERT INTO notes VALUES (1, 'own')")
    proxy = Proxy(upstream=cluster.url(DATABASE), config=CONFIG).start()
    world.keep(proxy)
    cluster.sql(DATABASE, f"INSERT INTO tenants (id, name) VALUES ('{OTHER}', 'other'); INSERT INTO notes VALUES (2, 'CANARY', '{OTHER}')")
    return proxy


def connect(proxy, user, **more):
    return wire.connect(proxy.port, user, "pass", DATABASE, **more)


def others(world):
    return world.cluster.sql(DATABASE, f"SELECT count(*) FROM notes WHERE tenant_id = '{OTHER}'")


def case_tenant_in_utf8(world):
    proxy = start(world)
    w = connect(proxy, "bound")
    assert w.query("SELECT note FROM notes").results[0].texts() == [["own"]]
    assert w.query("COPY notes FROM STDIN", copy_in=[b"3\tx\n"]).error is None
    assert others(world) .strip() == "1", others(world)


def case_tenant_in_an_encoding_that_would_change_it(world):
    """None of it may reach the server with the tenant's bytes in it."""
    proxy = start(world)
    w = connect(proxy, "bound")
    assert w.query("SET client_encoding = 'LATIN1'").error is None
    for text in ("SELECT note FROM notes", "INSERT INTO notes VALUES (3, 'x')", "COPY notes TO STDOUT", "DELETE FROM notes"):
        assert w.query(text).error["C"] == "0A000", text
    assert w.query("COPY notes FROM STDIN", copy_in=[b"3\tx\n"]).error["C"] == "0A000"
    w.send(wire.parse("", "SELECT note FROM notes"), wire.bind("", ""), wire.describe("P"), wire.execute(), wire.sync())
    reply = w.until_ready()
    assert reply.error["C"] == "0A000" and not any(r.rows for r in reply.results)
    w.send(wire.parse("", "INSERT INTO notes (id, note, tenant_id) VALUES (4, 'x', $1)"), wire.bind("", "", [OWN.encode()]), wire.execute(), wire.sync())
    assert w.until_ready().error["C"] == "0A000"
    assert w.query("SELECT 1").results[0].texts() == [["1"]]
    assert w.query("SET client_encoding = 'UTF8'").error is None
    assert w.query("SELECT note FROM notes").results[0].texts() == [["own"]]
    assert w.query("COPY notes FROM STDIN (ENCODING 'LATIN1')", copy_in=[b"3\tx\n"]).error["C"] == "0A000"
    assert w.query("COPY notes FROM STDIN (ENCODING 'UTF8')", copy_in=[b"3\tx\n"]).error is None
    assert others(world) .strip() == "1", others(world)


def case_utf8_again(world):
    """What SET leaves as it is does not make names doubtful until the transaction ends."""
    proxy = start(world)
    w = connect(proxy, "bound")
    label = f'SELECT note AS "{OWN}" FROM notes'
    assert w.query("BEGIN").error is None
    for name in ("utf8", "UTF-8", "Unicode"):
        for text in (f"SET client_encoding TO '{name}'", f"SET NAMES '{name}'", f"SELECT set_config('client_encoding', '{name}', true)"):
            assert w.query(text).error is None, text
            reply = w.query(label)
            assert reply.error is None, (text, reply.error)
            assert reply.results[0].texts() == [["own"]]
    assert w.query(f"SET client_encoding TO utf8; {label}").error is None
    for text in ("SET client_encoding TO latin1", "SET client_encoding TO utf8"):
        assert w.query(text).error is None, text
    assert w.query(label).error["C"] == "0A000"  # ROLLBACK TO could bring LATIN1 back
    assert w.query("ROLLBACK").error is None
    assert w.query(label).error is None


def case_tenant_chosen_in_another_encoding(world):
    proxy = start(world)
    w = connect(proxy, "chooser")
    assert w.query("SET client_encoding = 'LATIN1'").error is None
    reply = w.query(f"SET app.tenant_id = '{OWN}'")
    assert reply.error["C"] == "0A000", reply.error


def case_names_of_statements_in_another_encoding(world):
    """40 letters of LATIN1 are 80 bytes to the server, which keeps 63."""
    proxy = start(world)
    w = connect(proxy, "chooser")
    long = b"\xe9" * 40
    parse = lambda name, sql: wire.message("P", name + b"\0" + sql.encode() + b"\0\0\0")
    w.send(parse(long, "SELECT 1"), wire.sync())
    assert w.until_ready().error is not None  # no UTF8
    assert w.query("SET client_encoding = 'LATIN1'").error is None
    w.send(parse(long, "SELECT 1"), wire.sync())
    assert w.until_ready().error["C"] == "0A000"
    for kind in ("C", "D"):
        w.send(wire.message(kind, b"S" + long + b"\0"), wire.sync())
        assert w.until_ready().error["C"] == "0A000"
    w.send(wire.message("E", long + b"\0\0\0\0\0"), wire.sync())
    assert w.until_ready().error["C"] == "0A000"
    w.send(wire.message("B", b"\0" + long + b"\0" + b"\0\0" * 3), wire.sync())
    assert w.until_ready().error["C"] == "0A000"
    w.send(parse(b"plain", "SELECT 1"), wire.bind("", "plain"), wire.describe("P"), wire.execute(), wire.sync())
    assert w.until_ready().results[-1].texts() == [["1"]]


def case_search_path_in_another_encoding(world):
    proxy = start(world)
    w = connect(proxy, "chooser", options=f"-c search_path={OWN},public")
    assert w.query("SELECT note FROM notes").error is None
    assert w.query(f"SET search_path = '{OWN}', public").error is None
    assert w.query("SET client_encoding = 'LATIN1'").error is None
    for text in (b"SET search_path = '\xe9', public", b"SELECT set_config('search_path', '\xe9, public', false)", b'SET search_path = "\xe9"'):
        assert w.query(text).error["C"] == "0A000", text
    assert w.query("SET search_path = public").error is None
    proxy.stop()
    proxy = start(world, "LATIN1")
    try:
        connect(proxy, "chooser", options=f"-c search_path={OWN},public")
        raise AssertionError("the connection was not refused")
    except wire.ServerError as refused:
        assert "0A000" in str(refused), refused
