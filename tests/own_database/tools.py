"""PostgreSQL's own tools through tenantry, against the tenant's own database: psql's backslash commands, and pg_dump, whose data must
be the tenant's and must go back in.

The catalogs are the server's: they show the tenant column, its indexes and the table of tenants. Lines that speak of tenants are the
only ones that may be there more."""
import os
import pty
import re
import select
import subprocess
import time

from cluster import can_dump
from compare import mask
from world import OWNER, PASSWORD

META = r"""\dn \dt \d \d+ \di \ds \dv \dm \df \dT+ \dD \dx \dp \ddp \dF \do \dO \dc \dC \dd \da \dE \det \des \dew \dP+ \dRp \dRs \dy \dX \dA \dAc \encoding""".split()
SCRIPT = r"""
\echo ==== gdesc
SELECT * FROM {table} \gdesc
\echo ==== gexec
SELECT 'SELECT count(*) FROM {table}' \gexec
\echo ==== gset
SELECT count(*) AS n FROM {table} \gset
\echo :n
\echo ==== copy
\copy {table} to stdout CSV HEADER
\echo ==== crosstab
SELECT n.nspname, c.relkind, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = '{table}' GROUP BY 1, 2 \crosstabview
\echo ==== watch
SELECT count(*) FROM {table} \g (format=unaligned)
"""
COPIED = re.compile(r"^COPY ([^\n]+?) \(([^\n]*)\) FROM stdin;\n(.*?)^\\\.$", re.M | re.S)


