"""What two answers have in common: replies are brought into a comparable form and compared part by part."""
import datetime
import re
import struct
import time

TIMESTAMPS = (1114, 1184)
TEXTS = (25, 114, 1042, 1043)  # the same bytes in binary format
FIRST_USER_OID = 16384
_PG_EPOCH = 946_684_800


def _now_pattern():
    today = datetime.datetime.utcnow().date()
    days = "|".join((today + datetime.timedelta(days=d)).isoformat() for d in (-1, 0, 1))
    return re.compile(rf"\b(?:{days})(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[+-]\d\d(?::?\d\d)?|Z)?)?")


NOW = _now_pattern()


def mask(text):
    """Moments of this very run read the same on both sides."""
    return NOW.sub("<now>", text)


def value(raw, column):
    if raw is None:
        return None
    if column is not None and column.format == 1:
        if column.type in TIMESTAMPS and len(raw) == 8:
            seconds = struct.unpack("!q", raw)[0] / 1e6 + _PG_EPOCH
            if abs(seconds - time.time()) < 86400:
                return "<now>"
        if column.type not in TEXTS:
            return raw
    return mask(raw.decode("utf-8", "surrogateescape"))


VIEW = "(view)"
RECORD, RECORD_ARRAY = 2249, 2287


class Names:
    """Object ids differ between databases; names do not."""

    def __init__(self, run_sql):
        self.run_sql, self.types, self.relations = run_sql, {}, {}

    def type(self, oid):
        if oid < FIRST_USER_OID:
            return oid
        if oid not in self.types:
            rows = self.run_sql(f"SELECT format_type({oid}, NULL)")
            self.types[oid] = re.sub(r"^pg_temp_\d+", "pg_temp", rows[0][0])
        return self.types[oid]

    def relation(self, oid):
        if oid == 0:
            return None
        if oid < FIRST_USER_OID:
            return oid
        if oid not in self.relations:
            rows = self.run_sql(f"SELECT relname, relkind FROM pg_class WHERE oid = {oid}")
            if not rows:
                return "?"  # gone, or of another session's transaction
            # Where a view is inlined, its columns come from the tables underneath.
            self.relations[oid] = VIEW if rows[0][1] == "v" else rows[0][0]
        return self.relations[oid]

    def forget(self):
        self.types.clear()
        self.relations.clear()


def plain(error):
    """An error or notice as a dict of the fields that an application can see; where in the server's source it was raised is none."""
    return None if error is None else {key: mask(error[key]) for key in "SVCMDHPpqWstcdn" if key in error}


class Answer:
    """One reply in comparable form."""

    def __init__(self, reply, names, ordered, rows_ignored, new_views=False):
        self.reply = reply
        self.columns, self.rows, self.tags = [], [], []
        for result in reply.results:
            self.columns.append(None if result.columns is None else [
                (c.name, names.type(c.type), VIEW if new_views and names.relation(c.table) == "?" else names.relation(c.table), c.number, c.size,
                 c.modifier, c.format)
                for c in result.columns])
            rows = [[value(v, result.columns[i] if result.columns else None) for i, v in enumerate(row)] for row in result.rows]
            if not ordered:
                rows.sort(key=repr)
            self.rows.append([] if rows_ignored else rows)
            if rows_ignored:
                self.tags.append((result.tag or "").split(" ")[0])
            else:
                self.tags.append((result.tag, result.empty, result.suspended))
            if result.copy_out is not None:
                lines = mask(result.copy_out.decode("latin-1")).split("\n")
                self.rows[-1] = lines if ordered else sorted(lines)
            if result.copy_format is not None:
                self.tags.append(result.copy_format)
        self.error = plain(reply.error)
        self.notices = [plain(notice) for notice in reply.notices]
        self.parameters = None if reply.parameter_types is None else [names.type(oid) for oid in reply.parameter_types]
        self.described = None if reply.described is None else [(c.name, names.type(c.type)) for c in reply.described]
        self.status = reply.status


