"""Messages of the extended protocol whose body is malformed: answered as the server answers them, and the session goes on."""
import select
import struct

from world import wire


def body(kind, content):
    return wire.message(kind, content)


def bind(rest, portal=b"", statement=b"s"):
    return body("B", portal + b"\0" + statement + b"\0" + rest)


def u16(*numbers):
    return struct.pack(f"!{len(numbers)}H", *numbers)


def u32(*numbers):
    return struct.pack(f"!{len(numbers)}I", *numbers)


MINUS_TWO, NULL = 0xfffffffe, 0xffffffff
ONE = u32(1) + b"1"
# Statement s takes one parameter.
MESSAGES = {
    "Parse: bytes behind": body("P", b"x\0select 1\0" + u16(0) + b"hide"),
    "Parse: a type is missing": body("P", b"x\0select 1\0" + u16(2) + u32(23)),
    "Parse: no number of types": body("P", b"x\0select 1\0\0"),
    "Parse: no zero": body("P", b"x\0select 1"),
    "Parse: empty": body("P"[:1], b""),
    "Bind: no statement": body("B", b"p"),
    "Bind: nothing behind the names": bind(b""),
    "Bind: two formats for one": bind(u16(2, 0, 0, 1) + ONE + u16(0)),
    "Bind: two formats for none": bind(u16(2, 0, 0, 0) + u16(0)),
    "Bind: a format is missing": bind(u16(2, 0)),
    "Bind: no values": bind(u16(0, 1)),
    "Bind: a negative length": bind(u16(0, 1) + u32(MINUS_TWO) + u16(0)),
    "Bind: a length beyond the end": bind(u16(0, 1) + u32(100) + b"1" + u16(0)),
    "Bind: no formats of results": bind(u16(0, 1) + ONE),
    "Bind: a format of results is missing": bind(u16(0, 1) + ONE + u16(1)),
    "Bind: bytes behind": bind(u16(0, 1) + ONE + u16(0) + b"\0"),
    "Bind: bytes behind NULL": bind(u16(0, 1) + u32(NULL) + u16(0) + b"\0"),
    "Bind: too many values and bytes behind": bind(u16(0, 2) + ONE + ONE + u16(0) + b"\0"),
    "Bind: too few values and bytes behind": bind(u16(0, 0) + u16(0) + b"\0"),
    "Bind: too many values, one short": bind(u16(0, 2) + ONE + u32(7)),
    "Bind: too many values": bind(u16(0, 2) + ONE + ONE + u16(0)),
    "Bind: too many formats of results": bind(u16(0, 1) + ONE + u16(3, 0, 0, 0)),
    "Bind: unknown statement and bytes behind": bind(u16(0, 0, 0) + b"x", statement=b"nobody"),
    "Bind: unknown format": bind(u16(1, 7, 1) + ONE + u16(0)),
    "Describe: empty": body("D", b""),
    "Describe: no zero": body("D", b"Ss"),
    "Describe: no name": body("D", b"S"),
    "Describe: bytes behind": body("D", b"Ss\0\0"),
    "Describe: of what": body("D", b"Xs\0"),
    "Execute: no zero": body("E", b"p"),
    "Execute: no number": body("E", b"\0"),
    "Execute: half a number": body("E", b"\0\0\0"),
    "Execute: bytes behind": body("E", b"\0" + u32(0) + b"\0"),
    "Close: empty": body("C", b""),
    "Close: no zero": body("C", b"Ss"),
    "Close: bytes behind": body("C", b"Ss\0\0"),
    "Close: of what": body("C", b"?s\0"),
}
STATEMENTS = {
    "guarded": "SELECT n FROM entries WHERE n = $1::int",
    "passing": "SELECT g FROM generate_series(1, 2) g WHERE g = $1::int",
}


