"""The ways from pgbench to the server that are compared, and the programs that they need.

    direct     pgbench connects to the server
    pgbouncer  through PgBouncer, session pooling
    passing    through tenantry, no table is a tenant table
    rewriting  through tenantry, every table is a tenant table (the server holds a second tenant's rows, too)
    byhand     through PgBouncer, on the same tables as rewriting; the statements carry the tenant themselves
    rls        directly, with row-level security instead (on the same tables as rewriting)

One PostgreSQL serves them all, with a database for each kind of schema. Everything goes over TCP on the loopback, as a user
that is not a superuser."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from cluster import Cluster, free_port  # noqa: E402
from proxy import Proxy, ProxyFailed  # noqa: E402,F401

import processes  # noqa: E402

NAMES = ("direct", "pgbouncer", "passing", "rewriting", "byhand", "rls")
SQL = os.path.join(ROOT, "bench", "sql")
GALLERY = os.path.join(ROOT, "conf", "gallery")
USER, PASSWORD = "app", "app-password"
PGBENCH_TABLES = ("pgbench_accounts", "pgbench_branches", "pgbench_tellers", "pgbench_history")
GALLERY_TABLES = ("users", "paintings", "carts", "cart_items", "orders", "order_items", "favorites", "notifications", "exhibitions",
                  "custom_requests", "settings", "stripe_events", "saas_sites")
EXTRA_TABLES = ("copied",)


class CannotMeasure(Exception):
    pass


class Server:
    """The PostgreSQL behind all targets: databases `plain`, `tenants` and `rls` (loaded when first asked for)."""

    def __init__(self, scale):
        self.scale = scale
        self.cluster = Cluster(settings={"max_connections": "1300", "shared_buffers": "512MB", "max_wal_size": "4GB",
                                         "superuser_reserved_connections": "5"})
        self.cluster.start()
        self.cluster.create_user(USER, PASSWORD)
        self.loaded = set()

    @property
    def pid(self):
        return self.cluster.process.pid

    def database(self, name):
        if name in self.loaded:
            return name
        if name == "plain":
            self._load_plain()
        else:
            self.database("plain")
            self.cluster.create_database(name, owner=USER, template="plain")
            self.cluster.load(name, os.path.join(SQL, "tenants.sql"))
            if name == "rls":
                self.cluster.load(name, os.path.join(SQL, "row_security.sql"))
        self.cluster.sql(name, "VACUUM (ANALYZE); CHECKPOINT")
        self.loaded.add(name)
        return name

    def _load_plain(self):
        self.cluster.create_database("plain", owner=USER)
        self.cluster.sql("plain", "ALTER SCHEMA public OWNER TO app")
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        done = subprocess.run([self.cluster.program("pgbench"), "-i", "-q", "-s", str(self.scale), "-h", self.cluster.host, "-p",
                               str(self.cluster.port), "-U", USER, "plain"], env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotMeasure(f"pgbench -i failed: {done.stderr}")
        script = ["SET ROLE app; SET client_min_messages = warning;"]
        for name in ("schema.sql", "data.sql"):
            with open(os.path.join(GALLERY, name)) as f:
                script.append(f.read())
        script.append("CREATE TABLE copied (id integer NOT NULL, name text, created timestamptz, price numeric(10,2), note text);")
        self.cluster.sql("plain", "\n".join(script))

    def vacuum(self):
        for name in self.loaded:
            self.cluster.sql(name, "VACUUM (ANALYZE)")

    def stop(self):
        self.cluster.stop()


class Target:
    """One way to the server. `pid` is the proxy's process or None; `session` are options for the client's connection."""

    def __init__(self, name, server):
        self.name, self.server, self.pid = name, server, None
        self.host, self.port = server.cluster.host, server.cluster.port
        self.session = ""
        # Where the scripts of a workload are.
        self.folders = {"select": "byhand-select", "mixed": "byhand"} if name == "byhand" else {"mixed": "mixed"}
        self.database = server.database({"rewriting": "tenants", "byhand": "tenants", "rls": "rls"}.get(name, "plain"))
        self.process = None

    def start(self):
        if self.name == "rls":
            self.session = "-c app.tenant_id=1"
        return self

    def alive(self):
        return True

    def stop(self):
        pass

    def log(self):
        return ""

    def environment(self):
        return {"PATH": os.environ["PATH"], "PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": USER, "PGPASSWORD": PASSWORD,
                "PGDATABASE": self.database, "PGOPTIONS": self.session, "PGSSLMODE": "disable", "LC_ALL": "C.UTF-8"}

    def processor_time(self):
        """Seconds of (proxy, server) so far."""
        if not self.alive():
            raise CannotMeasure(f"{self.name}: the proxy died:\n{self.log()[-3000:]}")
        return (processes.process_time(self.pid) if self.pid else 0.0), processes.server_time(self.server.pid)


class PgBouncer(Target):
    def start(self):
        self.folder = tempfile.mkdtemp(prefix="tenantry-bouncer-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        with open(os.path.join(self.folder, "users"), "w") as f:
            f.write(f'"{USER}" "{PASSWORD}"\n')
        configuration = os.path.join(self.folder, "pgbouncer.ini")
        with open(configuration, "w") as f:
            f.write(f"""[databases]
* = host={self.server.cluster.host} port={self.server.cluster.port}
[pgbouncer]
listen_addr = {self.host}
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {self.folder}/users
pool_mode = session
default_pool_size = 1200
max_client_conn = 2000
ignore_startup_parameters = extra_float_digits,options
log_connections = 0
log_disconnections = 0
""")
        command = ["/usr/sbin/pgbouncer", "-q", configuration]
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            command = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"] + command
        self.log_path = os.path.join(self.folder, "log")
        # The folder stays the caller's: PgBouncer logs to the standard error it was given.
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        for _ in range(200):
            if self.process.poll() is not None:
                raise CannotMeasure(f"PgBouncer did not start:\n{self.log()}")
            try:
                socket.create_connection((self.host, self.port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        self.pid = self.process.pid
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


class Tenantry(Target):
    def start(self):
        rewriting = self.name == "rewriting"
        tables = ", ".join(PGBENCH_TABLES + GALLERY_TABLES + EXTRA_TABLES) if rewriting else ""
        # Two tables of the gallery have a tenant column from the start: passing means that they count as shared.
        shared = "" if rewriting else "users, saas_sites"
        configuration = f"""[tenantry]
max_clients = 2000
max_unauthenticated = 2000
log_level = info
tenant = {'' if rewriting else 'none'}
[migration]
on_startup = {'yes' if rewriting else 'no'}
tables = {tables}
shared = {shared}
"""
        workers = os.environ.get("BENCH_WORKERS")
        if workers:
            configuration = configuration.replace("[migration]", f"workers = {workers}\n[migration]")
        url = self.server.cluster.url(self.database, USER, PASSWORD, sslmode="disable")
        self.process = Proxy(upstream=url, config=configuration)
        self.process.start()
        self.port = self.process.port
        self.pid = self.process.process.pid
        return self

    def alive(self):
        return self.process.alive()

    def log(self):
        return self.process.log()

    def stop(self):
        if self.process:
            self.process.stop()


def make(name, server):
    kind = {"pgbouncer": PgBouncer, "byhand": PgBouncer, "passing": Tenantry, "rewriting": Tenantry}.get(name, Target)
    return kind(name, server)