# What tenantry adds to the server's own words where libpg_query cannot read a text.
GRAMMAR = "tenantry reads SQL with the grammar of PostgreSQL "
PARTS = ["error", "columns", "tags", "rows", "notices", "parameters", "described", "status"]


def _row_type(own, got):
    """A whole row of a wrapped table is a record instead of the table's row type; its name and its values are the same."""
    return own[0] == got[0] and own[3:] == got[3:] and (
        (isinstance(own[1], str) and got[1] in (RECORD, RECORD_ARRAY)) or (own[1] == got[1] and got[2] is None))


def _columns_differ(own, got):
    """Column by column; what a view's column says of its origin does not count."""
    if len(own) != len(got):
        return True
    for a, b in zip(own, got):
        if a is None or b is None or len(a) != len(b):
            if a != b:
                return True
            continue
        for x, y in zip(a, b):
            # What the catalogs say: a column added after the migration has the tenant column before it.
            # The tenant column of an adopted table stands where it always stood; the visible databases have it last.
            if x[2] == y[2] and (y[3] == x[3] + 1 or (x[0] == y[0] == "tenant_id" and y[3] < x[3])):
                y = y[:3] + x[3:4] + y[4:]
            if x != y and not (x[2] == VIEW and x[:2] + x[4:] == y[:2] + y[4:]) and not _row_type(x, y):
                return True
    return False


def _described_alike(own, got):
    return own and got and len(own) == len(got) and all(
        x == y or (x[0] == y[0] and isinstance(x[1], str) and y[1] in (RECORD, RECORD_ARRAY)) for x, y in zip(own, got))


def _short(thing, limit=400):
    text = repr(thing)
    return text if len(text) <= limit else text[:limit] + f"... ({len(text)} characters)"


def _row_difference(own, got):
    """Readable lines for two lists of results' rows."""
    lines = []
    for n, (a, b) in enumerate(zip(own, got)):
        if a == b or not isinstance(a, list):
            continue
        lines.append(f"result {n + 1}: {len(a)} rows on the own database, {len(b)} through tenantry")
        only_a = [row for row in a if row not in b][:4]
        only_b = [row for row in b if row not in a][:4]
        lines += [f"  own only:      {_short(row)}" for row in only_a] + [f"  tenantry only: {_short(row)}" for row in only_b]
        if not only_a and not only_b:
            lines.append("  the same rows in another order or number")
    return lines


def differences(own, got):
    """Readable lines, empty if the answers are equal."""
    lines = []
    # A statement that fails is described by its error; whether it was noticed at Parse (tenantry reads utility statements then), Bind or
    # Execute does not count. What came before the error in the same message does.
    failed_alike = own.error and got.error and not own.tags[:-1] and not got.tags[:-1] and not any(own.rows) and not any(got.rows)
    for part in ("error", "notices", "status") if failed_alike else PARTS:
        a, b = getattr(own, part), getattr(got, part)
        if a == b or (part == "columns" and not _columns_differ(a, b)) or (part == "described" and _described_alike(a, b)):
            continue
        if part == "rows" and len(a) == len(b):
            lines += _row_difference(a, b) or [f"rows: own {_short(a)}", f"      got {_short(b)}"]
        elif part == "columns" and len(a) == len(b):
            for x, y in zip(a, b):
                only_a, only_b = [c for c in x or [] if c not in (y or [])], [c for c in y or [] if c not in (x or [])]
                lines.append(f"columns: own only {_short(only_a)}  tenantry only {_short(only_b)}" if only_a or only_b
                             else f"columns: own {_short(x)}  got {_short(y)}")
        elif part == "error" and a and b:
            for key in sorted(set(a) | set(b)):
                if key == "H" and key not in a and (b.get(key) or "").startswith(GRAMMAR):
                    continue
                if a.get(key) != b.get(key):
                    lines.append(f"error field {key}: own {_short(a.get(key))}  got {_short(b.get(key))}")
        else:
            lines += [f"{part}: own {_short(a)}", f"{' ' * len(part)}  got {_short(b)}"]
    return lines
