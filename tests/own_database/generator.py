"""Random statements over a schema: valid SQL whose result is determined (no LIMIT without a total order, no float sums, no
row_number() over ties), so that two databases with the same rows must give the same answer.

Everything is decided by one sequence of numbers. A statement that shows a difference is made smaller by making its
sequence shorter and its numbers smaller (shrink()), never by editing text: every sequence gives a statement that is valid
by construction.

    schema = load_schema(run_sql)             # from the catalogs of the tenant's own database
    text = statement(Choices(seed=7), schema)"""
import random

INT, NUM, TEXT, BOOL, TIME, DATE, JSON, OTHER = "int", "num", "text", "bool", "time", "date", "json", "other"
KINDS = {"int2": INT, "int4": INT, "int8": INT, "numeric": NUM, "text": TEXT, "varchar": TEXT, "bpchar": TEXT, "bool": BOOL,
         "timestamptz": TIME, "timestamp": TIME, "date": DATE, "jsonb": JSON}
SCALARS = [INT, NUM, TEXT, BOOL, TIME, DATE]


class Choices:
    """A source of decisions: fresh ones from a seed, or a recorded sequence (0 when it is used up)."""

    def __init__(self, seed=None, recorded=None):
        self.random = random.Random(seed) if recorded is None else None
        self.recorded, self.at, self.made = recorded, 0, []

    def draw(self, n):
        """0 <= result < n; 0 is the simplest choice."""
        if self.random:
            value = self.random.randrange(n)
        else:
            value = self.recorded[self.at] % n if self.at < len(self.recorded) else 0
            self.at += 1
        self.made.append(value)
        return value

    def chance(self, one_in):
        return self.draw(one_in) == one_in - 1

    def pick(self, items):
        return items[self.draw(len(items))]


class Table:
    def __init__(self, name, columns, key):
        self.name, self.columns, self.key = name, columns, key


def load_schema(run_sql, kinds="'r', 'p'"):
    """run_sql(text) -> rows of texts. Tables of the search_path with their columns (the types it knows) and single-column
    integer primary key, if any."""
    rows = run_sql(f"""
        SELECT c.relname, a.attname, t.typname,
               coalesce((SELECT i.indnkeyatts = 1 AND i.indkey[0] = a.attnum FROM pg_index i
                         WHERE i.indrelid = c.oid AND i.indisprimary), false), a.attgenerated <> '' OR a.attidentity = 'a'
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relkind IN ({kinds}) AND pg_table_is_visible(c.oid) AND c.relnamespace = 'public'::regnamespace
          AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum""")
    tables = {}
    for table, column, type_, key, generated in rows:
        t = tables.setdefault(table, Table(quote(table), [], None))
        t.columns.append((quote(column), KINDS.get(type_, OTHER), generated == "t"))
        if key == "t" and KINDS.get(type_) == INT:
            t.key = quote(column)
    return [t for t in tables.values() if t.columns]


def quote(name):
    if name.isascii() and name.islower() and name.replace("_", "a").isalnum() and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


RESERVED = {"order", "user", "table", "select", "group", "limit", "offset", "default", "end", "all", "case", "when", "check",
            "desc", "asc", "primary", "references", "to", "from", "where", "left", "right", "full", "natural", "join"}


class Scope:
    """What names mean at one level: aliases with their columns, and the outer level."""

    def __init__(self, outer=None):
        self.items, self.outer = [], outer

    def add(self, alias, columns, is_table=False):
        self.items.append((alias, columns, is_table))

    def columns(self, kind):
        found = [f"{a}.{c}" for a, columns, _ in self.items for c, k in columns if k == kind]
        if self.outer:
            found += self.outer.columns(kind)
        return found

    def own(self):
        return [(f"{a}.{c}", k) for a, columns, _ in self.items for c, k in columns]


