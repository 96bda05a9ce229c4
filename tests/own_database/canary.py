"""Canaries: every value of every tenant is recognisable, so that one look at the bytes tells whose rows they come from.

    tenant k's ids          k0770nnnn         e.g. 207700005
    tenant k's amounts      k77nnn.nn         e.g. 277005.50
    tenant k's texts        contain CANARYk
    tenant k's dates        in the years 2k70 to 2k79
    tenant k's uuids        cafe000k-...

in text format and, length before value, in binary format (also inside arrays and records)."""
import datetime
import re
import struct

EPOCH = datetime.date(2000, 1, 1)
DAY = 86_400_000_000  # microseconds


def identifier(k, n):
    return k * 100_000_000 + 7_700_000 + int(n)


class Canaries:
    def __init__(self, tenants):
        self.text = {k: re.compile(
            rb"CANARY%(k)d|(?<![\d.])%(k)d0770\d{4}(?!\d)|(?<![\d.])%(k)d77\d{3}\.\d\d(?!\d)|(?<!\d)2%(k)d7\d-\d\d-\d\d|cafe000%(k)d-"
            % {b"k": k}) for k in tenants}
        self.tenants = tenants

    def found(self, data, own):
        """A list of (tenant, what) of others than `own` in the bytes."""
        hits = []
        for k in self.tenants:
            if k != own:
                match = self.text[k].search(data)
                if match:
                    hits.append((k, match.group().decode("latin-1")))
        hits += [(k, what) for k, what in self._binary(data) if k != own]
        return hits

    def _binary(self, data):
        for match in re.finditer(rb"\x00\x00\x00(?=[\x04\x08\x10])", data):
            at = match.end() - 3
            length = data[at + 3]
            value = data[at + 4:at + 4 + length]
            if len(value) < length:
                continue
            k = None
            if length == 4:
                number = struct.unpack("!i", value)[0]
                k = self._id_owner(number) or self._day_owner(number)
            elif length == 8:
                number = struct.unpack("!q", value)[0]
                k = self._id_owner(number) or self._moment_owner(number)
            elif length == 16 and value[:3] == b"\xca\xfe\x00":
                k = value[3]
            if k in self.tenants:
                yield k, f"binary {value.hex()}"

    @staticmethod
    def _id_owner(number):
        k, rest = divmod(number, 100_000_000)
        return k if 7_700_000 <= rest <= 7_709_999 else None

    @staticmethod
    def _day_owner(days):
        # 2170-01-01 is day 62092; a smaller number would be an ordinary value.
        if not 60_000 < days < 300_000:
            return None
        year = (EPOCH + datetime.timedelta(days=days)).year
        return (year - 2000) // 100 if 70 <= year % 100 <= 79 else None

    def _moment_owner(self, microseconds):
        return self._day_owner(microseconds // DAY)
