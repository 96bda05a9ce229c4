"""The databases that the oracle compares.

own      one database for each tenant: only its rows, no tenant column
visible  the same with the tenant column, for statements that name it
shared   migrated, with the rows of all tenants; behind tenantry

A corpus folder has world/world.ini (what belongs to tenants), world/data.sql (one tenant's rows; psql variables k, base and
tenant) and, optionally, world/schema.sql and world/shared.sql (what its owner changes after the migration: keys that were meant for one tenant)."""
import configparser
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))

import proxy as proxy_module  # noqa: E402
import wire  # noqa: E402
from canary import Canaries, identifier  # noqa: E402
from cluster import Cluster  # noqa: E402
from compare import Names, mask  # noqa: E402

OWNER, PASSWORD = "shop", "shop"
TENANT_VALUES = {
    "integer": lambda k: str(k), "bigint": lambda k: str(5_000_000_000 + k),
    "uuid": lambda k: f"0000000{k}-aaaa-4bbb-8ccc-dddddddddddd", "text": lambda k: f"tenant {k} 'ü",
}


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Table:
    """A table as both sides have it: `columns` are those of the own database."""

    def __init__(self, schema, name, columns, tenant_column):
        self.schema, self.name, self.columns, self.tenant_column = schema, name, columns, tenant_column
        self.sql = f"{quote(schema)}.{quote(name)}"
        self.label = f"{schema}.{name}"

    def list(self, columns=None):
        return ", ".join(quote(c) for c in (columns or self.columns))

    def row(self, tenant=False):
        """The row as one text."""
        columns = self.columns + ([self.tenant_column] if tenant and self.tenant_column else [])
        return "ROW(" + ", ".join(f"{quote(c)}" for c in columns) + ")::text" if columns else "'()'"


