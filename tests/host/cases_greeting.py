"""What the server says while a session starts reaches the client, as with a connection of its own."""
import socket
import struct
import threading

from world import until, wire


def field_order(received):
    """(kind, letters of the fields) of the messages in the bytes of a start."""
    at, kinds = 0, []
    while at < len(received):
        kind, (length,) = chr(received[at]), struct.unpack_from("!I", received, at + 1)
        body = received[at + 5:at + 1 + length]
        kinds.append((kind, "".join(chr(part[0]) for part in body.split(b"\0") if part) if kind == "N" else ""))
        at += 1 + length
    return kinds


def case_greeting_warnings(world):
    """A setting of the role that is not valid any more, and a collation whose version has changed: the same notices as
    directly, before ReadyForQuery, with all their fields."""
    world.cluster.sql("shop", "ALTER ROLE postgres SET default_text_search_config = 'nothing.there';"
                              "ALTER ROLE postgres SET temp_tablespaces = 'gone';"
                              "ALTER ROLE postgres SET default_tablespace = 'gone'")
    try:
        direct = wire.connect(world.cluster.port, "postgres", "postgres", "shop", timeout=20)
        proxy = world.proxy()
        through = world.connect(proxy)
        assert direct.start_notices, "the server has nothing to say: the case shows nothing"
        assert through.start_notices == direct.start_notices, (direct.start_notices, through.start_notices)
        notices = [[fields for kind, fields in field_order(bytes(c.received)) if kind == "N"] for c in (direct, through)]
        assert notices[0] == notices[1], notices
        assert through.query("SELECT 1").rows() == [["1"]]
        for other in direct, through:
            other.close()
    finally:
        world.cluster.sql("shop", "ALTER ROLE postgres RESET ALL")


def notice(text, fill=0):
    body = b"SWARNING\0VWARNING\0C01000\0M" + text + b"x" * fill + b"\0\0"
    return b"N" + struct.pack("!I", len(body) + 4) + body


def case_greeting_is_bounded(world):
    """However much a server says before it is ready: what is kept is bounded, the rest is counted, the session works."""
    relay = world.relay()
    proxy = world.proxy(upstream=world.relay_url(relay, sslmode="disable"))

    def chatty(notices):
        def mode(client):
            server = socket.create_connection(("127.0.0.1", world.cluster.port))

            def up():
                try:
                    while data := client.recv(65536):
                        server.sendall(data)
                except OSError:
                    pass
                server.close()
            threading.Thread(target=up, daemon=True).start()
            said, inserted = b"", False
            while data := server.recv(65536):
                if inserted:
                    client.sendall(data)
                    continue
                said += data
                at = said.find(b"K\0\0\0\x0c")
                if at < 0:
                    # The exchange of passwords goes on.
                    client.sendall(said)
                    said = b""
                else:
                    client.sendall(said[:at] + notices + said[at:])
                    inserted = True
        return mode
    relay.mode = chatty(b"".join(notice(b"%d" % i) for i in range(150)))
    c = world.connect(proxy)
    assert [n["M"] for n in c.start_notices] == [str(i) for i in range(100)], len(c.start_notices)
    assert c.query("SELECT 1").rows() == [["1"]]
    assert proxy.wait_log("50 notices of the server's start are too many")
    # Large ones: as many as have room.
    relay.mode = chatty(b"".join(notice(b"%d" % i, 20000) for i in range(5)) + notice(b"small"))
    c = world.connect(proxy)
    assert [n["M"].rstrip("x") for n in c.start_notices] == ["0", "1", "2", "small"], len(c.start_notices)
    assert c.query("SELECT count(*) FROM entries").rows() == [["10"]]
    assert until(lambda: "2 notices of the server's start are too many" in proxy.log())
