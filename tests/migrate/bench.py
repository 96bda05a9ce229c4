"""What the migration's tests share: one server for all cases, a database each, the program, and questions to the database.

A case is a function `def case_name(bench)` in one of the modules; it raises (assert) when it fails."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import psycopg  # noqa: E402
from cluster import Cluster  # noqa: E402

BINARY = os.environ.get("TENANTRY", os.path.join(ROOT, os.environ.get("BUILD", "build"), "tenantry"))
GALLERY = ("users paintings orders order_items cart_items carts favorites notifications exhibitions custom_requests settings "
           "stripe_events saas_sites").split()


class Result:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    @property
    def text(self):
        return self.out + self.err

    @property
    def done(self):
        """How many steps the closing line counts."""
        return int(re.search(r"^(\d+) done, (\d+) already there", self.out, re.M)[1])


class Bench:
    def __init__(self, settings=None):
        self.cluster = Cluster(settings={"log_statement": "ddl", "max_connections": "120", "log_line_prefix": "%a|%d|",
                                         "wal_level": "logical", "jit": "on", **(settings or {})})
        self.cluster.start()
        self.number = 0
        self.version = int(self.sql("postgres", "SHOW server_version_num").strip())
        self.cluster.create_database("gallery")
        for name in ("schema.sql", "data.sql"):
            self.cluster.load("gallery", os.path.join(ROOT, "conf", "gallery", name))

    def stop(self):
        self.cluster.stop()

    # --- databases ---

    def database(self, template="template0", owner=None, sql=None):
        self.number += 1
        name = f"case{self.number}"
        self.cluster.create_database(name, template=template, owner=owner)
        if sql:
            self.sql(name, sql)
        return name

    def gallery(self):
        return self.database(template="gallery")

    def drop(self, name):
        self.cluster.drop_database(name)

    def sql(self, database, text):
        return self.cluster.sql(database, text)

    def connect(self, database, user=None, password=None, **options):
        return psycopg.connect(self.cluster.url(database, user=user, password=password), **options)

    def value(self, database, text, *parameters):
        with self.connect(database, autocommit=True) as connection:
            row = connection.execute(text, parameters or None).fetchone()
            return row[0] if row else None

    def rows(self, database, text, *parameters):
        with self.connect(database, autocommit=True) as connection:
            return connection.execute(text, parameters or None).fetchall()

    # --- the program ---

    def command(self, database, what, tables=GALLERY, url=None, **flags):
        words = [BINARY, what.split()[0], "--upstream", url or self.cluster.url(database), "--tables",
                 tables if isinstance(tables, str) else ",".join(tables)] + what.split()[1:]
        for name, value in flags.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        return words

    def start(self, database, what="migrate", **more):
        environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SUPABASE_DB_URL")}
        return subprocess.Popen(self.command(database, what, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, text=True, env=environment)

    def run(self, database, what="migrate", timeout=120, code=None, **more):
        begun = time.monotonic()
        process = self.start(database, what, **more)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{what} did not end within {timeout} s:\n{out[-3000:]}\n{err[-3000:]}") from None
        result = Result(process.returncode, out, err, time.monotonic() - begun)
        if code is not None:
            assert result.code == code, f"{what} ended with {result.code}, not {code}:\n{out[-4000:]}\n{err[-3000:]}"
        return result

    def migrate(self, database, **more):
        return self.run(database, "migrate", code=0, **more)

    def check(self, database, **more):
        """The check's JSON; the exit code must agree with it."""
        result = self.run(database, "check --json", **more)
        assert result.code in (0, 1) and result.out.startswith("{"), result.text[-3000:]
        report = json.loads(result.out)
        assert (result.code == 0) == report["complete"], (result.code, report["complete"])
        return report

    # --- what must be true afterwards ---

    def assert_complete(self, database, **more):
        report = self.check(database, **more)
        missing = [(t["name"], t["missing"]) for t in report["tables"] if t["missing"]]
        assert report["complete"] and not [m for m in missing if m[1] != ["statistics"]], missing
        return report

    def assert_gallery_but_keys(self, database):
        self.assert_gallery(database, keys=0)

    def assert_gallery(self, database, keys=1):
        """Asked of the catalogs, not of the program."""
        bad = self.rows(database, """
            SELECT t, a.attname IS NULL, a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                   (SELECT count(*) FROM pg_index x WHERE x.indrelid = t::regclass AND x.indkey[0] = a.attnum AND x.indisvalid),
                   (SELECT count(*) FROM pg_index x WHERE x.indrelid = t::regclass AND NOT x.indisvalid),
                   (SELECT count(*) FROM pg_constraint o WHERE o.conrelid = t::regclass AND o.contype = 'f' AND o.convalidated
                    AND o.confrelid = 'tenants'::regclass)
            FROM unnest(%s::text[]) t LEFT JOIN pg_attribute a ON a.attrelid = t::regclass AND a.attname = 'tenant_id'
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum""", GALLERY)
        bad = [row for row in bad if row[1:] != (False, True, "1", 1, 0, keys)]
        assert not bad, bad
        assert self.rows(database, "SELECT id, name FROM tenants") == [(1, "default")]
        assert self.value(database, "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'tenantry%'") == 0
        assert self.value(database, "SELECT count(*) FROM saas_sites WHERE tenant_id IS NULL") == 0
        assert self.value(database, "INSERT INTO tenants (name) VALUES ('next') RETURNING id") == 2
        self.sql(database, "DELETE FROM tenants WHERE id = 2")

    def checksums(self, database, columns=None):
        """{table: checksum of the application's own columns}. `columns`: those of an earlier moment."""
        sums = {}
        with self.connect(database, autocommit=True) as connection:
            for table in GALLERY:
                names = connection.execute("SELECT array_agg(quote_ident(attname) ORDER BY attnum) FROM pg_attribute WHERE"
                                           " attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
                                           " AND attname <> 'tenant_id'", (table,)).fetchone()[0]
                sums[table] = connection.execute(f"SELECT count(*), md5(string_agg(r::text, '|' ORDER BY r::text)) FROM (SELECT"
                                                 f" {', '.join(names)} FROM {table}) r").fetchone()
        return sums

    # --- the server's log ---

    def log_mark(self):
        return len(self.cluster.log())

    def ddl_since(self, mark, database):
        """Statements that log_statement = ddl reports from our program."""
        return [line for line in self.cluster.log()[mark:].splitlines()
                if line.startswith("tenantry") and f"|{database}|" in line and "statement:" in line]

    # --- waiting ---

    def wait_for(self, database, text, *parameters, seconds=20, what=None):
        end = time.monotonic() + seconds
        with self.connect(database, autocommit=True) as connection:
            while time.monotonic() < end:
                row = connection.execute(text, parameters or None).fetchone()
                if row and row[0]:
                    return row[0]
                time.sleep(0.01)
        raise AssertionError(f"in vain waited for {what or text}")

    @contextlib.contextmanager
    def holding(self, database, text):
        """A transaction that did `text` and stays open, idle."""
        connection = self.connect(database)
        connection.execute(text)
        try:
            yield connection
        finally:
            connection.close()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


class Background(threading.Thread):
    """Runs a function; .join() raises what it raised."""

    def __init__(self, function):
        super().__init__(daemon=True)
        self.function, self.error = function, None
        self.start()

    def run(self):
        try:
            self.function()
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error

    def join(self, timeout=60):
        super().join(timeout)
        assert not self.is_alive(), "the background function did not end"
        if self.error:
            raise self.error