def outcome(connection, message, begin):
    """What the client sees of the message in the middle of a pipeline, and whether the statement lives on."""
    if begin:
        connection.query("BEGIN").check()
    connection.send(wire.parse("", "SELECT 5"), wire.bind("", ""), wire.describe("P"), wire.execute(), message,
                    wire.bind("", "s", ["1"]), wire.describe("P"), wire.execute(), wire.close("S", "s"), wire.sync())
    reply = connection.until_ready()
    first = [(e["S"], e["C"], e["M"]) for e in reply.errors], [r.texts() for r in reply.results], reply.status
    if begin:
        failed = connection.query("SELECT 1")
        first += ((failed.error or {}).get("C"),)
        connection.query("ROLLBACK").check()
    connection.send(wire.bind("", "s", ["1"]), wire.describe("P"), wire.execute(), wire.sync())
    reply = connection.until_ready()
    return first, reply.check().results[-1].texts(), connection.query("SELECT 2").rows()


def case_malformed_messages(world):
    """The same errors as from the server itself, in their place; then the session is usable."""
    proxy = world.proxy()
    through, direct = world.connect(proxy), wire.connect(world.cluster.port, "postgres", "postgres", "shop", timeout=20)
    wrong = []
    for kind, sql in STATEMENTS.items():
        for connection in through, direct:
            connection.send(wire.close("S", "s"), wire.parse("s", sql), wire.sync())
            connection.until_ready().check()
        for name, message in MESSAGES.items():
            for begin in False, True:
                expected, got = outcome(direct, message, begin), outcome(through, message, begin)
                assert expected[0][0], f"{name}: the server has no error"
                if got != expected:
                    wrong.append(f"{kind}: {name}:\n  server  {expected}\n  through {got}")
    assert not wrong, "\n".join(wrong)


def case_malformed_in_failed_transactions(world):
    """In a failed transaction, too."""
    proxy = world.proxy()
    through, direct = world.connect(proxy), wire.connect(world.cluster.port, "postgres", "postgres", "shop", timeout=20)
    names = [n for n in MESSAGES if not n.startswith("Bind")] + ["Bind: no statement", "Bind: two formats for one"]
    wrong = []
    for name in names:
        seen = []
        for connection in direct, through:
            connection.query("BEGIN").check()
            assert connection.query("SELECT 1/0").error
            connection.send(MESSAGES[name], wire.sync())
            reply = connection.until_ready()
            seen.append([(e["C"], e["M"]) for e in reply.errors] + [reply.status])
            connection.query("ROLLBACK").check()
        if name.startswith("Bind: two"):
            # There is no such statement.
            assert all(s[0][0] == "26000" or s[0][0] == "25P02" for s in seen), seen
        elif seen[0] != seen[1]:
            wrong.append(f"{name}: server {seen[0]}, through {seen[1]}")
    assert not wrong, "\n".join(wrong)


def case_too_long_a_statement(world):
    """The refusal comes when the message is there, not before: no server answers what it has not got, and clients do not expect it."""
    proxy = world.proxy("max_statement_size = 1MB\n")
    connection = world.connect(proxy)
    for kind, head, rest in ("Q", b"SELECT '", []), ("P", b"\0SELECT '", [wire.sync()]):
        text = head + b"x" * (3 << 20) + b"'\0"
        message = wire.message(kind, text if kind == "Q" else text + u16(0)) + b"".join(rest)
        connection.query("BEGIN").check()
        connection.send(message[:-100])
        early, _, _ = select.select([connection.socket], [], [], 0.5)
        assert not early, f"{kind}: answered before the message was there"
        connection.send(message[-100:])
        reply = connection.until_ready()
        assert reply.error["C"] == "54000" and reply.status == "E", (kind, reply.error, reply.status)
        connection.query("ROLLBACK").check()


def case_too_long_a_statement_in_a_copy(world):
    """It ends the COPY, as any other does."""
    proxy = world.proxy("max_statement_size = 1MB\n")
    connection = world.connect(proxy)
    connection.query("CREATE TEMP TABLE taken (a text)").check()
    connection.send(wire.query("COPY taken FROM STDIN"))
    assert connection.read_message()[0] == "G"
    connection.send(wire.message("Q", b"SELECT '" + b"x" * (3 << 20) + b"'\0"))
    reply = connection.until_ready()
    assert reply.error["C"] == "08P01" and "during COPY" in reply.error["M"], reply.error
    connection.query("SELECT 1").check()
