#!/usr/bin/python3
"""Is what the checker calls proved really confined? soundness.py [COUNT [SEED]]

Random queries and data changes with the tenant's predicate in random, often wrong, places. Those that the checker takes for
confined are run on a real server that also holds another tenant's rows: none of its values may come out, and its rows may not
change. Nothing is rewritten here: it is the checker that is on trial. The last line is "N passed, N failed"."""
import os
import random
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import wire  # noqa: E402
from cluster import Cluster  # noqa: E402

TABLES = {"a": ["id", "x", "tenant_id"], "b": ["id", "tenant_id", "y"], "c": ["tenant_id", "id", "x"]}
DATA = "".join(f"INSERT INTO {t} ({', '.join(c)}) VALUES " + ", ".join(
    "(" + ", ".join(str(i) if n == "id" else str(tenant) if n == "tenant_id" else f"'{'own' if tenant == 1 else 'CANARY'}{i}'" for n in c) + ")"
    for tenant in (1, 2) for i in (1, 2, 3)) + ";\n" for t, c in TABLES.items()) + "INSERT INTO s VALUES (1, 'shared'), (2, 'shared'), (4, 'shared');"


class Maker:
    def __init__(self, random_, value):
        self.r, self.value = random_, value
        self.names = []     # alias, columns: of the level under work

    def pick(self, *items):
        return self.r.choice(items)

    def chance(self, percent):
        return self.r.randrange(100) < percent

    def column(self, kind="tenant_id"):
        """A reference that may or may not exist, may or may not be ambiguous."""
        if self.names and self.chance(85):
            return f"{self.r.choice(self.names)}.{kind}"
        return self.pick(kind, f"a.{kind}", f"o.{kind}", f"public.a.{kind}")

    def predicate(self, depth=0):
        which = self.r.randrange(26)
        if which >= 20 and depth:
            return self.pick("true", f"{self.column('id')} = {self.column('id')}")
        if which < 9 or which >= 20:
            return f"{self.column()} = {self.value}"
        if which == 9:
            return f"{self.value} = {self.column()}"
        if which < 12:
            return f"{self.column()} = {self.column()}"
        if which == 12:
            return f"{self.column()} IN ({self.value})"
        if which == 13 and depth < 2:
            return f"({self.predicate(depth + 1)} OR {self.predicate(depth + 1)})"
        if which == 14 and depth < 2:
            return f"({self.predicate(depth + 1)} AND {self.predicate(depth + 1)})"
        if which == 15 and depth < 2:
            return f"NOT ({self.predicate(depth + 1)})"
        if which == 16 and depth < 2:
            return f"{self.pick('EXISTS', 'NOT EXISTS')} ({self.select(depth + 2)})"
        if which == 18 and depth < 2:
            return f"(SELECT max(tenant_id) FROM {self.pick('a', 'b', 'c')} i WHERE i.tenant_id = {self.column()}) = 2"
        if which == 17 and depth < 2:
            return f"{self.column('id')} {self.pick('IN', 'NOT IN')} ({self.select(depth + 2, 'id')})"
        return self.pick("true", f"{self.column('id')} = {self.column('id')}", f"{self.column()} IS NOT NULL", f"({self.column()} = {self.value}) IS NOT FALSE")

    def condition(self, depth=0):
        return " AND ".join(self.predicate(depth) for _ in range(self.pick(1, 1, 1, 2, 2, 3)))

    def leaf(self, depth):
        table = self.pick("a", "b", "c", "a", "s", "s")
        alias = self.pick("", "", "", " o", " p", " q", " a", " b", " AS c")
        if self.chance(12) and depth < 2:
            inner, self.names = self.names, []
            text = f"({self.select(depth + 1)})"
            self.names = inner
            alias = self.pick("o", "p", "q", "a")
            self.names.append(alias)
            return self.pick("", "", "LATERAL ") + text + f" {alias}" + self.pick("", "", " (tenant_id)", " (id, tenant_id)")
        if self.chance(8):
            self.names.append("w")
            return "w"
        columns = ""
        if alias and self.chance(15):
            columns = self.pick(" (tenant_id)", " (id, tenant_id)", " (k, l, m)", " (k, tenant_id, m)", " (k, l)")
        self.names.append(alias.split()[-1] if alias else table)
        return self.pick("", "", "", "public.") * (not alias) + table + alias + columns

    def join(self, depth):
        start = len(self.names)
        left = self.item(depth + 1)
        kind = self.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "NATURAL JOIN", "NATURAL LEFT JOIN", "LEFT JOIN", "JOIN")
        right = self.item(depth + 1)
        outer, self.names = self.names, self.names[start:] if self.chance(85) else self.names
        text = f"{left} {kind} {right}"
        if not kind.startswith(("NATURAL", "CROSS")):
            if self.chance(25):
                text += f" USING ({self.pick('id', 'tenant_id', 'tenant_id', 'id, tenant_id')})" + self.pick("", "", "", " AS j")
            elif kind.startswith("FULL"):
                text += " ON " + self.pick("true", f"{self.column('id')} = {self.column('id')}", f"{self.column()} = {self.value}", f"{self.column()} = {self.value}")
            else:
                text += " ON " + self.pick("true", self.condition(1), self.condition(1))
        self.names = outer
        if self.chance(12):
            alias = self.pick("j", "o", "a")
            if self.chance(60):
                del self.names[start:]
            self.names.append(alias)
            return f"({text}) AS {alias}" + self.pick("", "", " (tenant_id)")
        return f"({text})" if self.chance(60) else text

    def item(self, depth):
        return self.join(depth) if depth < 2 and self.chance(60 if depth == 0 else 35) else self.leaf(depth)

    def select(self, depth=0, target=None):
        outer, self.names = self.names, list(self.names) if self.chance(30) else []
        text = ""
        if depth == 0 and self.chance(25):
            recursive = self.pick("", "", "RECURSIVE ")
            saved, self.names = self.names, []
            text = f"WITH {recursive}{self.pick('w', 'a', 'b')} AS ({self.select(1)}){self.pick('', f', w AS ({self.select(1)})')} "
            self.names = saved
        froms = ", ".join(self.item(depth) for _ in range(self.pick(1, 1, 1, 2)))
        if target is None and self.chance(15):
            target = f"*, (SELECT max(x) FROM {self.pick('a', 'c')} i WHERE {self.pick('i.', '')}tenant_id = {self.pick(self.value, self.column())})"
        text += f"SELECT {target or '*'} FROM {froms}"
        if self.chance(80):
            text += " WHERE " + self.condition(depth)
        if depth == 0 and self.chance(10):
            text += f" {self.pick('UNION ALL', 'EXCEPT', 'UNION')} {self.select(1)}"
        self.names = outer
        return text

    def change(self):
        table = self.pick("a", "b", "c")
        alias = self.pick("", "", " o", " p")
        self.names = [alias.strip() or table]
        which = self.r.randrange(6)
        if which < 2:
            froms = f" FROM {self.item(1)}" if self.chance(50) else ""
            return f"UPDATE {table}{alias} SET {self.pick('id = 9', 'id = 9', f'tenant_id = {self.value}', 'tenant_id = 2')}{froms} WHERE {self.condition()} RETURNING *"
        if which < 4:
            froms = f" USING {self.item(1)}" if self.chance(50) else ""
            return f"DELETE FROM {table}{alias}{froms} WHERE {self.condition()} RETURNING *"
        if which == 4:
            row = self.pick(f"7, {self.value}", f"{self.value}, 7", f"*, {self.value}", "7, 2")
            columns = self.pick("(id, tenant_id)", "(tenant_id, id)", "(id, tenant_id)", "")
            return f"INSERT INTO {table} {columns} {self.pick(f'VALUES ({row})', f'SELECT {row}', f'SELECT {row} UNION SELECT {row}') if '*' not in row else f'SELECT {row} FROM (SELECT 7) k'} RETURNING *"
        source = self.item(1)
        return f"MERGE INTO {table}{alias} USING {source} ON {self.condition()} WHEN MATCHED THEN {self.pick('DELETE', 'UPDATE SET id = 9')}" + \
            self.pick("", f" WHEN NOT MATCHED THEN INSERT (id, tenant_id) VALUES (7, {self.value})", " WHEN NOT MATCHED THEN DO NOTHING")


