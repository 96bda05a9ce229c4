"""TLS on both sides: versions, certificates, direct TLS, injected plain text, reload."""
import os
import shutil
import signal
import socket
import ssl
import struct
import time

from proxy import ProxyFailed
from world import closed, until, wire

SSL_REQUEST = struct.pack("!II", 8, 80877103)


def tls_settings(world, name="server", more="", tls="prefer"):
    certificate, key = world.certificate(name)
    # The proxies of some cases run as somebody else.
    os.chmod(key, 0o644)
    return f"tls = {tls}\ntls_certificate = {certificate}\ntls_key = {key}\n{more}"


def _context(low=None, high=None, own=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if low:
        context.minimum_version = low
    if high:
        context.maximum_version = high
    if own:
        context.load_cert_chain(*own)
    return context


def _fails(call):
    try:
        call()
    except (OSError, wire.ConnectionLost, wire.ServerError) as e:
        return e
    raise AssertionError("it worked")


def case_tls_required(world):
    """require: nobody logs in without; prefer: both ways; disable: N."""
    proxy = world.proxy(tls_settings(world, tls="require"))
    error = world.refused(proxy)
    assert error["C"] == "28000" and "TLS" in error["M"] + error.get("H", ""), error
    c = world.connect(proxy, tls=True)
    assert c.query("SELECT count(*) FROM entries").rows() == [["10"]]
    big = c.query("SELECT repeat('x', 3000000)")
    assert len(big.rows()[0][0]) == 3000000
    c.close()
    proxy = world.proxy(tls_settings(world))
    world.connect(proxy).close()
    world.connect(proxy, tls=True).close()
    # Whom we know by the address needs no password; TLS is another matter.
    proxy = world.proxy(tls_settings(world, tls="require", more="trust = loopback"))
    assert world.refused(proxy, password="wrong")["C"] == "28000"
    world.connect(proxy, password="wrong", tls=True).close()
    proxy = world.proxy("tls = disable")
    assert "answered b'N'" in str(_fails(lambda: world.connect(proxy, tls=True)))


def case_tls_versions(world):
    proxy = world.proxy(tls_settings(world))
    one_two, one_three = (_context(v, v) for v in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
    assert world.connect(proxy, tls=one_two).socket.version() == "TLSv1.2"
    assert world.connect(proxy, tls=one_three).socket.version() == "TLSv1.3"
    proxy = world.proxy(tls_settings(world, more="tls_min_version = 1.3"))
    world.connect(proxy, tls=one_three).close()
    _fails(lambda: world.connect(proxy, tls=one_two))


def case_client_certificates(world):
    """With tls_client_ca a client without a certificate of that authority does not get in, with one it does."""
    authority = world.certificate("authority", "the authority")
    good = world.certificate("good", "a client", authority)
    other = world.certificate("other", "a stranger")
    proxy = world.proxy(tls_settings(world, tls="require", more=f"tls_client_ca = {authority[0]}"))
    world.connect(proxy, tls=_context(own=good)).close()
    _fails(lambda: world.connect(proxy, tls=_context()))
    _fails(lambda: world.connect(proxy, tls=_context(own=other)))
    world.connect(proxy, tls=_context(own=good)).close()


def _direct(proxy, protocols):
    context = _context()
    if protocols:
        context.set_alpn_protocols(protocols)
    c = wire.Connection("127.0.0.1", proxy.port, 10)
    c.socket = context.wrap_socket(c.socket)
    return c


def case_direct_tls(world):
    """As sslnegotiation=direct: the handshake comes first, with ALPN `postgresql`, and not without."""
    proxy = world.proxy(tls_settings(world))
    c = _direct(proxy, ["postgresql"])
    assert c.socket.selected_alpn_protocol() == "postgresql"
    c.start("postgres", "postgres", "shop")
    assert c.query("SELECT 1").rows() == [["1"]]
    c.close()
    for protocols in (None, ["http/1.1"]):
        _fails(lambda: _direct(proxy, protocols).start("postgres", "postgres", "shop"))
    # And no SSLRequest inside.
    c = _direct(proxy, ["postgresql"])
    c.send(SSL_REQUEST)
    assert c.read_exactly(1) in (b"E", b"N")
    c.close()


def case_plain_text_before_the_handshake(world):
    """CVE-2021-23214: what follows SSLRequest in plain text is not taken for what comes inside TLS."""
    proxy = world.proxy(tls_settings(world))
    for more in (wire.startup({"user": "postgres", "database": "shop"}), wire.query("SELECT 1"), b"x"):
        c = wire.Connection("127.0.0.1", proxy.port, 10)
        c.send(SSL_REQUEST + more)
        first = c.read_exactly(1)
        assert first == b"E", f"the answer was {first!r}"
        closed(c)
    # The same a moment later, in a packet of its own: then it is garbage inside the handshake.
    c = wire.Connection("127.0.0.1", proxy.port, 10)
    c.send(SSL_REQUEST)
    assert c.read_exactly(1) == b"S"
    c.send(wire.startup({"user": "postgres", "database": "shop"}))
    closed(c)
    world.connect(proxy, tls=True).close()


def case_server_that_injects_plain_text(world):
    """CVE-2021-23222, towards the server: bytes behind its S are refused, and the client gets an error of ours."""
    relay = world.relay()
    proxy = world.proxy("server_wait = none", upstream=world.relay_url(relay, sslmode="require"))
    world.connect(proxy).close()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*world.certificate("middle"))

    def inject(client):
        assert client.recv(8, socket.MSG_WAITALL) == SSL_REQUEST
        client.sendall(b"S" + b"N\0\0\0\x0fMinjected\0\0")
        # A handshake that succeeds, so that it is not TLS that refuses.
        context.wrap_socket(client, server_side=True).recv(1000)
    relay.mode = inject
    error = world.refused(proxy)
    assert error["C"] == "08001" and "injected" not in str(error), error
    assert "unencrypted data after SSL response" in proxy.log(), proxy.log()
    relay.mode = b"N"
    assert world.refused(proxy)["C"] == "08001"
    assert proxy.wait_log("server does not support SSL")


def case_server_certificate(world):
    """verify-full towards the server: its own certificate will do, another one will not."""
    good = world.cluster.url("shop", sslmode="verify-full", sslrootcert=world.cluster.certificate)
    c = world.connect(world.proxy(upstream=good))
    assert c.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").rows() == [["t"]]
    c.close()
    other = world.certificate("not-the-servers")[0]
    proxy = world.prepare(upstream=world.cluster.url("shop", sslmode="verify-full", sslrootcert=other))
    try:
        proxy.start()
        raise AssertionError("it trusts any certificate")
    except ProxyFailed as e:
        assert e.status == 1 and "certificate verify failed" in e.log, e


def _serial(proxy):
    c = wire.Connection("127.0.0.1", proxy.port, 10)
    c.start_tls(_context())
    serial = ssl.DER_cert_to_PEM_cert(c.socket.getpeercert(True))
    c.socket.close()
    return serial


def case_tls_reload(world):
    """New sessions see the new certificate, old ones go on; a file that cannot be used changes nothing."""
    proxy = world.proxy(tls_settings(world, "first"))
    old, before = world.connect(proxy, tls=True), _serial(proxy)
    for end in ("crt", "key"):
        shutil.copyfile(world.path("first." + end), world.path("kept." + end))
    world.certificate("first")
    os.chmod(world.path("first.key"), 0o644)
    proxy.signal(signal.SIGHUP)
    assert proxy.wait_log("the configuration was read again")
    after = until(lambda: (s := _serial(proxy)) != before and s)
    assert old.query("SELECT count(*) FROM entries").rows() == [["10"]], "the reload hurt a session"
    # Certificate and key that do not belong together.
    shutil.copyfile(world.path("kept.key"), world.path("first.key"))
    proxy.signal(signal.SIGHUP)
    assert proxy.wait_log("the configuration is not changed")
    assert "tls_key" in proxy.log()
    assert _serial(proxy) == after
    world.connect(proxy, tls=True).close()
    old.close()


def case_key_with_a_passphrase(world):
    """It says so instead of asking at the terminal."""
    certificate, key = world.certificate("secret", more=["-passout", "pass:secret"])
    os.system(f"openssl rsa -aes128 -passout pass:secret -in {key} -out {key}.enc 2>/dev/null")
    proxy = world.prepare(f"tls_certificate = {certificate}\ntls_key = {key}.enc")
    proxy.timeout = 10
    try:
        proxy.start()
        raise AssertionError("it started")
    except ProxyFailed as e:
        assert e.status == 2 and "tls_key" in e.log, e


def case_half_a_handshake(world):
    """A client that stops in the middle of the handshake ends with login_timeout; others go on meanwhile."""
    proxy = world.proxy(tls_settings(world, more="login_timeout = 1s"))
    stuck = [socket.create_connection(("127.0.0.1", proxy.port), 10) for _ in range(20)]
    for s in stuck:
        s.sendall(SSL_REQUEST)
        assert s.recv(1) == b"S"
        s.sendall(b"\x16\x03\x01\x02\x00\x01")
    world.connect(proxy, tls=True).close()
    begun = time.monotonic()
    for s in stuck:
        try:
            while s.recv(100):
                pass
        except ConnectionResetError:
            pass
        s.close()
    assert time.monotonic() - begun < 5
