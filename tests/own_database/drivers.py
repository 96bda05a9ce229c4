"""The shop's statements by real programs: psql, psycopg 3 (server-side parameters, text and binary), psycopg2 (simple protocol) and
asyncpg (prepared statements, binary), on the tenant's own database and through tenantry. What the program shows must be the same.

Every block runs in a transaction that is rolled back (the oracle itself compares states)."""
import datetime
import re
import subprocess

from compare import mask
from statements import ordered
from world import OWNER, PASSWORD


def _plain(thing):
    if isinstance(thing, (list, tuple)):
        return [_plain(part) for part in thing]
    return str(thing) if isinstance(thing, (datetime.datetime, datetime.date)) else thing


def _masked(thing):
    """Values as text, moments of this run alike."""
    return mask(repr(_plain(thing)))


class Psql:
    """One psql for all blocks, so that they share a session; VERBOSITY verbose shows SQLSTATE, detail and position."""
    name = "psql"

    def __init__(self, world, host, port, database, tenant):
        self.program = world.cluster.program("psql")
        self.environment = {"PGHOST": host, "PGPORT": str(port), "PGDATABASE": database, "PGUSER": OWNER, "PGPASSWORD": PASSWORD,
                            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        if tenant is not None:
            self.environment["PGOPTIONS"] = f"-c app.tenant_id={tenant}"

    def run_all(self, texts):
        script = "\\set VERBOSITY verbose\n"
        for i, (text, _) in enumerate(texts):
            script += f"\\echo ==== {i}\nBEGIN;\n{text.rstrip().rstrip(';')}\n;\nROLLBACK;\n"
        done = subprocess.run([self.program, "-X", "-A", "-P", "null=(null)", "-f", "-"], input=script, text=True, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        parts = re.split(r"==== (\d+)\n", done.stdout)
        answers = {int(parts[i]): parts[i + 1] for i in range(1, len(parts) - 1, 2)}
        # Where in the server's source an error was raised, and the line in this script, say nothing about the answer.
        noise = r"(?m)^LOCATION:.*\n|psql:<stdin>:\d+: "
        cleaned = [mask(re.sub(noise, "", answers.get(i, "no answer"))) for i in range(len(texts))]
        return [a if ordered(text) else "\n".join(sorted(a.split("\n"))) for a, (text, _) in zip(cleaned, texts)]


class _Driver:
    def run_all(self, texts):
        answers = []
        for text, parameters in texts:
            try:
                answers.append(self.run(text, parameters))
            except (self.errors) as e:
                answers.append(self.problem(e))
            self.tidy()
        self.close()
        return answers


class Psycopg3(_Driver):
    """binary: results in binary format."""

    def __init__(self, world, host, port, database, tenant, binary=False):
        import psycopg
        self.psycopg, self.binary = psycopg, binary
        self.name = "psycopg3 binary" if binary else "psycopg3 text"
        self.errors = (psycopg.Error,)
        options = f"-c app.tenant_id={tenant}" if tenant is not None else ""
        self.connection = psycopg.connect(host=host, port=port, dbname=database, user=OWNER, password=PASSWORD, options=options)

    def run(self, text, parameters):
        with self.connection.cursor(binary=self.binary) as cursor:
            if parameters is None:
                cursor.execute(text.encode(), binary=self.binary)
            else:
                order = []

                def place(match):
                    order.append(parameters[int(match.group(1)) - 1])
                    return "%s"
                cursor.execute(re.sub(r"\$(\d+)", place, text.replace("%", "%%")).encode(), order)
            return self.shown(cursor)

    @staticmethod
    def shown(cursor):
        columns = [(c[0], c[1]) for c in cursor.description] if cursor.description else None
        rows = cursor.fetchall() if cursor.description else None
        return _masked((columns, sorted(rows, key=repr) if rows else rows, cursor.rowcount))

    @staticmethod
    def problem(e):
        d = e.diag
        return _masked((d.sqlstate, d.message_primary, d.statement_position, d.constraint_name, d.table_name))

    def tidy(self):
        self.connection.rollback()

    def close(self):
        self.connection.close()


class Psycopg2(Psycopg3):
    def __init__(self, world, host, port, database, tenant):
        import psycopg2
        self.name, self.errors = "psycopg2", (psycopg2.Error,)
        options = f"-c app.tenant_id={tenant}" if tenant is not None else ""
        self.connection = psycopg2.connect(host=host, port=port, dbname=database, user=OWNER, password=PASSWORD, options=options)

    def run(self, text, parameters):
        with self.connection.cursor() as cursor:
            if parameters is None:
                cursor.execute(text)
            else:
                names = {f"p{i + 1}": v for i, v in enumerate(parameters)}
                cursor.execute(re.sub(r"\$(\d+)", r"%(p\1)s", text.replace("%", "%%")), names)
            return self.shown(cursor)


class Asyncpg(_Driver):
    name = "asyncpg"

    def __init__(self, world, host, port, database, tenant):
        import asyncio
        import asyncpg
        self.errors = (asyncpg.PostgresError, asyncpg.InterfaceError)
        self.loop = asyncio.new_event_loop()
        settings = {"app.tenant_id": str(tenant)} if tenant is not None else {}
        self.connection = self.loop.run_until_complete(asyncpg.connect(
            host=host, port=port, database=database, user=OWNER, password=PASSWORD, server_settings=settings, ssl=False))
        for kind in ("json", "jsonb"):
            self.loop.run_until_complete(self.connection.set_type_codec(kind, encoder=str, decoder=str, schema="pg_catalog"))

    async def _run(self, text):
        await self.connection.execute("BEGIN")
        statement = await self.connection.prepare(text)
        rows = await statement.fetch()
        columns = [(a.name, a.type.name) for a in statement.get_attributes()]
        parameters = [p.name for p in statement.get_parameters()]
        return columns, parameters, sorted((list(dict(r).items()) for r in rows), key=repr), statement.get_statusmsg()

    def run(self, text, parameters):
        return _masked(self.loop.run_until_complete(self._run(text)))

    @staticmethod
    def problem(e):
        return _masked((getattr(e, "sqlstate", None), str(e).split("\n")[0], getattr(e, "position", None)))

    def tidy(self):
        self.loop.run_until_complete(self.connection.execute("ROLLBACK"))

    def close(self):
        self.loop.run_until_complete(self.connection.close())
        self.loop.close()


def _binary(*arguments):
    return Psycopg3(*arguments, binary=True)


# Which drivers send the values apart from the text.
DRIVERS = [("psql", Psql, False), ("psycopg3 text", Psycopg3, True), ("psycopg3 binary", _binary, True), ("psycopg2", Psycopg2, True),
           ("asyncpg", Asyncpg, False)]
MODULES = {"psycopg3 text": "psycopg", "psycopg3 binary": "psycopg", "psycopg2": "psycopg2", "asyncpg": "asyncpg"}


def missing(name):
    if name in MODULES:
        try:
            __import__(MODULES[name])
        except ImportError:
            return True
    return False


def suitable(block):
    """Blocks of one plain statement that tenantry must not refuse and that a driver sends as it is."""
    step = block.steps[0]
    return (len(block.steps) == 1 and not step.refused and step.data is None and not step.own and not block.rows_ignored
            and not step.text.upper().startswith(("COPY", "BEGIN")) and ";" not in step.text.rstrip().rstrip(";") and not block.differs)