def others(connection):
    return connection.query(" UNION ALL ".join(f"SELECT '{t}', count(*), string_agg({t}::text, ',' ORDER BY {t}::text) FROM {t} WHERE tenant_id <> 1 OR tenant_id IS NULL" for t in TABLES)).rows()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    judge = subprocess.Popen([os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests/rewrite/judge"), os.path.join(ROOT, "tests/rewrite/soundness.catalog")],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    proved = run = failed = 0
    with Cluster() as cluster:
        cluster.create_database("judge")
        with open(os.path.join(ROOT, "tests/rewrite/soundness.catalog")) as f:
            cluster.sql("judge", "".join(line for line in f if not line.startswith("@")) + DATA)
        connection = wire.Connection("127.0.0.1", cluster.port).start("postgres", "postgres", "judge")
        connection.query("SET statement_timeout = '5s'")
        before = others(connection)
        for n in range(count):
            r = random.Random(seed * 1_000_000 + n)
            by_itself = n % 2
            maker = Maker(r, "1" if by_itself else "$1")
            sql = maker.change() if r.randrange(4) == 0 else maker.select()
            judge.stdin.write(sql + "\n")
            verdict = judge.stdout.readline().strip()
            if len(verdict) != 2 or verdict == "--":
                raise SystemExit(f"no verdict: {sql}")
            if verdict[by_itself] != "1":
                continue
            proved += 1
            connection.take_received()
            connection.query("BEGIN")
            connection.send(wire.parse("", sql, [] if by_itself else [23]), wire.bind("", "", [] if by_itself else ["1"]), wire.describe("P"), wire.execute(), wire.sync())
            reply = connection.until_ready()
            data = connection.take_received()
            changed = reply.error is None and not sql.startswith(("SELECT", "WITH")) and others(connection) != before
            connection.query("ROLLBACK")
            run += reply.error is None
            if reply.error is None and (b"CANARY" in data or changed):
                failed += 1
                print(f"not confined{' by itself' if by_itself else ''}: {sql}", flush=True)
    judge.stdin.close()
    judge.wait()
    print(f"{count} made, {proved} proved, {run} of them run without an error")
    if run < count // 200:
        failed += 1
        print("hardly anything was run: the generator has lost its way")
    print(f"{run} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