class Generator:
    def __init__(self, choices, schema):
        self.c, self.schema, self.names, self.shadows = choices, schema, 0, set()
        self.ctes = []   # (name, columns) visible everywhere below

    def name(self, prefix="t"):
        self.names += 1
        # Now and then a name that is also a table's or a column's, so that shadowing is met.
        if prefix == "t" and self.c.chance(12):
            shadow = self.c.pick(["tenants", "orders", "users", "id", "paintings"]) + str(self.names % 3 or "")
            if shadow not in self.shadows:  # twice at one level is an error
                self.shadows.add(shadow)
                return shadow
        return f"{prefix}{self.names}"

    # --- expressions ---
    def constant(self, kind):
        c = self.c
        if kind == INT:
            return str(c.pick([1, 0, 2, 3, 7, 10, 42, 100, 1000]))
        if kind == NUM:
            return c.pick(["1.5", "0.0", "10", "99.99", "1000.25"])
        if kind == TEXT:
            return c.pick(["'a'", "''", "'%a%'", "'paid'", "E'x\\ny'", "'ünïcode'", "$q$it's$q$", "'o''brien'"])
        if kind == BOOL:
            return c.pick(["true", "false", "NULL::boolean"])
        if kind == TIME:
            return c.pick(["timestamptz '2024-01-01 00:00:00+00'", "timestamptz '2023-06-15 12:00:00+00'"])
        if kind == DATE:
            return c.pick(["date '2024-01-01'", "date '2023-06-15'"])
        return "'{\"a\": 1}'::jsonb"

    def expression(self, kind, scope, depth):
        c = self.c
        columns = scope.columns(kind)
        if depth <= 0 or c.draw(3) == 0:
            if columns and c.draw(4):
                return c.pick(columns)
            return self.constant(kind)
        make = {INT: self.int_expression, NUM: self.num_expression, TEXT: self.text_expression, BOOL: self.condition,
                TIME: self.time_expression, DATE: self.date_expression}.get(kind)
        how = c.draw(6)
        if how == 4:
            return (f"CASE WHEN {self.condition(scope, depth - 1)} THEN {self.expression(kind, scope, depth - 1)} "
                    f"ELSE {self.expression(kind, scope, depth - 1)} END")
        if how == 5:
            return f"coalesce({self.expression(kind, scope, depth - 1)}, {self.constant(kind)})"
        return make(scope, depth) if make else self.constant(kind)

    def int_expression(self, scope, depth):
        c = self.c
        how = c.draw(7)
        if how == 0:
            return f"length({self.expression(TEXT, scope, depth - 1)})"
        if how == 1:
            return f"({self.expression(INT, scope, depth - 1)} % {c.pick([7, 3, 1000])})"
        if how == 2:
            return self.scalar_query("count(*)", scope, depth)
        if how == 3:
            return self.scalar_query(None, scope, depth)
        if how == 4:
            return f"(ARRAY[{self.expression(INT, scope, depth - 1)}, {self.constant(INT)}])[1]"
        if how == 5:
            return f"cardinality(ARRAY({self.query(1, scope, depth - 1, [INT])[0]}))"
        return f"extract(year FROM {self.expression(TIME, scope, depth - 1)})::int"

    def num_expression(self, scope, depth):
        return f"round({self.expression(NUM, scope, depth - 1)} * {self.c.pick(['1', '0.5', '2'])}, 2)"

    def text_expression(self, scope, depth):
        c = self.c
        how = c.draw(6)
        if how == 0:
            return f"upper({self.expression(TEXT, scope, depth - 1)})"
        if how == 1:
            return f"({self.expression(TEXT, scope, depth - 1)} || {self.constant(TEXT)})"
        if how == 2:
            return f"{self.primary(INT, scope, depth - 1)}::text"
        if how == 3:
            tables = [a for a, _, is_table in scope.items if is_table]
            if tables:
                return c.pick(["md5({0}::text)", "row_to_json({0})::text", "to_jsonb({0})::text"]).format(c.pick(tables))
        if how == 4:
            return f"substring({self.expression(TEXT, scope, depth - 1)} from 1 for 5)"
        return f"left({self.expression(TEXT, scope, depth - 1)}, 3)"

    def primary(self, kind, scope, depth):
        return f"({self.expression(kind, scope, depth)})"

    def time_expression(self, scope, depth):
        return f"date_trunc('{self.c.pick(['day', 'month', 'year'])}', {self.expression(TIME, scope, depth - 1)})"

    def date_expression(self, scope, depth):
        return f"({self.expression(TIME, scope, depth - 1)} AT TIME ZONE 'UTC')::date"

    def scalar_query(self, what, scope, depth):
        inner = Scope(scope)
        source = self.source(inner, depth - 1)
        if what is None:
            columns = [col for col, k in inner.own() if k == INT] or ["1"]
            what = f"{self.c.pick(['max', 'min', 'sum'])}({self.c.pick(columns)})"
        where = f" WHERE {self.condition(inner, depth - 1)}" if self.c.draw(2) else ""
        return f"(SELECT {what} FROM {source}{where})"

    def condition(self, scope, depth):
        c = self.c
        if depth <= 0:
            return self.comparison(scope, 0)
        how = c.draw(12)
        if how == 1:
            return f"({self.condition(scope, depth - 1)} AND {self.condition(scope, depth - 1)})"
        if how == 2:
            return f"({self.condition(scope, depth - 1)} OR {self.condition(scope, depth - 1)})"
        if how == 3:
            return f"NOT ({self.condition(scope, depth - 1)})"
        if how == 4:
            return f"{'NOT ' if c.chance(3) else ''}EXISTS ({self.query(None, scope, depth - 1)[0]})"
        if how == 5:
            kind = c.pick([INT, TEXT])
            return f"{self.primary(kind, scope, depth - 1)} {c.pick(['IN', 'NOT IN'])} ({self.query(1, scope, depth - 1, [kind])[0]})"
        if how == 6:
            kind = c.pick(SCALARS)
            return f"{self.primary(kind, scope, depth - 1)} IS {c.pick(['NULL', 'NOT NULL'])}"
        if how == 7:
            kind = c.pick([INT, TEXT, TIME])
            return f"{self.primary(kind, scope, depth - 1)} IS DISTINCT FROM {self.primary(kind, scope, depth - 1)}"
        if how == 8:
            return f"{self.primary(INT, scope, depth - 1)} = ANY ({self.query(1, scope, depth - 1, [INT])[0]})"
        if how == 9:
            return f"{self.primary(INT, scope, depth - 1)} BETWEEN {self.constant(INT)} AND {self.primary(INT, scope, depth - 1)}"
        if how == 10:
            tables = [a for a, _, is_table in scope.items if is_table]
            if tables:
                return f"{c.pick(tables)} IS {c.pick(['NULL', 'NOT NULL'])}"
            return "true"
        return self.comparison(scope, depth)

    def comparison(self, scope, depth):
        c = self.c
        kind = c.pick(SCALARS)
        if kind == TEXT and c.chance(3):
            return f"{self.primary(TEXT, scope, depth - 1)} {c.pick(['LIKE', 'ILIKE', 'NOT LIKE'])} '%{c.pick(['a', 'e', '1'])}%'"
        if kind == INT and c.chance(4):
            return f"{self.primary(INT, scope, depth - 1)} IN (1, 2, 3, {self.constant(INT)})"
        return f"{self.primary(kind, scope, depth - 1)} {c.pick(['=', '<', '>=', '<>'])} {self.primary(kind, scope, depth - 1)}"

    # --- FROM ---
    def source(self, scope, depth):
        """A FROM clause; its aliases go into scope."""
        c = self.c
        how = c.draw(8) if depth > 0 else 0
        if how <= 2:
            return self.leaf(scope, depth)
        if how == 7:
            return f"{self.leaf(scope, depth)}, {self.leaf(scope, depth - 1)}"
        return self.join(scope, depth)

    def leaf(self, scope, depth):
        c = self.c
        how = c.draw(10) if depth > 0 else 0
        alias = self.name()
        if how == 7:
            text, columns = self.query(None, scope.outer, depth - 1)
            scope.add(alias, columns)
            return f"({text}) AS {alias}"
        if how == 8:
            scope.add(alias, [("a", INT), ("b", TEXT)])
            return f"(VALUES (1, 'a'), (2, {self.constant(TEXT)}), (3, NULL)) AS {alias}(a, b)"
        if how == 9:
            scope.add(alias, [("n", INT)])
            return f"generate_series(1, {c.pick([3, 1, 5])}) AS {alias}(n)"
        if self.ctes and c.chance(3):
            name, columns = c.pick(self.ctes)
            scope.add(alias, columns)
            return f"{name} {alias}"
        table = c.pick(self.schema)
        columns = [(n, k) for n, k, _ in table.columns]
        if c.chance(15):
            renamed = [(f"r{i}", k) for i, (_, k) in enumerate(columns)]
            scope.add(alias, renamed)
            return f"{table.name} AS {alias}({', '.join(n for n, _ in renamed)})"
        scope.add(alias, columns, True)
        only = "ONLY " if c.chance(20) else ""
        return f"{only}{c.pick(['', '', '', 'public.'])}{table.name} {c.pick(['', 'AS '])}{alias}"

    def join(self, scope, depth):
        c = self.c
        left, right = Scope(scope.outer), Scope(scope.outer)
        left_text = self.source(left, depth - 1) if c.chance(3) else self.leaf(left, depth - 1)
        lateral = False
        if c.chance(8):
            # LATERAL sees what stands to its left.
            seen = Scope(scope.outer)
            seen.items = scope.items + left.items
            text, columns = self.query(None, seen, depth - 1)
            alias = self.name()
            right.add(alias, columns)
            right_text, lateral = f"LATERAL ({text}) AS {alias}", True
        else:
            right_text = self.leaf(right, depth - 1)
            if c.chance(5):
                right_text = f"({right_text} {c.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])} " + self._nested(right, depth) + ")"
        kind = c.pick(["JOIN", "LEFT JOIN", "CROSS JOIN", "RIGHT JOIN", "FULL JOIN", "INNER JOIN", "LEFT OUTER JOIN"])
        if lateral and kind in ("RIGHT JOIN", "FULL JOIN"):
            kind = "LEFT JOIN"
        scope.items += left.items + right.items
        if kind == "CROSS JOIN":
            return f"{left_text} CROSS JOIN {right_text}"
        common = self._common(left, right)
        if common and c.chance(4):
            return f"{left_text} {kind} {right_text} USING ({common})"
        if kind == "FULL JOIN":
            return f"{left_text} FULL JOIN {right_text} ON {self._equality(left, right)}"
        both = Scope(scope.outer)
        both.items = left.items + right.items
        on = self._equality(left, right)
        if c.chance(3):
            on += f" AND {self.condition(both, depth - 1)}"
        return f"{left_text} {kind} {right_text} ON {on}"

    def _nested(self, right, depth):
        """The second half of a join in parentheses: leaf ON equality; right gets its alias."""
        first = Scope(right.outer)
        first.items = list(right.items)
        second = Scope(right.outer)
        text = self.leaf(second, 0)
        right.items += second.items
        return f"{text} ON {self._equality(first, second)}"

    def _equality(self, left, right):
        for kind in (INT, TEXT, NUM, DATE, TIME, BOOL):
            a = [col for col, k in left.own() if k == kind]
            b = [col for col, k in right.own() if k == kind]
            if a and b:
                return f"{self.c.pick(a)} = {self.c.pick(b)}"
        return "1 = 1"

    @staticmethod
    def _common(left, right):
        """A column name that stands exactly once on each side, with one kind."""
        def once(scope):
            names = {}
            for _, columns, _ in scope.items:
                for n, k in columns:
                    names[n] = None if n in names else k
            return names
        a, b = once(left), once(right)
        for n, k in a.items():
            if k and k not in (JSON, OTHER) and b.get(n) == k:
                return n
        return None

    # --- queries ---
    def query(self, width, outer, depth, kinds=None, top=False):
        """(text, columns). kinds: the kinds of the columns wanted; None: any."""
        c = self.c
        if kinds is None and width:
            kinds = [c.pick(SCALARS) for _ in range(width)]
        if depth > 0 and c.chance(8):
            kinds = kinds or [c.pick([INT, TEXT, NUM]) for _ in range(1 + c.draw(2))]
            a, columns = self.select(outer, depth - 1, kinds)
            b, _ = self.select(outer, depth - 1, kinds)
            op = c.pick(["UNION ALL", "UNION", "INTERSECT", "EXCEPT"])
            text = f"{self._bracket(a)} {op} {self._bracket(b)}"
            if top and c.chance(3):
                text += self._total_order(len(columns))
            return text, columns
        return self.select(outer, depth, kinds, top)

    def _bracket(self, text):
        return f"({text})" if self.c.chance(2) or " ORDER BY " in text or text.startswith("WITH") else text

    def _total_order(self, n):
        order = ", ".join(str(i + 1) + self.c.pick(["", " DESC", " NULLS FIRST"]) for i in range(n))
        limit = f" LIMIT {self.c.pick([5, 1, 20])}" + self.c.pick(["", " OFFSET 2"]) if self.c.chance(2) else ""
        return f" ORDER BY {order}{limit}"

    def select(self, outer, depth, kinds=None, top=False):
        c = self.c
        scope = Scope(outer)
        source = self.source(scope, depth)
        where = f" WHERE {self.condition(scope, depth)}" if c.draw(3) else ""
        how = c.draw(5)
        if kinds is None and how == 4:
            return self.star(scope, source, where)
        if how == 3:
            return self.aggregate(scope, source, where, kinds, depth, top)
        wanted = kinds or [c.pick(SCALARS) for _ in range(1 + c.draw(3))]
        items = [self.expression(k, scope, depth) for k in wanted]
        names = [f"c{i}" for i in range(len(wanted))]
        listed = ", ".join(f"{self._typed(e, k)} AS {n}" for e, k, n in zip(items, wanted, names))
        distinct = "DISTINCT " if c.chance(6) else ""
        text = f"SELECT {distinct}{listed} FROM {source}{where}"
        if top and c.chance(3):
            text += self._total_order(len(wanted))
        return text, list(zip(names, wanted))

    @staticmethod
    def _typed(expression, kind):
        """Set operations and VALUES must agree in type whatever branch was chosen."""
        if kind == NUM:
            # 0.0 and 0.00 are equal and print differently: their order would not be determined.
            return f"trim_scale({expression})"
        cast = {INT: "bigint", TEXT: "text", BOOL: "boolean", TIME: "timestamptz", DATE: "date"}.get(kind)
        return f"({expression})::{cast}" if cast else expression

    def star(self, scope, source, where):
        alias, columns, _ = self.c.pick(scope.items)
        if self.c.chance(2) and len(scope.items) == 1 and " JOIN " not in source:
            return f"SELECT * FROM {source}{where}", columns
        return f"SELECT {alias}.* FROM {source}{where}", columns

    def aggregate(self, scope, source, where, kinds, depth, top):
        c = self.c
        wanted = kinds or [c.pick([INT, TEXT, NUM]) for _ in range(1 + c.draw(2))]
        group = []
        items = []
        for kind in wanted:
            columns = scope.columns(kind)
            own = [col for col, k in scope.own() if k == kind]
            if own and c.draw(2):
                column = c.pick(own)
                group.append(column)
                items.append(column)
            elif kind == INT:
                items.append(c.pick(["count(*)", "count(*) FILTER (WHERE true)"]))
            elif columns:
                items.append(f"{c.pick(['max', 'min'])}({c.pick(columns)})" if kind != BOOL else f"bool_or({c.pick(columns)})")
            else:
                items.append(f"max({self.constant(kind)})" if kind != BOOL else "bool_or(true)")
        names = [f"c{i}" for i in range(len(wanted))]
        listed = ", ".join(f"{self._typed(e, k)} AS {n}" for e, k, n in zip(items, wanted, names))
        text = f"SELECT {listed} FROM {source}{where}"
        if group:
            text += f" GROUP BY {', '.join(dict.fromkeys(group))}"
        if c.chance(5):
            text += " HAVING count(*) > 1"
        if top and c.chance(3):
            text += self._total_order(len(wanted))
        return text, list(zip(names, wanted))

    def with_clause(self, depth):
        c = self.c
        parts = []
        for _ in range(1 + c.draw(2)):
            name = c.pick([self.name("w"), self.name("w"), c.pick(self.schema).name])
            text, columns = self.query(None, None, depth - 1)
            # Columns of a star may repeat: only a query with names of its own becomes a CTE.
            if len({n for n, _ in columns}) != len(columns) or any(name == n for n, _ in self.ctes):
                continue
            parts.append(f"{name} AS {c.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED '])}({text})")
            self.ctes.append((name, columns))
        return f"WITH {', '.join(parts)} " if parts else ""

    # --- data changes ---
    def change(self, depth):
        c = self.c
        table = c.pick([t for t in self.schema if t.key] or self.schema)
        return c.pick([self.insert, self.update, self.delete, self.merge])(table, depth)

    def _returning(self, table, scope, alias):
        c = self.c
        how = c.draw(4)
        if how == 0:
            return ""
        if how == 1:
            return " RETURNING *"
        if how == 2:
            return f" RETURNING {alias}.*"
        # Not the whole row: a trigger may have put the time into it.
        columns = Scope()
        columns.items = [(a, listed, False) for a, listed, _ in scope.items]
        return f" RETURNING {self.expression(c.pick([INT, TEXT]), columns, 1)} AS r"

    def _set(self, table, scope, depth):
        c = self.c
        able = [(n, k) for n, k, generated in table.columns if k in SCALARS and not generated and n != table.key]
        if not able:
            return None
        column, kind = c.pick(able)
        return f"{column} = {self.expression(kind, scope, depth)}"

    def _row_by_key(self, scope):
        """A source and its key: one row of it for each target row at most, as which of several is taken is not determined."""
        c = self.c
        keyed = [t for t in self.schema if t.key]
        one = c.pick(keyed)
        name = self.name("f")
        scope.add(name, [(n, k) for n, k, _ in one.columns], True)
        others = [t for t in keyed if t.key == one.key and t is not one]
        second = self.name("f")
        if (one.key, INT) in [(n, k) for n, k, _ in one.columns] and c.chance(4):
            function = c.pick([f"generate_series(1, 9) AS {second}({one.key})", f"generate_series(1, 9) AS {one.key}",
                               f"generate_series(1, 9) WITH ORDINALITY AS {second}({one.key})",
                               f"information_schema._pg_expandarray(ARRAY[3, 1, 2]) AS {second}(o, {one.key})"])
            return f"{one.name} {name} {c.pick(['', 'LEFT ', 'RIGHT ', 'FULL '])}JOIN {function} USING ({one.key})", f"{name}.{one.key}"
        if not others or c.draw(2):
            return f"{one.name} {name}", f"{name}.{one.key}"
        other = c.pick(others)
        scope.add(second, [(n, k) for n, k, _ in other.columns], True)
        kind = c.pick(["", "LEFT ", "RIGHT ", "FULL "])
        join = (f"{one.name} {name} {kind}JOIN {other.name} {second} USING ({one.key})" if c.draw(3)
                else f"{one.name} {name} NATURAL {kind}JOIN {other.name} {second}")
        return join, f"{name}.{one.key}"

    def update(self, table, depth):
        c = self.c
        scope = Scope()
        alias = self.name("u")
        columns = [(n, k) for n, k, _ in table.columns]
        scope.add(alias, columns, True)
        change = self._set(table, scope, depth)
        if not change:
            return self.delete(table, depth)
        source = ""
        where = self.condition(scope, depth)
        if c.chance(3) and table.key:
            source, key = self._row_by_key(scope)
            source = f" FROM {source}"
            where = f"{key} = {alias}.{table.key} AND ({where})"
        return f"UPDATE {table.name} AS {alias} SET {change}{source} WHERE {where}{self._returning(table, scope, alias)}"

    def delete(self, table, depth):
        c = self.c
        scope = Scope()
        alias = self.name("d")
        scope.add(alias, [(n, k) for n, k, _ in table.columns], True)
        using, where = "", ""
        if c.chance(3):
            inner = Scope()
            using = f" USING {self.source(inner, depth - 1)}"
            scope.items += inner.items
            returning = ""
        else:
            if c.chance(4) and table.key:
                using, key = self._row_by_key(scope)
                using, where = f" USING {using}", f"{key} = {alias}.{table.key} AND "
            returning = self._returning(table, scope, alias)
        return f"DELETE FROM {table.name} {alias}{using} WHERE {where}({self.condition(scope, depth)}){returning}"

    def insert(self, table, depth):
        """Copies of the tenant's own rows under new keys, so that constraints mostly hold."""
        c = self.c
        able = [(n, k) for n, k, generated in table.columns if not generated]
        names = [n for n, _ in able]
        scope = Scope()
        alias = self.name("s")
        scope.add(alias, [(n, k) for n, k, _ in table.columns], True)
        values = [f"{alias}.{n} + {900000000 + c.draw(3) * 1000000}" if n == table.key else f"{alias}.{n}" for n in names]
        if c.chance(3):
            values = [f"{alias}.{n}" for n in names]
        where = self.condition(scope, depth)
        listed = f" ({', '.join(names)})" if len(able) < len(table.columns) or c.draw(3) else ""
        text = f"INSERT INTO {table.name} AS i{listed} SELECT {', '.join(values)} FROM {table.name} {alias} WHERE {where}"
        target = Scope()
        target.add("i", [(n, k) for n, k, _ in table.columns], True)
        if table.key and c.draw(2):
            if c.chance(2):
                text += f" ON CONFLICT ({table.key}) DO NOTHING"
            else:
                change = self._set(table, target, 1)
                text += f" ON CONFLICT ({table.key}) DO UPDATE SET {change}" if change else " ON CONFLICT DO NOTHING"
        return text + self._returning(table, target, "i")

    def merge(self, table, depth):
        if not table.key:
            return self.delete(table, depth)
        c = self.c
        scope = Scope()
        target, source = self.name("m"), self.name("s")
        columns = [(n, k) for n, k, _ in table.columns]
        scope.add(target, columns, True)
        scope.add(source, columns)
        change = self._set(table, scope, 1)
        matched = f"WHEN MATCHED AND {self.condition(scope, 1)} THEN " + \
            (f"UPDATE SET {change}" if change and c.draw(2) else "DELETE")
        able = [(n, k) for n, k, generated in table.columns if not generated]
        values = [f"{source}.{n} + 950000000" if n == table.key else f"{source}.{n}" for n, _ in able]
        unmatched = ""
        if c.chance(2):
            unmatched = (f" WHEN NOT MATCHED THEN INSERT ({', '.join(n for n, _ in able)}) VALUES ({', '.join(values)})")
        offset = c.pick(["", " + 1", " + 500000000"])
        return (f"MERGE INTO {table.name} AS {target} USING (SELECT * FROM {table.name}) AS {source} "
                f"ON {target}.{table.key} = {source}.{table.key}{offset} {matched}{unmatched}")

    def statement(self):
        c = self.c
        how = c.draw(10)
        depth = 1 + c.draw(3)
        if how <= 5:
            prefix = self.with_clause(depth) if c.chance(4) else ""
            text, _ = self.query(None, None, depth, top=True)
            if prefix and text.startswith("WITH"):
                return f"{prefix}SELECT * FROM ({text}) AS nested"
            return prefix + (f"({text})" if prefix and text.startswith("(") else text)
        if how == 9:
            inner = self.change(depth)
            if " RETURNING " in inner and not inner.startswith("MERGE"):
                return f"WITH x AS ({inner}) SELECT count(*) FROM x"
            return inner
        return self.change(depth)


def statement(choices, schema):
    return Generator(choices, schema).statement()


def shrink(made, fails, budget=400):
    """The smallest sequence found for which fails(sequence) still holds; at most `budget` trials."""
    best = list(made)
    tried = 0

    def attempt(candidate):
        nonlocal best, tried
        if tried >= budget or candidate == best:
            return False
        tried += 1
        if fails(candidate):
            best = candidate
            return True
        return False

    progress = True
    while progress and tried < budget:
        progress = False
        size = max(1, len(best) // 2)
        while size >= 1 and tried < budget:
            at = 0
            while at < len(best) and tried < budget:
                if attempt(best[:at] + best[at + size:]):
                    progress = True
                else:
                    at += size
            size //= 2
        for i in range(len(best)):
            if i < len(best) and best[i] and attempt(best[:i] + [0] + best[i + 1:]):
                progress = True
    return best