class Tool:
    def __init__(self, world, port, database, tenant):
        self.world = world
        self.environment = {"PGHOST": world.cluster.host, "PGPORT": str(port), "PGDATABASE": database, "PGUSER": OWNER, "PGPASSWORD": PASSWORD,
                            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        if tenant is not None:
            self.environment["PGOPTIONS"] = "-c app.tenant_id=" + tenant.replace("\\", "\\\\").replace(" ", "\\ ")

    def run(self, program, *arguments, text=None):
        return subprocess.run([self.world.cluster.program(program), *arguments], env=self.environment, input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)


    def type(self, keys, wanted, seconds=30):
        """Types into psql at a terminal; the text that matches `wanted`, or what was seen instead."""
        program = self.world.cluster.program("psql")
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(program, [program, "-X", "-A", "-t", "-P", "pager=off"], {**self.environment, "TERM": "dumb"})
        seen, end, sent = "", time.monotonic() + seconds, False
        try:
            while time.monotonic() < end and not re.search(wanted, seen):
                if not sent and re.search(r"[=-][>#] $", seen):
                    os.write(terminal, keys.encode())
                    sent = True
                if select.select([terminal], [], [], 0.5)[0]:
                    seen += os.read(terminal, 65536).decode("utf-8", "replace")
        except OSError:
            pass  # it has ended
        os.close(terminal)
        os.waitpid(pid, 0)
        found = re.search(wanted, seen)
        return found.group(0) if found else f"not found in {seen!r}"


def meta_script(world):
    tables = [t for t in world.tenant_tables if t.schema == "public"]
    parts = [f"\\echo ==== {m}\n{m}\n" for m in META]
    parts += [f"\\echo ==== {m} {t.sql}\n{m} {t.sql}\n" for t in tables for m in (r"\d", r"\d+", r"\dp")]
    plain = next(t for t in tables if t.name.isidentifier() and t.name.islower())
    return "".join(parts) + SCRIPT.format(table=plain.name)


def sections(output):
    parts = re.split(r"(?m)^==== (.*)\n", output)
    return dict(zip(parts[1::2], parts[2::2]))


def words(text):
    """Lines without the widths of columns, and without what belongs to tenants."""
    lines = [re.sub(r"\s*\|\s*", "|", re.sub(r"-+", "-", line)).strip() for line in mask(text).split("\n")]
    return [re.sub(r"^\(\d+ rows?\)$", "(rows)", line) for line in lines if "tenant" not in line.lower()]


def different_sections(own, got):
    """[(which, lines)]: lines of the own database that are missing, and others that are there."""
    found = []
    for name, text in own.items():
        a, b = words(text), words(got.get(name, "(no answer)"))
        more = [line for line in b if line not in a and line not in ("+-", "")]
        less = [line for line in a if line not in b]
        if more or less:
            found.append((name, [f"own only: {line}" for line in less[:4]] + [f"tenantry only: {line}" for line in more[:4]]))
    return found


def dumped(text, tenant_column):
    """{table: sorted rows} of a dump's COPY sections, without the tenant column."""
    tables = {}
    for name, columns, rows in COPIED.findall(text):
        listed = columns.split(", ")
        at = listed.index(tenant_column) if tenant_column in listed else None
        split = [row.split("\t") for row in rows.split("\n")[:-1]]
        tables[name] = sorted(mask("\t".join(v for i, v in enumerate(row) if i != at)) for row in split)
    return tables


def run_tools(world, report_line):
    """report_line(label, lines): no lines, no difference."""
    for k in world.tenants[:2]:
        world.reset_sequences([f"own_{k}", "shared"], k)  # whoever drew from them last: they are shared, and a dump has where they are
        own = Tool(world, world.cluster.port, f"own_{k}", None)
        got = Tool(world, world.proxy.port, "shared", world.tenant_value(k))
        script = meta_script(world)
        a, b = own.run("psql", "-X", "-f", "-", text=script).stdout, got.run("psql", "-X", "-f", "-", text=script).stdout
        for name, lines in different_sections(sections(a), sections(b)):
            report_line(f"psql {name}, tenant {k}", lines)
        leaks = world.canaries.found(b.encode(), k)
        report_line(f"psql, tenant {k}", [f"bytes of another tenant: {leaks}"] if leaks else [])
        completes(world, own, got, f"psql completes names, tenant {k}", report_line)

        if not can_dump():
            print("skipped pg_dump: it is older than the server")
            continue
        options = ["--enable-row-security", "--data-only", "--disable-triggers"]
        a, b = own.run("pg_dump", *options), got.run("pg_dump", *options)
        leaks = world.canaries.found(b.stdout.encode(), k)
        tables, dump = dumped(a.stdout, world.tenant_column), dumped(b.stdout, world.tenant_column)
        lines = [f"{name}: {len(rows)} rows on the own database, {len(dump.get(name, []))} through tenantry" for name, rows in tables.items() if dump.get(name) != rows]
        report_line(f"pg_dump, tenant {k}", lines + ([f"bytes of another tenant: {leaks}"] if leaks else []) + ([b.stdout[-500:]] if b.returncode else []))

        done = got.run("pg_dump", "--enable-row-security", "--schema-only")
        report_line(f"pg_dump --schema-only, tenant {k}", [done.stdout[-500:]] if done.returncode else [])
        restore(world, got, k, report_line)


def completes(world, own, got, label, report_line):
    """Tab: the name of a table, by psql's own catalog queries."""
    names = [t.name for t in world.tables]
    table = next(t for t in world.tenant_tables if t.schema == "public" and t.name.isidentifier() and t.name.islower() and
                 sum(n.startswith(t.name[:-1]) for n in names) == 1)
    keys = f"SELECT 'rows ' || count(*) FROM {table.name[:-1]}\t;\n"
    a, b = own.type(keys, r"(?m)^rows \d+\r?$"), got.type(keys, r"(?m)^rows \d+\r?$")
    report_line(label, [] if a == b and a.startswith("rows ") else [f"own: {a}", f"tenantry: {b}"])


def restore(world, got, k, report_line):
    """What was dumped, as rows and as INSERT, goes back in where the rows were deleted before. Not --inserts alone: it gives values by
    place, that of the tenant column, which the catalogs show, among them."""
    targets = [t for t in world.tenant_tables if t.schema == "public" and t.name in ("jobs", "documents", "notifications")]
    for options in (["--data-only"], ["--data-only", "--column-inserts"], ["--data-only", "--column-inserts", "--rows-per-insert=3"]):
        for table in targets:
            dump = got.run("pg_dump", "--enable-row-security", *options, "-t", table.sql).stdout
            # Not what changes the session: only COPY, INSERT and their rows.
            body = dump[dump.index("SET row_security = on;") + len("SET row_security = on;"):]
            body = re.sub(r"(?m)^\\unrestrict .*$", "", body)
            count = f"SELECT 'rows ' || count(*) || ' ' || md5(string_agg({table.row()}, ',' ORDER BY 1)) FROM {table.sql};\n"
            script = f"BEGIN;\n{count}DELETE FROM {table.sql};\n{body}\n{count}ROLLBACK;\n"
            done = got.run("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", text=script)
            rows = [line for line in done.stdout.split("\n") if line.startswith("rows ")]
            report_line(f"pg_dump {' '.join(options)} and back, {table.name}, tenant {k}",
                        [] if done.returncode == 0 and len(rows) == 2 and rows[0] == rows[1] else [done.stdout[-600:]])
