"""tenantry on a free port, for tests.

    with Proxy(upstream=cluster.url("shop"), config="[migration]\\ntables = users, carts\\n") as proxy:
        connection = wire.connect(proxy.port, "postgres", "postgres", "shop")
        ...
    print(proxy.log())

`config` is the text of a configuration file, or a path. arguments= are more words for the command line. The program is
$BUILD/tenantry, or binary=."""
import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from cluster import free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary():
    return os.path.join(ROOT, os.environ.get("BUILD", "build"), "tenantry")


class ProxyFailed(Exception):
    """tenantry ended before it was ready: .status and .log"""

    def __init__(self, status, log):
        super().__init__(f"tenantry ended with status {status} before it was ready:\n{log[-4000:]}")
        self.status, self.log = status, log


class Proxy:
    def __init__(self, upstream=None, config=None, arguments=(), tenant=None, listen=None, environment=None, program=None,
                 timeout=60):
        self.host, self.port = "127.0.0.1", free_port()
        self.program = program or binary()
        self.folder = tempfile.mkdtemp(prefix="tenantry-proxy-", dir="/tmp")
        self.log_path = os.path.join(self.folder, "log")
        self.timeout = timeout
        # It must not outlive a test that was killed.
        command = ["setpriv", "--pdeathsig", "KILL", self.program, "serve", "--listen", listen or f"{self.host}:{self.port}"]
        if config is not None:
            if "\n" in config:
                path = os.path.join(self.folder, "tenantry.conf")
                with open(path, "w") as f:
                    f.write(config)
                config = path
            command += ["-c", config]
        if upstream:
            command += ["--upstream", upstream]
        if tenant is not None:
            command += ["--tenant", str(tenant)]
        self.command = command + list(arguments)
        # The tests' own environment must not choose the server.
        self.environment = {k: v for k, v in os.environ.items()
                            if k not in ("DATABASE_URL", "SUPABASE_DB_URL") and not k.startswith("PG")}
        self.environment.update(environment or {})
        self.process = None
        self.status = None
        atexit.register(self._forget)

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                            env=self.environment, start_new_session=True, cwd=ROOT)
        end = time.monotonic() + self.timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise ProxyFailed(self.process.returncode, self.log())
            try:
                # It listens once the migration is done: a connection is the ready line.
                socket.create_connection((self.host, self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        log = self.log()
        self.kill()
        raise ProxyFailed(None, log)

    def log(self):
        try:
            with open(self.log_path, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def wait_log(self, text, seconds=10):
        """Waits until the text is in the log."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if text in self.log():
                return True
            time.sleep(0.02)
        return False

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=20):
        """SIGTERM and the exit status; a process that does not end is killed and None is returned."""
        if self.process is None:
            return self.status
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.status = self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.kill()
                self.status = None
        self.process = None
        self.check_sanitizers()
        return self.status

    def check_sanitizers(self):
        """What a sanitizer has reported goes to the log, and the process may live on."""
        found = re.search(r"(WARNING|ERROR): (Thread|Address|Leak)Sanitizer|runtime error: ", self.log())
        if found:
            raise AssertionError(f"a sanitizer reported (status {self.status}):\n{self.log()[max(0, found.start() - 200):found.start() + 3500]}")

    def _forget(self):
        self.kill()
        self.check_sanitizers()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()


def command(*arguments, environment=None, input=None, timeout=120):
    """One-shot commands (migrate, check, rewrite): subprocess.CompletedProcess with text output, stderr apart."""
    clean = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SUPABASE_DB_URL") and not k.startswith("PG")}
    clean.update(environment or {})
    return subprocess.run([binary(), *arguments], env=clean, input=input, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, cwd=ROOT)
