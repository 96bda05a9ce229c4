"""A small raw client of protocol 3 that hides nothing: every byte received is kept, every message can be looked at.

    c = wire.connect(port, "user", "password", "database", options="-c app.tenant_id=2")
    reply = c.query("select 1; select 2")          # simple
    reply = c.extended("select $1::int", ["5"], result_format=1)
    reply.results[0].rows, .columns, .tag; reply.error; reply.notices; reply.status ('I', 'T', 'E')
    c.send(wire.parse("s", "select 1"), wire.sync()); c.until_ready()
    c.received                                      # all bytes since take_received()

No third-party modules. Values stay bytes (None is NULL)."""
import base64
import hashlib
import hmac
import os
import socket
import ssl as ssl_module
import struct

PROTOCOL_3_0 = 196608
SSL_REQUEST, CANCEL_REQUEST, GSSENC_REQUEST = 80877103, 80877102, 80877104


def _c(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def message(kind, body=b""):
    """A typed message; kind is one byte, or b"" for those without a type."""
    kind = kind.encode() if isinstance(kind, str) else kind
    return kind + struct.pack("!I", len(body) + 4) + body


def startup(parameters, version=PROTOCOL_3_0):
    return message(b"", struct.pack("!I", version) + b"".join(_c(k) + _c(v) for k, v in parameters.items()) + b"\0")


def query(sql):
    return message("Q", _c(sql))


def parse(name, sql, types=()):
    return message("P", _c(name) + _c(sql) + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(portal, statement, parameters=(), parameter_formats=(), result_formats=()):
    body = _c(portal) + _c(statement) + struct.pack(f"!H{len(parameter_formats)}H", len(parameter_formats), *parameter_formats)
    body += struct.pack("!H", len(parameters))
    for value in parameters:
        if value is None:
            body += struct.pack("!i", -1)
        else:
            value = value if isinstance(value, bytes) else str(value).encode()
            body += struct.pack("!I", len(value)) + value
    return message("B", body + struct.pack(f"!H{len(result_formats)}H", len(result_formats), *result_formats))


def describe(what, name=""):
    """what: "S" statement, "P" portal"""
    return message("D", what.encode() + _c(name))


def execute(portal="", max_rows=0):
    return message("E", _c(portal) + struct.pack("!I", max_rows))


def close(what, name=""):
    return message("C", what.encode() + _c(name))


def sync():
    return message("S")


def flush():
    return message("H")


def copy_data(data):
    return message("d", data)


def copy_done():
    return message("c")


def copy_fail(reason):
    return message("f", _c(reason))


def terminate():
    return message("X")


class ConnectionLost(Exception):
    pass


class ServerError(Exception):
    """An error during start-up, or one that the caller did not want to look at: .fields"""

    def __init__(self, fields):
        super().__init__(f"{fields.get('C')}: {fields.get('M')}" + (f" DETAIL: {fields['D']}" if "D" in fields else ""))
        self.fields = fields


class Column:
    __slots__ = ("name", "table", "number", "type", "size", "modifier", "format")

    def __init__(self, name, table, number, type_, size, modifier, format_):
        self.name, self.table, self.number, self.type = name, table, number, type_
        self.size, self.modifier, self.format = size, modifier, format_

    def __repr__(self):
        return f"{self.name}:{self.type}"


class Result:
    """What one statement or one Execute gave."""

    def __init__(self):
        self.columns = None    # list of Column, or None (no RowDescription)
        self.rows = []         # lists of bytes or None
        self.tag = None        # text of CommandComplete
        self.empty = False     # EmptyQueryResponse
        self.suspended = False
        self.copy_out = None   # bytes
        self.copy_format = None  # (overall, [columns]) of CopyIn/CopyOutResponse

    def texts(self):
        return [[None if v is None else v.decode("utf-8", "replace") for v in row] for row in self.rows]


class Reply:
    """Everything up to ReadyForQuery."""

    def __init__(self):
        self.results, self.notices, self.notifications, self.parameters = [], [], [], {}
        self.error = None             # dict of the ErrorResponse's fields
        self.errors = []
        self.status = None            # I, T, E
        self.parameter_types = None   # of ParameterDescription
        self.described = None         # columns of Describe statement: list, [] for NoData, None if not asked
        self.messages = []            # (kind, body) in order

    def rows(self):
        """Rows of the last result, as texts; raises if there was an error."""
        self.check()
        return self.results[-1].texts() if self.results else []

    def check(self):
        if self.error:
            raise ServerError(self.error)
        return self


def error_fields(body):
    fields = {}
    for part in body.split(b"\0"):
        if part:
            fields[chr(part[0])] = part[1:].decode("utf-8", "replace")
    return fields


def row_description(body):
    (count,) = struct.unpack_from("!H", body)
    at, columns = 2, []
    for _ in range(count):
        end = body.index(b"\0", at)
        name = body[at:end].decode("utf-8", "replace")
        columns.append(Column(name, *struct.unpack_from("!IHIhiH", body, end + 1)))
        at = end + 19
    return columns


def data_row(body):
    (count,) = struct.unpack_from("!H", body)
    at, row = 2, []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        row.append(None if length < 0 else body[at:at + length])
        at += max(length, 0)
    return row


class Connection:
    def __init__(self, host, port, timeout=30, unix=None):
        if unix:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(unix)
        else:
            self.socket = socket.create_connection((host, port), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self._buffer = bytearray()
        self._at = 0
        self.parameter_status, self.key, self.status = {}, None, None
        self.start_notices = []  # fields of the notices before the first ReadyForQuery

    # --- bytes ---
    def send(self, *messages):
        try:
            self.socket.sendall(b"".join(messages))
        except OSError as e:
            # What the server said before it closed may still be there to read.
            self._send_error = e

    def _fill(self):
        try:
            data = self.socket.recv(262144)
        except socket.timeout:
            raise ConnectionLost("no answer within the time limit") from None
        except OSError as e:
            raise ConnectionLost(str(e)) from None
        if not data:
            raise ConnectionLost("the server closed the connection")
        self.received += data
        self._buffer += data

    def read_exactly(self, n):
        while len(self._buffer) - self._at < n:
            if self._at > 1 << 20:
                del self._buffer[:self._at]
                self._at = 0
            self._fill()
        data = bytes(self._buffer[self._at:self._at + n])
        self._at += n
        if self._at == len(self._buffer):
            self._buffer.clear()
            self._at = 0
        return data

    def read_message(self):
        """(kind, body)"""
        head = self.read_exactly(5)
        (length,) = struct.unpack_from("!I", head, 1)
        if length < 4:
            raise ConnectionLost(f"a message with the impossible length {length}")
        return chr(head[0]), self.read_exactly(length - 4)

    def take_received(self):
        data, self.received = bytes(self.received), bytearray()
        return data

    def close(self, polite=True):
        try:
            if polite:
                self.socket.sendall(terminate())
        except OSError:
            pass
        self.socket.close()

    # --- start-up ---
    def start_tls(self, context=None):
        self.send(message(b"", struct.pack("!I", SSL_REQUEST)))
        answer = self.read_exactly(1)
        if answer != b"S":
            raise ConnectionLost(f"no TLS: the server answered {answer!r}")
        if context is None:
            context = ssl_module.SSLContext(ssl_module.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl_module.CERT_NONE
        self.socket = context.wrap_socket(self.socket)

    def start(self, user, password, database, options=None, parameters=None, version=PROTOCOL_3_0):
        wanted = {"user": user, "database": database, **({"options": options} if options else {}), **(parameters or {})}
        self.send(startup(wanted, version))
        scram = None
        while True:
            kind, body = self.read_message()
            if kind == "R":
                (code,) = struct.unpack_from("!I", body)
                if code == 0:
                    continue
                if code == 3:
                    self.send(message("p", _c(password)))
                elif code == 5:
                    inner = hashlib.md5(password.encode() + user.encode()).hexdigest()
                    self.send(message("p", _c("md5" + hashlib.md5(inner.encode() + body[4:8]).hexdigest())))
                elif code == 10:
                    scram = Scram(password)
                    first = scram.first()
                    self.send(message("p", _c("SCRAM-SHA-256") + struct.pack("!I", len(first)) + first))
                elif code == 11:
                    self.send(message("p", scram.final(body[4:])))
                elif code == 12:
                    scram.verify(body[4:])
                else:
                    raise ConnectionLost(f"authentication request {code}")
            elif kind == "S":
                name, value = body[:-1].split(b"\0")
                self.parameter_status[name.decode()] = value.decode()
            elif kind == "K":
                self.key = body
            elif kind == "E":
                raise ServerError(error_fields(body))
            elif kind == "Z":
                self.status = chr(body[0])
                return self
            elif kind == "N":
                self.start_notices.append(error_fields(body))
            elif kind == "v":
                continue
            else:
                raise ConnectionLost(f"unexpected message {kind!r} during start-up")

    # --- replies ---
    def until_ready(self, copy_in=None, reply=None):
        """Reads up to ReadyForQuery. copy_in: an iterator of bytes, or a list of bytes, one item for each COPY FROM STDIN."""
        reply = reply or Reply()
        copies = list(copy_in or [])
        result = None
        describing = False
        while True:
            kind, body = self.read_message()
            reply.messages.append((kind, body))
            if kind == "D":
                result.rows.append(data_row(body))
            elif kind == "T":
                columns = row_description(body)
                if describing:
                    reply.described, describing = columns, False
                else:
                    result = Result()
                    result.columns = columns
                    reply.results.append(result)
            elif kind == "n":
                if describing:
                    reply.described, describing = [], False
                else:
                    result = Result()
                    reply.results.append(result)
            elif kind == "t":
                (count,) = struct.unpack_from("!H", body)
                reply.parameter_types = list(struct.unpack_from(f"!{count}I", body, 2))
                describing = True
            elif kind == "C":
                result = self._open_result(reply, result)
                result.tag = body[:-1].decode("utf-8", "replace")
                result = None
            elif kind == "I":
                result = self._open_result(reply, result)
                result.empty = True
                result = None
            elif kind == "s":
                result.suspended = True
                result = None
            elif kind == "E":
                fields = error_fields(body)
                reply.errors.append(fields)
                reply.error = reply.error or fields
                result, describing = None, False
                if fields.get("S") in ("FATAL", "PANIC"):
                    # Nothing more will come.
                    reply.status = "X"
                    return reply
            elif kind == "N":
                reply.notices.append(error_fields(body))
            elif kind == "A":
                channel, payload = body[4:-1].split(b"\0", 1)
                reply.notifications.append((channel.decode(), payload.decode()))
            elif kind == "S":
                name, value = body[:-1].split(b"\0")
                self.parameter_status[name.decode()] = value.decode()
                reply.parameters[name.decode()] = value.decode()
            elif kind == "H":
                result = self._open_result(reply, result)
                result.copy_out, result.copy_format = b"", self._copy_format(body)
            elif kind == "d":
                result.copy_out += body
            elif kind == "c":
                pass
            elif kind == "G":
                result = self._open_result(reply, result)
                result.copy_format = self._copy_format(body)
                data = copies.pop(0) if copies else None
                if data is None:
                    self.send(copy_fail("no data"))
                else:
                    chunks = [data] if isinstance(data, bytes) else data
                    self.send(*[copy_data(chunk) for chunk in chunks], copy_done())
            elif kind in "123V":
                pass
            elif kind == "Z":
                reply.status = self.status = chr(body[0])
                return reply
            else:
                raise ConnectionLost(f"unexpected message {kind!r}")

    @staticmethod
    def _copy_format(body):
        overall, count = struct.unpack_from("!bH", body)
        return overall, list(struct.unpack_from(f"!{count}H", body, 3))

    @staticmethod
    def _open_result(reply, result):
        if result is None:
            result = Result()
            reply.results.append(result)
        return result

    def query(self, sql, copy_in=None):
        self.send(query(sql))
        return self.until_ready(copy_in)

    def extended(self, sql, parameters=(), types=(), parameter_formats=(), result_format=0, describe_statement=True, max_rows=0,
                 copy_in=None, name=""):
        """Parse, Describe statement, Bind, Describe portal, Execute, Sync in one go. Only COPY FROM STDIN is told apart by
        the server's answer: its data goes out after CopyInResponse, its Sync after that (a Sync that arrives within COPY IN
        mode would be ignored, and libpq does the same)."""
        messages = [parse(name, sql, types)]
        if describe_statement:
            messages.append(describe("S", name))
        messages += [bind("", name, parameters, parameter_formats, (result_format,)), describe("P"), execute("", max_rows)]
        if copy_in is None:
            self.send(*messages, sync())
            return self.until_ready()
        self.send(*messages, flush())
        reply = Reply()
        copies = list(copy_in)
        # Up to CopyInResponse or an error, then the data.
        while True:
            kind, body = self.read_message()
            reply.messages.append((kind, body))
            if kind == "G":
                result = self._open_result(reply, None)
                result.copy_format = self._copy_format(body)
                data = copies.pop(0)
                self.send(*[copy_data(chunk) for chunk in ([data] if isinstance(data, bytes) else data)], copy_done(), sync())
                while True:
                    kind, body = self.read_message()
                    reply.messages.append((kind, body))
                    if kind == "C":
                        result.tag = body[:-1].decode()
                    elif kind == "E":
                        reply.errors.append(error_fields(body))
                        reply.error = reply.error or reply.errors[0]
                    elif kind == "N":
                        reply.notices.append(error_fields(body))
                    elif kind == "Z":
                        reply.status = self.status = chr(body[0])
                        return reply
            elif kind == "E":
                reply.errors.append(error_fields(body))
                reply.error = reply.errors[0]
                self.send(sync())
                return self.until_ready(reply=reply)
            elif kind in "CI":
                result = self._open_result(reply, None)
                result.tag = body[:-1].decode() if kind == "C" else None
                self.send(sync())
                return self.until_ready(reply=reply)
            elif kind == "t":
                (count,) = struct.unpack_from("!H", body)
                reply.parameter_types = list(struct.unpack_from(f"!{count}I", body, 2))
            elif kind == "N":
                reply.notices.append(error_fields(body))


class Scram:
    """The client's side of SCRAM-SHA-256 (RFC 5802, 7677), without channel binding."""

    def __init__(self, password):
        self.password = password.encode()
        self.nonce = base64.b64encode(os.urandom(18)).decode()

    def first(self):
        self.bare = f"n=,r={self.nonce}"
        return ("n,," + self.bare).encode()

    def final(self, server_first):
        text = server_first.decode()
        fields = dict(part.split("=", 1) for part in text.split(","))
        if not fields["r"].startswith(self.nonce) or fields["r"] == self.nonce:
            raise ConnectionLost("SCRAM: the server's nonce does not continue ours")
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = f"c=biws,r={fields['r']}"
        auth = f"{self.bare},{text},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), auth, "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
        self.expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), auth, "sha256")
        return f"{without_proof},p={proof}".encode()

    def verify(self, server_final):
        fields = dict(part.split("=", 1) for part in server_final.decode().split(","))
        if base64.b64decode(fields.get("v", "")) != self.expected:
            raise ConnectionLost("SCRAM: the server does not know the password")


def connect(port, user, password, database, options=None, parameters=None, host="127.0.0.1", tls=None, timeout=30,
            version=PROTOCOL_3_0):
    """tls: True, or an ssl.SSLContext."""
    connection = Connection(host, port, timeout)
    try:
        if tls:
            connection.start_tls(None if tls is True else tls)
        return connection.start(user, password, database, options, parameters, version)
    except BaseException:
        connection.close(polite=False)
        raise


def cancel(host, port, key):
    """Sends the CancelRequest for a connection's .key (process id and secret) and waits until the server has closed."""
    connection = Connection(host, port, 10)
    connection.send(message(b"", struct.pack("!I", CANCEL_REQUEST) + key))
    try:
        while True:
            connection.read_exactly(1)
    except ConnectionLost:
        connection.close(polite=False)