class World:
    def __init__(self, folder, tenants=(1, 2, 3), tenant_type=None, bindir=None, tls=False):
        self.folder = os.path.join(folder, "world")
        ini = configparser.ConfigParser(interpolation=None)
        if not ini.read(os.path.join(self.folder, "world.ini")):
            raise FileNotFoundError(os.path.join(self.folder, "world.ini"))
        section = ini["world"]
        self.tenants = list(tenants)
        self.tenant_column = section.get("tenant_column", "tenant_id")
        self.tenant_type = tenant_type or section.get("tenant_type", "integer")
        # Lines "schema.table" or "schema.table column"
        self.tables_setting = section.get("tables", "")
        self.schema_files = [os.path.normpath(os.path.join(self.folder, p)) for p in section.get("schema", "schema.sql").split()]
        # Where data.sql and shared.sql are, if another corpus has them.
        self.data_folder = os.path.normpath(os.path.join(self.folder, section.get("like", ".")))
        self.more_settings = {s: dict(ini[s]) for s in ini.sections() if s != "world"}
        self.canaries = Canaries(self.tenants)
        self.cluster = Cluster(bindir=bindir, tls=tls)
        self.controls = {}
        self.proxy = self.no_tenant_proxy = None
        self.restores = {}

    # --- names and values ---
    def tenant_value(self, k):
        return TENANT_VALUES[self.tenant_type](k)

    def tenant_literal(self, k):
        value = self.tenant_value(k)
        return value if self.tenant_type in ("integer", "bigint") else literal(value)

    def expand(self, text, k):
        """The macros of a statement file, for tenant k."""
        import re
        other = self.tenants[(self.tenants.index(k) + 1) % len(self.tenants)]
        text = re.sub(r"<#(\d+)>", lambda m: str(identifier(k, m.group(1))), text)
        text = re.sub(r"<other#(\d+)>", lambda m: str(identifier(other, m.group(1))), text)
        for macro, replacement in (("<k>", str(k)), ("<tenant>", self.tenant_literal(k)), ("<tenant!>", self.tenant_value(k)),
                                   ("<other>", self.tenant_literal(other)), ("<other!>", self.tenant_value(other))):
            text = text.replace(macro, replacement)
        return text

    # --- setting up ---
    def start(self, serve=True):
        self.cluster.start()
        self.cluster.create_user(OWNER, PASSWORD)
        # All databases are copies of one, so that types and tables have the same object ids everywhere.
        self._new_database("base")
        for path in self.schema_files:
            self._as_owner("base", path)
        for k in self.tenants:
            self._make_own(k)
        self._make_shared()
        for k in self.tenants:
            self._make_visible(k)
        self._read_tables()
        self._fill_shared()
        self._templates()
        if serve:
            self.serve()
        self.baseline = {name: self.state(name) for name in self.databases()}
        return self

    def databases(self):
        return [f"own_{k}" for k in self.tenants] + [f"visible_{k}" for k in self.tenants] + ["shared"]

    def _new_database(self, name, template=None):
        self.cluster.create_database(name, OWNER, template)
        self.cluster.sql(name, f"ALTER SCHEMA public OWNER TO {OWNER}")

    def _as_owner(self, database, path, **variables):
        more = [w for n, v in variables.items() for w in ("-v", f"{n}={v}")]
        self.cluster.psql(database, *more, "-c", f"SET ROLE {OWNER}", "-f", path)

    def _tenant_tables(self):
        """[(schema, table, column)] of the setting `tables`."""
        found = []
        for entry in self._split(self.tables_setting):
            parts = entry.rsplit(".", 1)
            schema, name = (parts if len(parts) == 2 else ("public", parts[0]))
            found.append((schema.strip('"'), name.strip('"') if name.startswith('"') else name.lower()))
        return found

    @staticmethod
    def _split(text):
        return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]

    def _make_own(self, k):
        name = f"own_{k}"
        self._new_database(name, "base")
        drops = "".join(f"ALTER TABLE {quote(s)}.{quote(t)} DROP COLUMN IF EXISTS {quote(self.tenant_column)};\n" for s, t in self._tenant_tables())
        self.cluster.sql(name, f"SET client_min_messages = error; SET ROLE {OWNER};\n{drops}")
        self._as_owner(name, os.path.join(self.data_folder, "data.sql"), k=k, base=identifier(k, 0))

    def config(self, tenant=None):
        lines = ["[tenantry]", "log_level = info", "schema_check_interval = 500ms"]
        lines += [f"{key} = {v}" for key, v in self.more_settings.get("tenantry", {}).items()]
        if tenant:
            lines.append(f"tenant = {tenant}")
        lines += ["", "[migration]", f"tables = {', '.join(self._split(self.tables_setting))}",
                  f"tenant_column = {self.tenant_column}", f"tenant_type = {self.tenant_type}",
                  f"default_tenant = {self.tenant_value(1)}"]
        lines += [f"{key} = {v}" for key, v in self.more_settings.get("migration", {}).items()]
        return "\n".join(lines) + "\n"

    def _make_shared(self):
        self._new_database("shared", "base")
        if os.environ.get("ORACLE_MIGRATE") == "hand" or not os.path.exists(proxy_module.binary()):
            self._migrate_by_hand("shared", self.tenant_value(1))
        else:
            path = os.path.join(self.cluster.folder, "tenantry.conf")
            with open(path, "w") as f:
                f.write(self.config())
            done = proxy_module.command("migrate", "-c", path, "--upstream", self.cluster.url("shared", OWNER, PASSWORD))
            if done.returncode != 0:
                raise RuntimeError(f"tenantry migrate failed with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        self._after_migration("shared")
        more = ", ".join(f"({literal(self.tenant_value(k))}, 'tenant {k}')" for k in self.tenants)
        self.cluster.sql("shared", f"INSERT INTO tenants (id, name) VALUES {more} ON CONFLICT DO NOTHING")

    def _migrate_by_hand(self, database, default):
        kind = self.tenant_type
        text = (f"SET ROLE {OWNER}; CREATE TABLE IF NOT EXISTS tenants (id {kind} PRIMARY KEY, name text NOT NULL, "
                "created_at timestamptz NOT NULL DEFAULT now());\n")
        for schema, name in self._tenant_tables():
            text += (f"ALTER TABLE {quote(schema)}.{quote(name)} ADD COLUMN IF NOT EXISTS {quote(self.tenant_column)} {kind} "
                     f"NOT NULL DEFAULT {literal(default)}::{kind};\n")
        self.cluster.sql(database, "SET client_min_messages = error; " + text)

    def _after_migration(self, database):
        path = os.path.join(self.data_folder, "shared.sql")
        if os.path.exists(path):
            self._as_owner(database, path, t=self.tenant_column)

    def _make_visible(self, k):
        name = f"visible_{k}"
        self._new_database(name, f"own_{k}")
        self._migrate_by_hand(name, self.tenant_value(k))
        self._after_migration(name)

    def _read_tables(self):
        """The tables both sides have, from the first own database."""
        rows = self.sql(f"own_{self.tenants[0]}", """
            SELECT n.nspname, c.relname, array_to_string(array_agg(quote_ident(a.attname) ORDER BY a.attnum)
                FILTER (WHERE a.attname IS NOT NULL), ','), bool_or(a.attgenerated <> '')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
            GROUP BY 1, 2 ORDER BY 1, 2""")
        shared = {(s, t): (c, g) for s, t, c, g in self.sql("shared", """
            SELECT n.nspname, c.relname, a.attname, a.attgenerated FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = %s AND NOT a.attisdropped
            WHERE c.relkind = 'r'""" % literal(self.tenant_column))}
        self.tables = []
        for schema, name, _, _ in rows:
            columns = self.sql(f"own_{self.tenants[0]}", f"""SELECT attname, attgenerated FROM pg_attribute WHERE attrelid =
                {literal(quote(schema) + '.' + quote(name))}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum""")
            table = Table(schema, name, [c for c, _ in columns], self.tenant_column if (schema, name) in shared else None)
            table.stored = [c for c, generated in columns if not generated]
            self.tables.append(table)
        self.tenant_tables = [t for t in self.tables if t.tenant_column]

    def _fill_shared(self):
        """Copies every tenant's rows; triggers and keys sleep meanwhile."""
        control = self.control("shared")
        control.query("SET session_replication_role = replica").check()
        for table in self.tables:
            for k in self.tenants if table.tenant_column else self.tenants[:1]:
                data = self.copy_out(f"own_{k}", f"SELECT {table.list(table.stored)} FROM ONLY {table.sql}")
                columns = list(table.stored)
                if table.tenant_column:
                    value = self.tenant_value(k).encode().replace(b"\\", b"\\\\")
                    data = b"".join(line + b"\t" + value + b"\n" if line else value + b"\n" for line in data.split(b"\n")[:-1]) \
                        if table.stored else b""
                    columns.append(table.tenant_column)
                control.query(f"COPY {table.sql} ({table.list(columns)}) FROM STDIN", [data]).check()
        control.query("SET session_replication_role = origin").check()
        for name in self.databases():
            views = self.sql(name, "SELECT quote_ident(schemaname) || '.' || quote_ident(matviewname) FROM pg_matviews")
            self.cluster.sql(name, "".join(f"REFRESH MATERIALIZED VIEW {v};\n" for (v,) in views) + "ANALYZE;\n")

    def _templates(self):
        """Copies to start again from after a schema change, and the rows to restore from memory."""
        self.saved, self.schema_print = {}, {}
        for name in self.databases():
            self.saved[name] = {t.label: self.copy_out(name, f"SELECT {t.list(self._all(t, name))} FROM ONLY {t.sql}") for t in self.tables}
            self.schema_print[name] = self._fingerprint(name)
            self._close_control(name)
            self.cluster.create_database(f"template_{name}", OWNER, name)
        self.sequences = [row[0] for row in self.sql("shared", """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'S' AND c.relname NOT LIKE 'tenants%%'""".replace("%%", "%"))]

    def _all(self, table, database):
        """The columns to save and restore: stored ones and, where the database has it, the tenant column."""
        columns = list(table.stored)
        if table.tenant_column and not database.startswith("own_"):
            columns.append(table.tenant_column)
        return columns

    def serve(self):
        url = self.cluster.url("shared", OWNER, PASSWORD)
        self.proxy = proxy_module.Proxy(url, self.config()).start()
        self.no_tenant_proxy = proxy_module.Proxy(url, self.config("none")).start()

    def stop(self):
        for server in (self.proxy, self.no_tenant_proxy):
            if server:
                server.stop()
        for name in list(self.controls):
            self._close_control(name)
        self.cluster.stop()

    # --- direct connections of the superuser ---
    def control(self, database):
        if database not in self.controls:
            self.controls[database] = wire.connect(self.cluster.port, "postgres", "postgres", database)
        return self.controls[database]

    def _close_control(self, database):
        if database in self.controls:
            self.controls.pop(database).close()

    def sql(self, database, text):
        return self.control(database).query(text).rows()

    def copy_out(self, database, select):
        return self.control(database).query(f"COPY ({select}) TO STDOUT").check().results[0].copy_out

    def names(self, database):
        return Names(lambda text: self.sql(database, text))

    # --- state ---
    def transactions(self):
        """A number that grows when any transaction wrote."""
        return self.sql("shared", "SELECT pg_snapshot_xmax(pg_current_snapshot())")[0][0]

    def state(self, database):
        """{table: {whose: (rows, checksum)}}; whose is "all" in an own database, else a tenant's value."""
        own = not database.startswith("shared")
        parts = []
        for table in self.tables:
            whose = "'all'" if own or not table.tenant_column else f"{quote(table.tenant_column)}::text"
            parts.append(f"SELECT {literal(table.label)}, {whose}, count(*), coalesce(sum(hashtextextended({table.row()}, 0)), 0) "
                         f"FROM ONLY {table.sql} GROUP BY 1, 2")
        state = {table.label: {} for table in self.tables}
        for label, whose, count, checksum in self.sql(database, " UNION ALL ".join(parts)):
            state[label][whose] = (count, checksum)
        return state

    def rows_of(self, database, table, k):
        """A table's rows that belong to tenant k, as masked texts, sorted."""
        where = ""
        if database == "shared" and table.tenant_column:
            where = f" WHERE {quote(table.tenant_column)} = {literal(self.tenant_value(k))}"
        return sorted(mask(row[0]) for row in self.sql(database, f"SELECT {table.row()} FROM ONLY {table.sql}{where}"))

    def reset_sequences(self, databases, k):
        """Both sides hand out the same numbers, out of the tenant's range."""
        if self.sequences:
            calls = ", ".join(f"setval({literal(s)}, {identifier(k, 5000)}, false)" for s in self.sequences)
            for name in databases:
                self.sql(name, f"SELECT {calls}")

    def _fingerprint(self, database):
        return self.sql(database, """
            SELECT md5(string_agg(x, ',' ORDER BY x)) FROM (
                SELECT format('c %s %s %s', c.oid, c.relname, c.relkind) AS x FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.oid >= 16384 AND n.nspname NOT LIKE 'pg\\_%'
                UNION ALL SELECT format('a %s %s %s %s', attrelid, attname, atttypid, attnotnull) FROM pg_attribute WHERE attrelid >= 16384
                    AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%'))
                UNION ALL SELECT format('f %s %s', oid, md5(prosrc)) FROM pg_proc WHERE oid >= 16384
                UNION ALL SELECT format('k %s %s', oid, conname) FROM pg_constraint WHERE oid >= 16384 AND contype NOT IN ('t')
                UNION ALL SELECT format('y %s %s', oid, typname) FROM pg_type WHERE oid >= 16384 AND typtype IN ('d', 'e', 'r')
                UNION ALL SELECT format('t %s %s', oid, tgname) FROM pg_trigger WHERE oid >= 16384
                UNION ALL SELECT format('n %s', nspname) FROM pg_namespace WHERE oid >= 16384 AND nspname NOT LIKE 'pg\\_%') s""")[0][0]

    def restore(self, database, state=None):
        """Back to the state in the beginning. True: the database was made anew (connections to it are gone). state: what it
        holds now, if its schema is known to be as it was."""
        if state is None and self._fingerprint(database) != self.schema_print[database]:
            self._close_control(database)
            self.cluster.drop_database(database)
            self.cluster.create_database(database, OWNER, f"template_{database}")
            self.schema_print[database] = self._fingerprint(database)
            return True
        state, control = state or self.state(database), self.control(database)
        for table in self.tables:
            if state[table.label] == self.baseline[database][table.label]:
                continue
            key = (database, table.label)
            self.restores[key] = self.restores.get(key, 0) + 1
            control.query("SET session_replication_role = replica").check()
            control.query(f"DELETE FROM ONLY {table.sql}").check()
            # While it is empty: its file ends up empty as well, and the rows come back in their order.
            anew = self.restores[key] % 40 == 0
            if anew:
                control.query(f"VACUUM {table.sql}").check()
            control.query(f"COPY {table.sql} ({table.list(self._all(table, database))}) FROM STDIN", [self.saved[database][table.label]]).check()
            if anew:
                control.query(f"ANALYZE {table.sql}").check()
            control.query("SET session_replication_role = origin").check()
        return False
