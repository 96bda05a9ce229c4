"""A throw-away PostgreSQL: its own data folder, port and socket folder, gone at the end.

    with Cluster() as cluster:
        cluster.create_database("shop")
        cluster.load("shop", "conf/gallery/schema.sql")
        url = cluster.url("shop")

Listens on 127.0.0.1 and a Unix socket. Every connection needs a password (SCRAM) except the superuser's over the socket.
As root it runs as user `postgres`. TENANTRY_PGBIN, or bindir=, names another PostgreSQL's programs."""
import atexit
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

DEFAULT_BINDIR = os.environ.get("TENANTRY_PGBIN", "/usr/lib/postgresql/15/bin")
# fsync off: nothing here has to survive a power failure. No autovacuum: it would change plans in the middle of a test.
SETTINGS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "200",
    "shared_buffers": "64MB", "log_min_messages": "warning", "log_statement": "none", "timezone": "UTC", "log_timezone": "UTC",
    "lc_messages": "C", "max_prepared_transactions": "10", "jit": "off",
}


def free_port():
    """A port nobody listens on now. Below the range that the kernel hands out to clients, so that it stays free."""
    import random
    for _ in range(200):
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def program(name, bindir=DEFAULT_BINDIR):
    """The server's own program; some builds carry no clients (psql, pg_isready): then the system's."""
    own = os.path.join(bindir, name)
    return own if os.path.exists(own) else os.path.join("/usr/lib/postgresql/15/bin", name)


def can_dump():
    """pg_dump refuses servers that are newer than itself."""
    def major(name):
        return int(re.search(r"\) (\d+)", subprocess.check_output([program(name), "--version"], text=True))[1])
    return major("pg_dump") >= major("postgres")


class Cluster:
    def __init__(self, bindir=None, tls=False, settings=None, user="postgres", password="postgres", keep=False):
        self.bindir = bindir or DEFAULT_BINDIR
        self.user, self.password, self.keep = user, password, keep
        self.settings = {**SETTINGS, **(settings or {})}
        self.tls = tls
        self.host = "127.0.0.1"
        self.folder = tempfile.mkdtemp(prefix="tenantry-pg-", dir="/tmp")
        self.process = None
        # A server must not outlive a test that was killed.
        self._as = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            owner = "postgres" if self._has_user("postgres") else "nobody"
            entry = pwd.getpwnam(owner)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self._as += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.socket_folder = self.folder
        self.port = free_port()
        atexit.register(self.stop)

    @staticmethod
    def _has_user(name):
        try:
            pwd.getpwnam(name)
            return True
        except KeyError:
            return False

    def _run(self, arguments, **more):
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return subprocess.run(self._as + arguments, check=True, cwd="/", env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, **more)

    def program(self, name):
        return program(name, self.bindir)

    def init(self):
        passwords = os.path.join(self.folder, "password")
        with open(passwords, "w") as f:
            f.write(self.password + "\n")
        os.chmod(passwords, 0o644)
        try:
            self._run([self.program("initdb"), "-D", self.data, "-U", self.user, "--pwfile", passwords, "-E", "UTF8",
                       "--locale=C.UTF-8", "-N", "--auth-local=trust", "--auth-host=scram-sha-256"])
        except subprocess.CalledProcessError as e:
            raise RuntimeError(f"initdb failed:\n{e.stdout.decode()}") from None
        os.unlink(passwords)
        # A password for everybody over TCP; over the socket the superuser only needs none.
        hba = os.path.join(self.data, "pg_hba.conf")
        with open(hba, "w") as f:
            f.write(f"local all {self.user} trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
                    "host replication all 127.0.0.1/32 scram-sha-256\n")
        if self.tls:
            key, certificate = os.path.join(self.data, "server.key"), os.path.join(self.data, "server.crt")
            self._run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                       "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate])
            self._run(["chmod", "600", key])
            self.settings["ssl"] = "on"
            self.certificate = os.path.join(self.folder, "server.crt")
            shutil.copyfile(certificate, self.certificate)

    def start(self):
        if not os.path.exists(os.path.join(self.data, "PG_VERSION")):
            self.init()
        for attempt in range(5):
            self.log_path = os.path.join(self.folder, "log")
            options = {**self.settings, "port": str(self.port), "listen_addresses": self.host,
                       "unix_socket_directories": self.socket_folder}
            command = self._as + [self.program("postgres"), "-D", self.data]
            for name, value in options.items():
                command += ["-c", f"{name}={value}"]
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/",
                                                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                                                start_new_session=True)
            if self._wait_ready():
                return self
            if "Address already in use" not in self.log():
                break
            self.port = free_port()
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log()[-3000:]}")

    def _wait_ready(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            ready = subprocess.run([self.program("pg_isready"), "-q", "-h", self.socket_folder, "-p", str(self.port)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if ready.returncode == 0:
                return True
            time.sleep(0.05)
        return False

    def log(self):
        try:
            with open(self.log_path, errors="replace") as f:
                return f.read()
        except (OSError, AttributeError):
            return ""

    def halt(self, how=signal.SIGINT):
        """Stops the server and keeps its data: SIGINT fast, SIGTERM smart, SIGQUIT like a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(30)
        self.process = None

    def stop(self):
        self.halt(signal.SIGINT)
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def url(self, database="postgres", user=None, password=None, **parameters):
        user = user or self.user
        password = self.password if password is None else password
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return (f"postgresql://{urllib.parse.quote(user, '')}:{urllib.parse.quote(password, '')}"
                f"@{self.host}:{self.port}/{urllib.parse.quote(database, '')}{query}")

    def psql(self, database, *arguments, input=None, check=True):
        """psql as superuser over the socket; returns its output."""
        command = [self.program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket_folder,
                   "-p", str(self.port), "-U", self.user, "-d", database, *arguments]
        done = subprocess.run(command, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"psql failed: {done.stderr}\n{' '.join(command)}")
        return done.stdout

    def sql(self, database, text):
        return self.psql(database, "-f", "-", input=text)

    def load(self, database, path, **variables):
        more = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        return self.psql(database, *more, "-f", path)

    def create_user(self, name, password, options=""):
        self.sql("postgres", f"""CREATE ROLE "{name}" LOGIN PASSWORD '{password}' {options}""")

    def create_database(self, name, owner=None, template=None):
        self.sql("postgres", f'CREATE DATABASE "{name}"' + (f' OWNER "{owner}"' if owner else "") +
                 (f' TEMPLATE "{template}"' if template else ""))

    def drop_database(self, name):
        self.sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def main():
    """cluster.py [FILE.sql...]: starts one, loads the files into a database `test`, prints the URL, waits for ctrl-C."""
    with Cluster() as cluster:
        cluster.create_database("test")
        for path in sys.argv[1:]:
            cluster.load("test", path)
        print(cluster.url("test"), flush=True)
        try:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            signal.pause()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
