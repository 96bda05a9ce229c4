"""Random data changes with the rest of the grammar, and programs: several statements on one connection in one transaction
(savepoints, cursors, prepared statements, temporary tables, COPY in both directions).

    steps = program(Choices(seed), Schema(run_sql))      # [Step(text, parameters, data)]"""
import re

from generator import BOOL, DATE, INT, NUM, SCALARS, TEXT, TIME, Scope
from grammar import Wide

COPIED = {INT: "7", NUM: "12.50", TEXT: "text", BOOL: "t", TIME: "2024-01-01 00:00:00+00", DATE: "2024-01-01"}


class Step:
    """One message: its text, the values of $1.., and the data of COPY FROM STDIN. several: it holds several statements."""

    def __init__(self, text, parameters=None, data=None, several=False):
        self.text, self.parameters, self.data, self.several = text, parameters, data, several


class Programs(Wide):
    # --- changes ---
    def change(self, depth):
        c = self.c
        if not c.chance(2):
            return super().change(depth)
        table = c.pick([t for t in self.schema if t.key] or self.schema)
        return c.pick([self.upsert, self.insert_rows, self.insert_query, self.assign, self.merge_more, self.moved])(table, depth)

    def able(self, table):
        return [(n, k) for n, k, generated in table.columns if not generated]

    def returned(self, table, alias):
        """Whole rows where no trigger or default puts the time into them."""
        c = self.c
        timed = any(k in (TIME, DATE) for _, k, _ in table.columns)
        choices = ["", " RETURNING *", f" RETURNING {alias}.*"]
        if not timed:
            choices += [f" RETURNING {alias}", f" RETURNING ({alias}).*", f" RETURNING to_jsonb({alias}), {alias}::text AS t", f" RETURNING *, {alias} IS NULL",
                        f" RETURNING ROW({alias}.*)::text"]
        choices += [f" RETURNING (SELECT count(*) FROM {c.pick(self.schema).name}) AS n", f" RETURNING {alias}.{table.columns[0][0]} AS a, {alias}.{table.columns[-1][0]}"]
        return c.pick(choices)

    def row_of(self, table, n):
        """One row out of the table's own: its n-th by the key, under a key of its own."""
        values = []
        for name, _ in self.able(table):
            if name == table.key:
                values.append(str(910000000 + n))
            elif self.c.chance(12):
                values.append("DEFAULT")
            else:
                values.append(f"(SELECT v{n}.{name} FROM {table.name} v{n} ORDER BY v{n}.{table.key} LIMIT 1 OFFSET {n})")
        return ", ".join(values)

    def insert_rows(self, table, depth):
        c = self.c
        names = [n for n, _ in self.able(table)]
        listed = f" ({', '.join(names)})" if len(names) < len(table.columns) or c.draw(3) else ""
        rows = ", ".join(f"({self.row_of(table, n)})" for n in range(1 + c.draw(3)))
        prefix = self.with_clause(depth) if c.chance(5) else ""
        return f"{prefix}INSERT INTO {table.name} AS i{listed} VALUES {rows}{self.returned(table, 'i')}"

    def insert_query(self, table, depth):
        """Set operations, order and limit, WITH inside, TABLE, fewer columns."""
        c = self.c
        able = self.able(table)
        names = [n for n, _ in able]

        def part(n):
            values = [f"s.{name} + {920000000 + n * 1000000}" if name == table.key else f"s.{name}" for name, _ in able]
            return f"SELECT {', '.join(values)} FROM {table.name} s WHERE {self.condition(scope, 1)}"
        scope = Scope()
        scope.add("s", [(n, k) for n, k, _ in table.columns], True)
        listed = f" ({', '.join(names)})" if len(names) < len(table.columns) or c.draw(2) else ""
        how = c.draw(6)
        if how == 0:
            source = f"({part(0)} ORDER BY {names.index(table.key) + 1 if table.key in names else 1} LIMIT 3)"
        elif how == 1:
            source = f"{part(0)} UNION ALL ({part(1)})"
        elif how == 2:
            source = f"WITH w AS ({part(0)}) SELECT * FROM w"
        elif how == 3:
            source, listed = f"SELECT * FROM ({part(0)}) AS z", listed if len(able) == len(table.columns) else f" ({', '.join(names)})"
        elif how == 4:
            source, listed = f"TABLE {table.name}", ""
        else:
            source = f"WITH w AS MATERIALIZED ({part(0)}) TABLE w"
        return f"INSERT INTO {table.name} AS i{listed} {source}" + (" ON CONFLICT DO NOTHING" if c.chance(3) else "") + self.returned(table, "i")

    def upsert(self, table, depth):
        """One row that is there already, or a new one; the arbiter is any unique index or constraint of the table."""
        c = self.c
        uniques = self.schema.uniques.get(table.name)
        if not uniques:
            return self.insert_rows(table, depth)
        able = self.able(table)
        names = [n for n, _ in able]
        target = Scope()
        target.add("i", [(n, k) for n, k, _ in table.columns], True)
        excluded = Scope()
        excluded.items = target.items + [("excluded", [(n, k) for n, k, _ in table.columns], True)]
        n = c.draw(4)
        values = [f"s.{name} + {c.pick([0, 930000000])}" if name == table.key and c.draw(2) else f"s.{name}" for name in names]
        source = f"SELECT {', '.join(values)} FROM {table.name} s ORDER BY s.{table.key} LIMIT 1 OFFSET {n}"
        arbiter = c.pick(uniques + [""])
        settable = [(name, k) for name, k in able if k in SCALARS and name != table.key]
        text = f"INSERT INTO {table.name} AS i ({', '.join(names)}) {source} ON CONFLICT {arbiter} "
        if not arbiter or not settable or c.chance(4):
            text += "DO NOTHING"
        else:
            column, kind = c.pick(settable)
            how = c.draw(4)
            if how == 0:
                text += f"DO UPDATE SET {column} = excluded.{column}"
            elif how == 1:
                text += f"DO UPDATE SET {column} = {self.expression(kind, excluded, depth)} WHERE {self.condition(excluded, 1)}"
            elif how == 2:
                text += f"DO UPDATE SET ({column}) = ROW(coalesce(excluded.{column}, i.{column}))"
            else:
                text += f"DO UPDATE SET {column} = (SELECT max(z.{column}) FROM {table.name} z WHERE {self.condition(excluded, 0)})" if kind != BOOL \
                    else f"DO UPDATE SET {column} = DEFAULT"
        return text + self.returned(table, "i")

    def assign(self, table, depth):
        """UPDATE with several assignments, from sub-selects and DEFAULT."""
        c = self.c
        scope = Scope()
        scope.add("u", [(n, k) for n, k, _ in table.columns], True)
        able = [(n, k) for n, k, generated in table.columns if k in SCALARS and not generated and n != table.key]
        if len(able) < 2:
            return self.update(table, depth)
        chosen = [able[i] for i in sorted({c.draw(len(able)) for _ in range(2)})]
        inner = Scope(scope)
        source = self.source(inner, depth - 1)
        aggregates = []
        for _, kind in chosen:
            columns = [col for col, k in inner.own() if k == kind] or [self.constant(kind)]
            aggregates.append(f"max({c.pick(columns)})" if kind != BOOL else f"bool_or({c.pick(columns)})")
        names = ", ".join(n for n, _ in chosen)
        how = c.draw(4)
        if how == 0:
            change = f"({names}) = (SELECT {', '.join(aggregates)} FROM {source} WHERE {self.condition(inner, depth - 1)})"
        elif how == 1:
            change = f"({names}) = ROW({', '.join(self.expression(k, scope, 1) for _, k in chosen)})"
        elif how == 2:
            change = ", ".join(f"{n} = DEFAULT" for n, _ in chosen)
        else:
            change = ", ".join(f"{n} = {self.expression(k, scope, depth)}" for n, k in chosen)
        only = "ONLY " if c.chance(6) else ""
        star = " *" if not only and c.chance(10) else ""
        return f"UPDATE {only}{table.name}{star} AS u SET {change} WHERE {self.condition(scope, depth)}{self.returned(table, 'u')}"

    def merge_more(self, table, depth):
        c = self.c
        if not table.key:
            return self.assign(table, depth)
        scope, source_scope = Scope(), Scope()
        scope.add("m", [(n, k) for n, k, _ in table.columns], True)
        others = [t for t in self.schema if t.key]
        other = c.pick(others)
        source_scope.add("s", [(n, k) for n, k, _ in other.columns], True)
        scope.items += source_scope.items
        source = c.pick([other.name + " s", other.name + " AS s", f"(SELECT * FROM {other.name} z WHERE z.{other.key} IS NOT NULL) AS s",
                         f"(SELECT s2.* FROM {other.name} s2 LEFT JOIN {c.pick(self.schema).name} l ON false) AS s"])
        whens = []
        for _ in range(1 + c.draw(3)):
            how = c.draw(4)
            change = self._set(table, scope, 1)
            if how == 0 and change:
                whens.append(f"WHEN MATCHED AND {self.condition(scope, 1)} THEN UPDATE SET {change}")
            elif how == 1:
                whens.append(f"WHEN MATCHED AND CASE WHEN {self.condition(scope, 0)} THEN true ELSE false END THEN DELETE")
            elif how == 2:
                whens.append(f"WHEN {c.pick(['MATCHED', 'NOT MATCHED'])} THEN DO NOTHING")
            else:
                able = self.able(table)
                values = [f"s.{other.key} + 940000000" if n == table.key else
                          f"(SELECT g.{n} FROM {table.name} g ORDER BY g.{table.key} LIMIT 1)" for n, _ in able]
                names = f" ({', '.join(n for n, _ in able)})" if len(able) < len(table.columns) or c.draw(2) else ""
                whens.append(f"WHEN NOT MATCHED AND s.{other.key} IS NOT NULL THEN INSERT{names} VALUES ({', '.join(values)})")
        return f"MERGE INTO {table.name} m USING {source} ON m.{table.key} = s.{other.key}{c.pick(['', ' + 500000000'])} {' '.join(whens)}"

    def moved(self, table, depth):
        """Data-modifying WITH, whose rows are read again beside the table itself."""
        c = self.c
        inner = c.pick([f"DELETE FROM {table.name} d WHERE {{}} RETURNING *", f"UPDATE {table.name} d SET {table.key} = d.{table.key} WHERE {{}} RETURNING d.*"])
        scope = Scope()
        scope.add("d", [(n, k) for n, k, _ in table.columns], True)
        inner = inner.format(self.condition(scope, depth))
        outer = c.pick([f"SELECT x.*, t.* FROM x LEFT JOIN {table.name} t USING ({table.key})", "SELECT count(*), count(x) FROM x",
                        f"SELECT * FROM x NATURAL JOIN {table.name}", f"SELECT x::text FROM x WHERE EXISTS (SELECT 1 FROM {table.name} y WHERE y.{table.key} = x.{table.key})",
                        f"UPDATE {c.pick(self.schema).name} z SET {{}} WHERE EXISTS (SELECT FROM x) RETURNING *"])
        if "{}" in outer:
            other = next(t for t in self.schema if outer.startswith(f"UPDATE {t.name} z"))
            target = Scope()
            target.add("z", [(n, k) for n, k, _ in other.columns], True)
            change = self._set(other, target, 1)
            outer = outer.format(change) if change and other is not table else "SELECT count(*) FROM x"
        return f"WITH x AS ({inner}) {outer}"

    # --- programs ---
    def one(self):
        """A statement with its parameters."""
        c = self.c
        self.parameters = []
        self.ctes = []
        depth = 1 + c.draw(3)
        if c.chance(4):
            text = self.whole(depth)
        else:
            text = self.statement()
        return Step(self.noise(text), [value for _, value in self.parameters] or None)

    def plain(self, depth, ordered=True):
        """A query without parameters whose rows come in a determined order."""
        self.no_parameters, self.ctes, self.parameters = True, [], []
        text, columns = self.query(2, None, depth, [INT, TEXT])
        self.no_parameters = False
        return f"SELECT * FROM ({text}) AS o(a, b) ORDER BY 1, 2" if ordered else text

    def cursor(self, steps):
        c = self.c
        if c.chance(2):
            table = c.pick([t for t in self.schema if t.key] or self.schema)
            if table.key:
                steps.append(Step(f"DECLARE cur CURSOR FOR SELECT * FROM {table.name} t ORDER BY t.{table.key} FOR UPDATE"))
                steps.append(Step("FETCH 2 FROM cur"))
                change = c.pick([f"DELETE FROM {table.name} WHERE CURRENT OF cur", f"UPDATE {table.name} SET {table.key} = {table.key} WHERE CURRENT OF cur RETURNING {table.key}"])
                steps.append(Step(change))
                steps.append(Step("FETCH NEXT FROM cur"))
                return
        steps.append(Step(f"DECLARE cur {c.pick(['', 'SCROLL ', 'NO SCROLL '])}CURSOR FOR {self.plain(2)}"))
        steps.append(Step(f"FETCH {c.pick(['3', 'FORWARD ALL', 'NEXT', 'FIRST'])} FROM cur"))
        steps.append(Step(c.pick(["MOVE 1 IN cur", "FETCH ABSOLUTE 2 FROM cur", "CLOSE cur", "FETCH RELATIVE 1 FROM cur"])))

    def prepared(self, steps):
        c = self.c
        table = c.pick([t for t in self.schema if t.key] or self.schema)
        if c.chance(2) or not table.key:
            steps.append(Step(f"PREPARE pre AS {self.plain(2)}"))
            steps.append(Step("EXECUTE pre"))
            return
        declared = c.pick(["", "(bigint)", "(bigint, text)"])
        arguments = {"": "(1)", "(bigint)": "(1)", "(bigint, text)": "(1, 'x')"}[declared]
        body = c.pick([f"SELECT * FROM {table.name} t WHERE t.{table.key} >= $1 ORDER BY t.{table.key}", f"DELETE FROM {table.name} WHERE {table.key} > $1",
                       f"SELECT count(*) FROM {table.name} t LEFT JOIN {c.pick(self.schema).name} o ON t.{table.key} = $1"])
        steps.append(Step(f"PREPARE pre{declared} AS {body}"))
        steps.append(Step(f"EXECUTE pre{c.pick([arguments, arguments, '', '(1, 2, 3)'])}"))

    def temporary(self, steps):
        c = self.c
        query = self.plain(2, ordered=False)
        if c.draw(2):
            steps.append(Step(f"CREATE TEMP TABLE tmp ON COMMIT DROP AS SELECT * FROM ({query}) AS q(a, b)"))
        else:
            steps.append(Step(f"SELECT q.* INTO TEMP tmp FROM ({query}) AS q(a, b)"))
        other = c.pick(self.schema)
        scope = Scope()
        scope.add("o", [(n, k) for n, k, _ in other.columns], True)
        scope.add("tmp", [("a", INT), ("b", TEXT)], True)
        self.no_parameters = True
        steps.append(Step(c.pick([f"SELECT tmp.*, o.* FROM tmp LEFT JOIN {other.name} o ON {self.condition(scope, 1)}", "SELECT * FROM tmp",
                                  "UPDATE tmp SET a = a + 1 RETURNING *", "SELECT tmp::text, count(*) FROM tmp GROUP BY tmp"])))
        self.no_parameters = False

    def copied(self, steps):
        c = self.c
        if c.chance(2):
            options = c.pick(["", " (FORMAT csv)", " (FORMAT csv, HEADER, FORCE_QUOTE *)", " CSV HEADER DELIMITER ';'", " (DELIMITER '|', NULL 'nil')", " (FORMAT binary)"])
            steps.append(Step(f"COPY ({self.plain(2)}) TO STDOUT{options}"))
            return
        table = c.pick(self.schema)
        able = [(n, k) for n, k in self.able(table) if k in COPIED]
        if c.chance(2) or not able:
            listed = f" ({', '.join(n for n, _, _ in table.columns)})" if c.draw(2) and not any(g for _, _, g in table.columns) else ""
            steps.append(Step(f"COPY {table.name}{listed} TO STDOUT{c.pick(['', ' CSV HEADER', ' (NULL $q$-$q$)'])}"))
            return
        listed = f" ({', '.join(n for n, _ in able)})" if c.draw(4) or len(able) < len(table.columns) else ""
        separator, options = c.pick([("\t", ""), (",", " CSV"), (";", " (FORMAT csv, HEADER, DELIMITER ';')"), ("|", " DELIMITER '|' NULL 'nil'")])
        lines = [separator.join(n.strip('"') for n, _ in able)] if "HEADER" in options else []
        for row in range(1 + c.draw(3)):
            lines.append(separator.join(str(950000000 + row) if n == table.key else COPIED[k] + (str(row) if k == TEXT else "") for n, k in able))
        data = "".join(line + "\n" for line in lines) + (c.pick(["", "\\.\n"]) if not options else "")
        steps.append(Step(f"COPY {table.name}{listed} FROM STDIN{options}", data=data))

    def program(self):
        c = self.c
        if not c.chance(4):
            return [self.one()]
        steps = []
        how = c.draw(7)
        if how == 0:
            steps = [Step("SAVEPOINT a"), self.one(), Step(c.pick(["ROLLBACK TO a", "RELEASE a", "ROLLBACK TO SAVEPOINT a"])), self.one()]
        elif how == 1:
            self.cursor(steps)
        elif how == 2:
            self.prepared(steps)
        elif how == 3:
            self.temporary(steps)
        elif how == 4:
            self.copied(steps)
        elif how == 5:
            steps = [Step(f"TRUNCATE {c.pick(self.schema).name}"), self.one()]
        else:
            # One message: parameters have no place in it.
            self.no_parameters = True
            texts = [self.one().text for _ in range(2 + c.draw(2))]
            self.no_parameters = False
            steps = [Step(c.pick(["; ", ";\n", " ; -- end\n"]).join(texts), several=True)]
        return steps


def program(choices, schema):
    return Programs(choices, schema).program()


def shown(steps):
    return "\n     ".join(step.text + (f"  -- {step.parameters}" if step.parameters else "") + (f"  -- data {step.data!r}" if step.data else "") for step in steps)


CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|COPY|SAVEPOINT|DECLARE|PREPARE|TEMP)\b")
