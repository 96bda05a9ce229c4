"""Tables that somebody holds in ACCESS EXCLUSIVE mode while the snapshot has to be renewed: nobody waits for the holder,
and what cannot be read meanwhile stays closed."""
import time

from world import Proxy, until, wire

SCHEMA = """
CREATE TABLE notes (id int PRIMARY KEY, body text);
CREATE VIEW seen AS SELECT n.id, n.body FROM notes n;
CREATE VIEW seen_twice AS SELECT s.id FROM seen s;
CREATE INDEX ON notes (id) WHERE body IS NULL;
CREATE UNIQUE INDEX notes_body ON notes (body) WHERE body <> '';
"""
SOON = 1.0


class Locks:
    """A database of its own, and a proxy that looks at the schema only when it is asked to."""

    def __init__(self, world, interval="1h"):
        self.world = world
        world.cluster.create_database("locks")
        world.cluster.sql("locks", SCHEMA)
        self.proxy = Proxy(upstream=world.cluster.url("locks"),
                           config=f"[tenantry]\nworkers = 2\nschema_check_interval = {interval}\n[migration]\ntables = notes\n")
        self.proxy.start()
        world._proxies.append(self.proxy)
        self.sql("INSERT INTO tenants (id, name) VALUES (2, 'second'); INSERT INTO notes VALUES (1, 'one', 1), (2, 'CANARY', 2)")
        until(self._second_is_known)

    def _second_is_known(self):
        try:
            self.come(options="-c app.tenant_id=2").close()
            return True
        except wire.ServerError:
            return False

    def sql(self, text):
        return self.world.cluster.sql("locks", text)

    def come(self, **more):
        return wire.connect(self.proxy.port, "postgres", "postgres", "locks", timeout=30, **more)

    def direct(self):
        return wire.connect(self.world.cluster.port, "postgres", "postgres", "locks", timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.stop()
        self.world.cluster.drop_database("locks")


def soon(connection, sql, what=None):
    begun = time.monotonic()
    reply = connection.query(sql)
    took = time.monotonic() - begun
    assert took < SOON, f"{what or sql}: {took:.1f} s"
    return reply


def case_locks_holder_names_the_unknown(world):
    """The session that holds the lock asks for a new snapshot, and others do."""
    with Locks(world) as locks:
        holder, other = locks.come(), locks.come()
        holder.query("BEGIN").check()
        holder.query("ALTER TABLE notes ADD COLUMN more int").check()
        # A change elsewhere, so that there is something to load.
        locks.sql("CREATE TABLE elsewhere (id int); INSERT INTO elsewhere VALUES (7)")
        holder.query("SAVEPOINT a").check()
        assert soon(holder, "SELECT * FROM nowhere").error["C"] == "42P01"
        holder.query("ROLLBACK TO a").check()
        assert soon(holder, "SELECT id FROM elsewhere").rows() == [["7"]]
        assert soon(holder, "SELECT nowhere_at_all(1)").error["C"] == "42883"
        holder.query("ROLLBACK TO a").check()
        # Views that have not changed are known from before.
        assert soon(holder, "SELECT body FROM seen").rows() == [["one"]]
        assert soon(holder, "SELECT id FROM seen_twice").rows() == [["1"]]
        # And another session's own schema change.
        soon(other, "CREATE TABLE others (id int PRIMARY KEY)").check()
        soon(other, "INSERT INTO others VALUES (5)").check()
        assert soon(other, "SELECT * FROM others").rows() == [["5"]]
        assert soon(other, "SELECT 1 FROM nowhere").error["C"] == "42P01"
        soon(holder, "COMMIT").check()
        assert soon(other, "SELECT body, more FROM notes").rows() == [["one", None]]
        assert soon(other, "SELECT body FROM seen").rows() == [["one"]]


def case_locks_unread_stays_closed(world):
    """What was made since the last look, over a table that is held now, cannot be read: it is refused, not forwarded; when
    the table is free it works, for the tenant's rows only."""
    with Locks(world) as locks:
        locks.sql("CREATE VIEW fresh AS SELECT id, body FROM notes;"
                  "CREATE OR REPLACE VIEW seen AS SELECT n.id, n.body FROM notes n WHERE n.id > 0;")
        query = "SELECT string_agg(body, ',') FROM notes"
        if int(locks.sql("SHOW server_version_num")) < 140000:
            locks.sql(f"CREATE FUNCTION bodies() RETURNS text LANGUAGE sql AS $${query}$$")
        else:
            locks.sql(f"CREATE FUNCTION bodies() RETURNS text LANGUAGE sql BEGIN ATOMIC {query}; END")
        holder, other = locks.direct(), locks.come()
        holder.query("BEGIN; LOCK TABLE notes").check()
        for sql in "SELECT * FROM fresh", "SELECT * FROM seen", "SELECT bodies()", "SELECT * FROM seen_twice":
            reply = soon(other, sql)
            assert reply.error and reply.error["C"] == "42501", (sql, reply.error)
        assert soon(other, "SELECT 1").rows() == [["1"]]
        holder.query("COMMIT").check()
        until(lambda: not other.query("SELECT * FROM fresh").error)
        assert other.query("SELECT body FROM fresh").rows() == [["one"]]
        assert other.query("SELECT body FROM seen").rows() == [["one"]]
        assert other.query("SELECT bodies()").error["C"] == "42501"


def case_locks_unread_constraints(world):
    """What cannot be read of a table's own expressions is not left out, and asked for again."""
    with Locks(world) as locks:
        locks.sql("ALTER TABLE notes ADD CONSTRAINT short CHECK (length(body) < 9);"
                  "ALTER TABLE notes ADD twice text GENERATED ALWAYS AS (body || body) STORED")
        holder, other = locks.direct(), locks.come()
        holder.query("BEGIN; LOCK TABLE notes").check()
        assert soon(other, "SELECT * FROM nowhere").error["C"] == "42P01"
        for what in "CONSTRAINTS", "GENERATED":
            assert soon(other, f"CREATE TEMP TABLE copied (LIKE notes INCLUDING {what})").error["C"] == "0A000", what
        holder.query("COMMIT").check()
        until(lambda: not other.query("CREATE TEMP TABLE copied (LIKE notes INCLUDING CONSTRAINTS INCLUDING GENERATED)").error)
        assert other.query("INSERT INTO copied VALUES (1, 'one') RETURNING *").rows() == [["1", "one", "oneone"]]
        assert other.query("INSERT INTO copied VALUES (1, 'much too long')").error["C"] == "23514"


def case_locks_renamed_below_a_view(world):
    """A view's text of earlier is not used when a name in it has changed since."""
    with Locks(world) as locks:
        locks.sql("CREATE TABLE harmless (id int, body text); INSERT INTO harmless VALUES (9, 'harmless');"
                  "CREATE VIEW mixed AS SELECT n.id, h.body FROM notes n, harmless h")
        other = locks.come()
        assert other.query("SELECT * FROM mixed").rows() == [["1", "harmless"]]
        holder = locks.direct()
        locks.sql("ALTER TABLE harmless RENAME TO renamed; CREATE TABLE harmless (id int, body text)")
        holder.query("BEGIN; LOCK TABLE notes").check()
        soon(other, "SELECT * FROM renamed").check()
        assert soon(other, "SELECT * FROM mixed").error["C"] == "42501"
        holder.query("COMMIT").check()
        until(lambda: not other.query("SELECT * FROM mixed").error)
        assert other.query("SELECT * FROM mixed").rows() == [["1", "harmless"]]


def case_locks_tenants(world):
    """The table of tenants is held: the tenants of before stay known, nobody waits."""
    with Locks(world) as locks:
        other = locks.come()
        holder = locks.direct()
        holder.query("BEGIN; LOCK TABLE tenants").check()
        assert soon(other, "SELECT * FROM nowhere").error["C"] == "42P01"
        locks.sql("CREATE TABLE elsewhere (id int); INSERT INTO elsewhere VALUES (7)")
        assert soon(other, "SELECT id FROM elsewhere").rows() == [["7"]]
        begun = time.monotonic()
        second = locks.come(options="-c app.tenant_id=2")
        assert second.query("SELECT body FROM notes").rows() == [["CANARY"]]
        assert soon(other, "SET app.tenant_id = 3").error["C"] == "22023"
        assert time.monotonic() - begun < 2
        holder.query("INSERT INTO tenants (id, name) VALUES (3, 'third')").check()
        holder.query("COMMIT").check()
        until(lambda: not other.query("SET app.tenant_id = 3").error)
        assert other.query("SELECT body FROM notes").rows() == []


def case_locks_that_come_and_go(world):
    """Locks are taken and given back again and again while the schema changes."""
    with Locks(world, "100ms") as locks:
        holder, waiter, other = locks.direct(), locks.direct(), locks.come()
        worst = 0
        for i in range(8):
            holder.query("BEGIN; LOCK TABLE notes").check()
            # One that waits for the lock stands in the way of the loader, too.
            waiter.send(wire.query("BEGIN; LOCK TABLE notes; COMMIT"))
            locks.sql(f"CREATE TABLE t{i} (id int); INSERT INTO t{i} VALUES ({i})")
            begun = time.monotonic()
            assert other.query(f"SELECT id FROM t{i}").rows() == [[str(i)]]
            worst = max(worst, time.monotonic() - begun)
            holder.query("COMMIT").check()
            waiter.until_ready().check()
            assert other.query("SELECT body FROM seen").rows() == [["one"]]
        assert worst < SOON, f"{worst:.1f} s"
