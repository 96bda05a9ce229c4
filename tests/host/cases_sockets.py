"""Where clients come in: TCP, Unix-domain sockets; options of sockets."""
import ctypes
import os
import signal
import socket
import stat

from proxy import ProxyFailed
from world import Skipped, wire


def _unix(world, proxy, folder, port, user="postgres", password="postgres"):
    c = wire.Connection(None, None, 10, unix=f"{folder}/.s.PGSQL.{port}")
    return c.start(user, password, "shop")


def _both(proxy, folder):
    return f"{proxy.host}:{proxy.port}, {folder}:6543"


def _started(world, settings="", folder=None, **more):
    proxy = world.prepare(settings, **more)
    # Proxy chose a TCP port; the socket comes beside it.
    at = proxy.command.index("--listen") + 1
    proxy.command[at] = _both(proxy, folder)
    return proxy.start()


def case_unix_socket(world):
    """Permissions as told; a password is wanted unless trust says otherwise; the socket goes with the process."""
    folder = world.path("sockets")
    os.makedirs(folder, exist_ok=True)
    proxy = _started(world, "unix_socket_mode = 0720", folder)
    path = f"{folder}/.s.PGSQL.6543"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o720, oct(os.stat(path).st_mode)
    c = _unix(world, proxy, folder, 6543)
    assert c.query("SELECT count(*) FROM entries").rows() == [["10"]]
    try:
        _unix(world, proxy, folder, 6543, password="wrong")
        raise AssertionError("let in with a wrong password")
    except wire.ServerError as e:
        assert e.fields["C"] == "28P01"
    c.close()
    assert proxy.stop() == 0 and not os.path.exists(path)
    proxy = _started(world, "trust = local", folder)
    _unix(world, proxy, folder, 6543, password="wrong").close()
    assert world.refused(proxy, password="wrong")["C"] == "28P01", "trust = local is not for TCP"


def case_stale_socket(world):
    """What kill -9 left behind is replaced; a socket that lives is not, and neither is a file that is none."""
    folder = world.path("stale")
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/.s.PGSQL.6543"
    first = _started(world, "", folder)
    first.kill()
    assert os.path.exists(path)
    second = _started(world, "", folder)
    _unix(world, second, folder, 6543).close()
    try:
        _started(world, "", folder)
        raise AssertionError("two processes on one socket")
    except ProxyFailed as e:
        assert e.status == 1 and "cannot listen" in e.log and "another tenantry" in e.log, e
    _unix(world, second, folder, 6543).close()
    assert second.stop() == 0
    with open(path, "w") as f:
        f.write("precious")
    try:
        _started(world, "", folder)
        raise AssertionError("listens on a file")
    except ProxyFailed as e:
        assert e.status == 1, e
    with open(path) as f:
        assert f.read() == "precious"


def case_port_in_use(world):
    """SO_REUSEPORT must not let a second process in."""
    first = world.proxy()
    second = world.prepare(listen=f"127.0.0.1:{first.port}")
    # Ready is asked for at another port, where nobody will be.
    try:
        second.timeout = 10
        second.start()
        raise AssertionError("two processes on one port")
    except ProxyFailed as e:
        assert e.status == 1 and "cannot listen" in e.log, e
    world.connect(first).close()


def case_ipv6(world):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        raise Skipped("there is no IPv6 here") from None
    proxy = world.prepare()
    at = proxy.command.index("--listen") + 1
    proxy.command[at] = f"127.0.0.1:{proxy.port}, [::1]:{proxy.port}"
    proxy.start()
    c = wire.Connection("::1", proxy.port, 10)
    c.start("postgres", "postgres", "shop")
    assert c.query("SELECT 1").rows() == [["1"]]
    c.close()


def _sockets_of(pid):
    """The process's TCP sockets, as sockets of ours."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                continue
        except OSError:
            continue
        fd = libc.syscall(438, process, int(name), 0)  # pidfd_getfd
        if fd < 0:
            os.close(process)
            raise Skipped(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
        s = socket.socket(fileno=fd)
        if s.family in (socket.AF_INET, socket.AF_INET6):
            found.append(s)
    os.close(process)
    return found


def case_keepalive(world):
    """Both sockets of a session probe silent peers; no user time-out unless it is asked for."""
    for settings, idle, user in (("", 60, 0), ("tcp_keepalive = 20s\ntcp_user_timeout = 9s", 20, 9000),
                                 ("tcp_keepalive = none", None, 0)):
        proxy = world.proxy(settings)
        c = world.connect(proxy)
        mine = c.socket.getsockname()[1]
        seen = 0
        for s in _sockets_of(proxy.process.pid):
            try:
                peer = s.getpeername()[1]
            except OSError:
                continue
            name = s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), s.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            # The third socket to the server is the catalogs' own: libpq's, not a session's.
            if peer == mine:
                seen += 1
                assert name == ((1, idle) if idle else (0, name[1])), (settings, name)
                assert s.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == user, settings
                assert s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            s.close()
        assert seen == 1
        c.close()
        proxy.stop()


def case_user_timeout_ends_who_does_not_read(world):
    """With tcp_user_timeout a peer that takes nothing any more is lost, and its server session with it."""
    proxy = world.proxy("tcp_user_timeout = 1s")
    c = wire.Connection("127.0.0.1", proxy.port, 20)
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    c.start("postgres", "postgres", "shop")
    c.send(wire.query("SELECT repeat('x', 1000) FROM generate_series(1, 100000)"))
    assert proxy.wait_log("client is gone", 15), proxy.log()
    c.socket.close()


def case_unprivileged(world):
    """Runs as somebody without any rights: nothing of it needs root."""
    if os.geteuid() != 0:
        raise Skipped("the tests are not run as root, so every case runs unprivileged")
    proxy = world.prepare()
    os.chmod(proxy.folder, 0o755)
    at = proxy.command.index("setpriv") + 1
    proxy.command[at:at] = ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
                            "--inh-caps=-all"]
    try:
        proxy.start()
    except ProxyFailed as e:
        if "Permission denied" in e.log and e.status == 127:
            raise Skipped("another user cannot execute what was built here") from None
        raise
    with open(f"/proc/{proxy.process.pid}/status") as f:
        status = f.read()
    assert "Uid:\t65534\t65534" in status and "CapEff:\t0000000000000000" in status, status
    c = world.connect(proxy)
    assert c.query("SELECT count(*) FROM entries").rows() == [["10"]]
    c.close()
    proxy.signal(signal.SIGHUP)
    assert proxy.wait_log("the configuration was read again")
    assert proxy.stop() == 0
