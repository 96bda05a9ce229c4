"""Which clients there are, and what each needs to run: `prepare` returns the command, or raises Missing with a message."""
import glob
import os
import shutil
import subprocess

from cluster import can_dump, program

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
JDBC = "/usr/share/java/postgresql.jar"
GOCODE = "/usr/share/gocode"


class Missing(Exception):
    """The driver is not installed."""


def need(program):
    path = shutil.which(program)
    if not path:
        raise Missing(f"{program} is not installed (make deps-clients says why)")
    return path


def build(command, environment=None):
    done = subprocess.run(command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-3000:]}")


def newer(target, *sources):
    """Whether the target is there and not older than its sources."""
    return os.path.exists(target) and all(os.path.getmtime(target) >= os.path.getmtime(s) for s in sources)


def pg_dump(folder):
    if not can_dump():
        raise Missing("pg_dump is older than the server")
    return shell("pgdump.sh")(folder)


class Client:
    """`null` is how the program prints a field of an error that is not there."""

    def __init__(self, name, prepare, null="None"):
        self.name, self._prepare, self.null = name, prepare, null

    def prepare(self, folder):
        return self._prepare(folder)


def python(program, *modules):
    def prepare(_):
        for module in modules:
            if subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True).returncode != 0:
                raise Missing(f"the Python module {module} is not installed (make deps-clients says why)")
        return ["/usr/bin/python3", os.path.join(PROGRAMS, program)]
    return prepare


def shell(program, *programs):
    def prepare(_):
        for other in programs:
            need(other)
        return ["/bin/bash", os.path.join(PROGRAMS, program)]
    return prepare


def node(program, module):
    def prepare(folder):
        need("node")
        # npm's packages are in the build folder (sanitizers have one of their own), Debian's (node-pg, where it can be
        # installed) in /usr/share/nodejs.
        common = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "clients")
        modules = [os.path.join(folder, "node_modules"), os.path.join(common, "node_modules"), "/usr/share/nodejs"]
        if not any(os.path.exists(os.path.join(m, module, "package.json")) for m in modules):
            raise Missing(f"the Node.js package {module} is not installed (make deps-clients says why)")
        return ["/usr/bin/env", f"NODE_PATH={':'.join(modules)}", "node", "--no-deprecation", os.path.join(PROGRAMS, program)]
    return prepare


def java(folder):
    need("javac"), need("java")
    if not os.path.exists(JDBC):
        raise Missing("libpostgresql-jdbc-java is not installed (make deps-clients says why)")
    source = os.path.join(PROGRAMS, "Jdbc.java")
    if not newer(os.path.join(folder, "Jdbc.class"), source):
        build(["javac", "-d", folder, "-cp", JDBC, source])
    # The newer of the two versions that Debian's package brings; scram and saslprep lie beside it.
    jars = [JDBC, *sorted(glob.glob("/usr/share/java/scram*.jar")), *sorted(glob.glob("/usr/share/java/saslprep*.jar")),
            *sorted(glob.glob("/usr/share/java/stringprep*.jar"))]
    return ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", ":".join([folder, *jars]), "Jdbc"]


def go(program, package):
    def prepare(folder):
        need("go")
        if not os.path.isdir(os.path.join(GOCODE, "src", package)):
            raise Missing(f"{package} is not in {GOCODE} (make deps-clients says why)")
        source, target = os.path.join(PROGRAMS, program + ".go"), os.path.join(folder, program)
        if not newer(target, source):
            build(["go", "build", "-o", target, source],
                  {"GO111MODULE": "off", "GOPATH": GOCODE, "GOFLAGS": "", "GOCACHE": os.path.join(folder, "go-cache"), "CGO_ENABLED": "0"})
        return [target]
    return prepare


def c_program(folder):
    need("gcc")
    source, target = os.path.join(PROGRAMS, "libpq.c"), os.path.join(folder, "libpq")
    if not newer(target, source):
        build(["gcc", "-O1", "-Wall", "-Werror", "-I/usr/include/postgresql", "-o", target, source, "-lpq", "-pthread"])
    return [target]


def ruby(_):
    need("ruby")
    if subprocess.run(["ruby", "-e", "require 'pg'"], capture_output=True).returncode != 0:
        raise Missing("ruby-pg is not installed (make deps-clients says why)")
    return ["ruby", os.path.join(PROGRAMS, "ruby_pg.rb")]


def php(_):
    need("php")
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True).stdout.split()
    if "pgsql" not in modules or "pdo_pgsql" not in modules:
        raise Missing("php-pgsql is not installed (make deps-clients says why)")
    return ["php", os.path.join(PROGRAMS, "php_pgsql.php")]


def perl(_):
    need("perl")
    if subprocess.run(["perl", "-MDBD::Pg", "-e", "1"], capture_output=True).returncode != 0:
        raise Missing("libdbd-pg-perl is not installed (make deps-clients says why)")
    return ["perl", os.path.join(PROGRAMS, "dbd_pg.pl")]


CLIENTS = [
    Client("psql", lambda _: [program("psql"), "-X", "-f", os.path.join(PROGRAMS, "psql.sql")]),
    Client("pgbench", shell("pgbench.sh")),
    Client("pg_dump", pg_dump),
    Client("libpq", c_program, "NULL"),
    Client("psycopg3", python("psycopg3.py", "psycopg")),
    Client("psycopg3_async", python("psycopg3_async.py", "psycopg")),
    Client("psycopg2", python("psycopg2_client.py", "psycopg2")),
    Client("asyncpg", python("asyncpg_client.py", "asyncpg")),
    Client("sqlalchemy", python("sqlalchemy_client.py", "sqlalchemy", "psycopg2")),
    Client("django", python("django_client.py", "django", "psycopg2")),
    Client("node_pg", node("node_pg.js", "pg"), "null"),
    Client("node_postgres", node("node_postgres.js", "postgres"), "null"),
    Client("jdbc", java, "null"),
    Client("go_pq", go("go_pq", "github.com/lib/pq"), ""),
    Client("go_pgx", go("go_pgx", "github.com/jackc/pgx/v4"), ""),
    Client("ruby_pg", ruby, "nil"),
    Client("php", php, "null"),
    Client("perl", perl, "NULL"),
]
