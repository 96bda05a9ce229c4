"""Random queries with the rest of the grammar, on top of generator.py: join aliases, NATURAL and USING with stars, ROWS FROM,
TABLESAMPLE, views, nested WITH and set operations, windows, grouping sets, ordered-set aggregates, whole rows, row comparisons,
locking clauses, parameters, and comments anywhere. As there: the result is determined, and 0 is the simplest choice."""
import re

from generator import BOOL, INT, JSON, NUM, OTHER, SCALARS, TEXT, TIME, Generator, Scope, load_schema, quote

CAST = {INT: "int", NUM: "numeric", TEXT: "text", BOOL: "boolean", TIME: "timestamptz"}
PARAMETERS = {INT: ["1", "0", "42", "100", None], NUM: ["1.5", "99.99"], TEXT: ["a", "", "%a%", "paid", "it's", None],
              BOOL: ["t", "f"], TIME: ["2024-01-01 00:00:00+00"]}
VIEW = "view"
LITERALS = re.compile(r"""('(?:[^']|'')*'|\$q\$.*?\$q\$|"(?:[^"]|"")*")""", re.S)
NOISE = [" ", "\n", "\t", " /* FROM x WHERE ( */ ", " -- ' ; )\n", " /* a /* nested */ comment */ ", "  "]


class Schema(list):
    """The tables of generator.py, with `views` beside them and, for each table's name, `uniques`: [(arbiter's text, columns)]."""

    def __init__(self, run_sql):
        super().__init__(load_schema(run_sql))
        self.views = load_schema(run_sql, kinds="'v'")
        self.uniques, self.constraints = {}, {}
        for table, arbiter, predicate, constraint in run_sql("""
                SELECT c.relname, (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' ORDER BY n) FROM generate_series(1, i.indnkeyatts) n),
                    pg_get_expr(i.indpred, i.indrelid), k.conname
                FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
                WHERE i.indisunique AND NOT coalesce(k.condeferrable, false) AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
                ORDER BY 1, 2"""):
            expression = "(" in arbiter
            text = ", ".join(f"({arbiter})" if expression else part for part in ([arbiter] if expression else arbiter.split(", ")))
            self.uniques.setdefault(quote(table), []).append(f"({text})" + (f" WHERE {predicate}" if predicate else ""))
            if constraint:
                self.uniques[quote(table)].append(f"ON CONSTRAINT {quote(constraint)}")


class Wide(Generator):
    def __init__(self, choices, schema):
        super().__init__(choices, schema)
        self.parameters = []
        self.no_parameters = False  # PREPARE, DECLARE and COPY cannot take those of the message

    # --- expressions ---
    def constant(self, kind):
        c = self.c
        if kind in CAST and not self.no_parameters and c.chance(6):
            if self.parameters and c.chance(3):
                for number, (known, _) in enumerate(self.parameters, 1):
                    if known == kind:
                        return f"${number}::{CAST[kind]}"
            self.parameters.append((kind, c.pick(PARAMETERS[kind])))
            return f"${len(self.parameters)}::{CAST[kind]}"
        return super().constant(kind)

    def rows_in(self, scope):
        return [a for a, _, is_table in scope.items if is_table]

    def cast_row(self, scope, depth):
        """Something of the rows of a table, by casts to its type. A WITH query of its name would not be of that type: an error,
        and which of two is told is not the oracle's business."""
        named = {name for name, _ in self.ctes}
        tables = [t for t in self.schema if t.name not in named]
        if not tables:
            return super().text_expression(scope, depth)
        c, table, a, q = self.c, self.c.pick(tables), self.name(), self.name("q")
        column = c.pick(table.columns)[0]
        inner = Scope(scope)
        inner.add(a, [(n, k) for n, k, _ in table.columns], True)
        row = c.pick([f"{a}::{table.name}", f"CAST({a} AS {table.name})", f"ROW({a}.*)::{table.name}",
                      f"jsonb_populate_record(NULL::{table.name}, to_jsonb({a}))", f"jsonb_populate_record({a}::{table.name}, to_jsonb({a}))"])
        value = c.pick([f"({row})::text", f"to_jsonb({row})::text", f"({row}).{column}::text", f"concat({row}, 'x')", f"coalesce({row}::text, 'n')",
                        f"(CASE WHEN {row} = {a} THEN {row} END)::text", f"({row} IS NOT DISTINCT FROM {a})::text"])
        where = f" WHERE {self.condition(inner, depth - 1)}" if c.draw(2) else ""
        if c.chance(4):
            return f"(SELECT max({q}::text) FROM (SELECT ({row}).* FROM {table.name} AS {a}{where}) AS {q})"
        if c.chance(4):
            return f"(SELECT max(({q}::{table.name})::text) FROM (SELECT * FROM {table.name} AS {a}{where}) AS {q})"
        return f"(SELECT max({value}) FROM {table.name} AS {a}{where})"

    def text_expression(self, scope, depth):
        c, rows = self.c, self.rows_in(scope)
        if depth > 0 and c.chance(12):
            return self.cast_row(scope, depth)
        if rows and c.chance(4):
            row = c.pick(rows)
            return c.pick([f"{row}::text", f"ROW({row}.*)::text", f"row_to_json({row}.*)::text", f"md5(ROW({row}.*, 1)::text)",
                           f"md5(to_jsonb({row})::text)", f"concat({row}, 'x')", f"(SELECT q::text FROM (SELECT {row}.*) q)"])
        if depth > 0 and c.chance(8):
            return f"(CASE WHEN {self.condition(scope, depth - 1)} THEN {self.expression(TEXT, scope, depth - 1)} END)"
        return super().text_expression(scope, depth)

    def int_expression(self, scope, depth):
        c = self.c
        if c.chance(5):
            fields = [(a, n) for a, columns, is_table in scope.items if is_table for n, k in columns if k == INT]
            if fields:
                alias, column = c.pick(fields)
                return f"({alias}).{column}"
        if c.chance(6):
            text, columns = self.query(None, scope, depth - 1, [INT], top=True)
            return f"(SELECT count(*) FROM ({text}) AS {self.name('q')})"
        return super().int_expression(scope, depth)

    def condition(self, scope, depth):
        c = self.c
        if depth <= 0 or not c.chance(4):
            return super().condition(scope, depth)
        how = c.draw(8)
        rows = self.rows_in(scope)
        if how == 0 and rows:
            row = c.pick(rows)
            return c.pick([f"({row}).* IS NOT NULL", f"{row}.* IS NULL", f"NOT ({row} IS NULL)", f"{row} IS DISTINCT FROM NULL",
                           f"ROW({row}.*) IS NOT NULL", f"({row}) IS NOT DISTINCT FROM {row}"])
        if how == 1:
            kinds = [INT, TEXT]
            return (f"({self.expression(INT, scope, depth - 1)}, {self.expression(TEXT, scope, depth - 1)}) "
                    f"{c.pick(['IN', 'NOT IN'])} ({self.query(None, scope, depth - 1, kinds)[0]})")
        if how == 2:
            return f"{self.primary(INT, scope, depth - 1)} {c.pick(['>=', '<', '<>'])} ALL ({self.query(1, scope, depth - 1, [INT])[0]})"
        if how == 3:
            return f"{self.primary(INT, scope, depth - 1)} {c.pick(['=', '<>'])} ANY (ARRAY({self.query(1, scope, depth - 1, [INT])[0]}))"
        if how == 4:
            inner = Scope(scope)
            return f"EXISTS (SELECT * FROM {self.source(inner, depth - 1)} WHERE {self.condition(inner, depth - 1)})"
        if how == 5:
            return f"EXISTS (TABLE {c.pick(self.schema).name})"
        if how == 6:
            return f"({self.condition(scope, depth - 1)}) IS {c.pick(['TRUE', 'NOT TRUE', 'UNKNOWN', 'NOT FALSE'])}"
        text, _ = self.query(2, scope, depth - 1, [INT, INT])
        return (f"(SELECT (count(*), max(y.a)) FROM ({text}) AS y(a, b)) IS DISTINCT FROM "
                f"(({self.expression(INT, scope, depth - 1)})::bigint, {self.constant(INT)}::bigint)" if c.draw(2) else
                f"{self.primary(TEXT, scope, depth - 1)} SIMILAR TO '%(a|e)%'")

    # --- FROM ---
    def leaf(self, scope, depth):
        c = self.c
        if depth < 0 or not c.chance(3):
            return super().leaf(scope, depth)
        alias = self.name()
        how = c.draw(10)
        if how == 9:
            return self.rows_through(scope, depth, alias)
        if how == 0:
            tables = [t for t in self.schema if any(k == INT for _, k, _ in t.columns)]
            table = c.pick(tables)
            scope.add(alias, [(n, k) for n, k, _ in table.columns], True)
            sample = c.pick(["BERNOULLI (100)", "SYSTEM (100) REPEATABLE (3)", "SYSTEM (100)"])
            return f"{table.name} AS {alias} TABLESAMPLE {sample}"
        if how == 1:
            scope.add(alias, [("n", INT), ("s", TEXT), ("o", INT)])
            return f"ROWS FROM (generate_series(1, {c.pick([3, 1])}), unnest(ARRAY['a', 'b', {self.constant(TEXT)}])) WITH ORDINALITY AS {alias}(n, s, o)"
        if how == 2 and self.schema.views:
            view = c.pick(self.schema.views)
            scope.add(alias, [(n, k) for n, k, _ in view.columns], VIEW)
            return f"{view.name} {alias}"
        if how == 3:
            text, columns = self.query(None, scope.outer, max(depth - 1, 0), [INT, TEXT], top=True)
            scope.add(alias, [("p", INT), ("q", TEXT)])
            return f"({text}) AS {alias}(p, q)"
        if how == 4:
            scope.add(alias, [("v", INT)])
            return f"unnest(ARRAY({self.query(1, scope.outer, max(depth - 1, 0), [INT])[0]})) AS {alias}(v)"
        if how == 5:
            scope.add(alias, [("a", INT), ("b", TEXT)])
            return f"jsonb_to_recordset('[{{\"a\": 1, \"b\": \"x\"}}, {{\"a\": 2}}]') AS {alias}(a integer, b text)"
        if how == 6:
            table = c.pick(self.schema)
            scope.add(alias, [(n, k) for n, k, _ in table.columns])
            return f"(TABLE {table.name}) AS {alias}"
        return self.join_alias(scope, depth, alias)

    def rows_through(self, scope, depth, alias):
        """The columns of a table, taken out of whole rows of it: out of arrays, and of what a sub-select or window delivers."""
        named = {name for name, _ in self.ctes}
        tables = [t for t in self.schema if t.key and t.name not in named]
        if not tables:
            return super().leaf(scope, depth)
        c, table, x, s, u = self.c, self.c.pick(tables), self.name("x"), self.name("s"), self.name("u")
        scope.add(alias, [(n, k) for n, k, _ in table.columns])
        fields = ", ".join(f"({s}.r).{n}" for n, _, _ in table.columns)
        inner = Scope(scope.outer)
        inner.add(x, [(n, k) for n, k, _ in table.columns], True)
        rows = f"FROM {table.name} AS {x}" + (f" WHERE {self.condition(inner, depth - 1)}" if c.draw(2) else "")
        how = c.draw(5)
        if how == 0:
            return f"(SELECT {u}.* FROM (SELECT array_agg({x}) AS r {rows}) AS {s}, unnest({s}.r) AS {u}) AS {alias}"
        if how == 1:
            return f"(SELECT {fields} FROM (SELECT (array_agg({x} ORDER BY {x}.{table.key}))[1] AS r {rows}) AS {s}) AS {alias}"
        if how == 2:
            array = c.pick([f"ARRAY[{x}, ROW({x}.*)]", f"ARRAY[ROW({x}.*), NULL]", f"ARRAY[{x}::{table.name}]"])
            lateral = f"LATERAL (SELECT * FROM unnest({array}::{table.name}[]))"
            return f"(SELECT {u}.* FROM (SELECT * {rows}) AS {x}, {lateral} AS {u}) AS {alias}"
        if how == 3:
            with_query = f"WITH {s} AS (SELECT first_value({x}) OVER (ORDER BY {x}.{table.key}) AS r {rows}) "
            return f"({with_query}SELECT {fields} FROM {s}) AS {alias}"
        return (f"(SELECT ({s}.r[1]).* FROM (SELECT {x}.{table.key}, array_agg({x}) AS r {rows} GROUP BY {x}.{table.key}) AS {s} "
                f"WHERE ({s}.r[1]).{table.key} IS NOT NULL) AS {alias}")

    def join_alias(self, scope, depth, alias):
        """(a JOIN b ON ..) AS j, its columns by names of their own or, where they are unique, by theirs."""
        c = self.c
        inner = Scope(scope.outer)
        text = Generator.join(self, inner, max(depth - 1, 0)) if depth > 0 else self._plain_join(inner)
        if " USING (" in text or " CROSS JOIN " in text:
            inner = Scope(scope.outer)
            text = self._plain_join(inner)
        columns = [(n, k) for _, listed, _ in inner.items for n, k in listed]
        if c.draw(2):
            names = [f"j{i}" for i in range(len(columns))]
            scope.add(alias, [(n, k) for n, (_, k) in zip(names, columns)], True)
            return f"({text}) AS {alias}({', '.join(names)})"
        names = [n for n, _ in columns]
        scope.add(alias, [(n, k) for n, k in columns if names.count(n) == 1])
        return f"({text}) AS {alias}"

    def _plain_join(self, inner):
        left, right = Scope(inner.outer), Scope(inner.outer)
        a, b = Generator.leaf(self, left, 0), Generator.leaf(self, right, 0)
        inner.items = left.items + right.items
        return f"{a} {self.c.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN', 'RIGHT JOIN'])} {b} ON {self._equality(left, right)}"

    def merged(self, outer, depth):
        """SELECT with stars over NATURAL and USING; its columns cannot be named by anybody else."""
        c = self.c
        scope, left, right, third = Scope(outer), Scope(outer), Scope(outer), Scope(outer)
        a, b = self.leaf(left, 0), self.leaf(right, 0)
        kind = c.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        common = self._common(left, right)
        if common and c.draw(2):
            text = f"{a} {kind} {b} USING ({common}){' AS ju' if c.chance(4) else ''}"
        else:
            text = f"{a} NATURAL {kind} {b}"
        scope.items = left.items + right.items
        if c.chance(3):
            text += f" {c.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN'])} {self.leaf(third, 0)} ON {self._equality(scope, third)}"
            scope.items = scope.items + third.items
        star = c.pick(["*", "*", f"{c.pick(scope.items)[0]}.*", f"*, {c.pick(scope.items)[0]}.*", f"{c.pick(scope.items)[0]}.*, {c.pick(scope.items)[0]}.*"])
        return f"SELECT {star} FROM {text}" + (f" WHERE {self.condition(scope, depth)}" if c.draw(2) else "")

    # --- queries ---
    def query(self, width, outer, depth, kinds=None, top=False):
        c = self.c
        if depth > 0 and c.chance(10):
            kept = list(self.ctes)
            prefix = self.with_clause(depth - 1)
            text, columns = self.query(width, outer, depth - 1, kinds, top)
            self.ctes = kept
            if prefix and text.startswith("WITH"):
                return f"{prefix}SELECT * FROM ({text}) AS {self.name('q')}", columns
            return prefix + text, columns
        if depth > 0 and kinds and c.chance(10):
            texts = [self._bracket(self.query(width, outer, depth - 1, kinds, top=bool(c.draw(2)))[0]) for _ in range(3)]
            first, second = c.pick(["UNION ALL", "UNION"]), c.pick(["EXCEPT", "INTERSECT", "INTERSECT ALL", "EXCEPT ALL", "UNION"])
            text = f"{texts[0]} {first} {texts[1]} {second} {texts[2]}" if c.draw(2) else f"{texts[0]} {first} ({texts[1]} {second} {texts[2]})"
            names = [f"c{i}" for i in range(len(kinds))]
            return text + (self._total_order(len(kinds)) if top and c.draw(2) else ""), list(zip(names, kinds))
        return super().query(width, outer, depth, kinds, top)

    def _bracket(self, text):
        return f"({text})" if text.startswith("WITH") or " LIMIT " in text or " FETCH " in text or " FOR " in text \
            or re.search(r"\b(UNION|INTERSECT|EXCEPT)\b", text) else super()._bracket(text)

    def _total_order(self, n):
        c = self.c
        if c.chance(4):
            order = ", ".join(str(i + 1) for i in range(n))
            return f" ORDER BY {order}" + c.pick([" FETCH FIRST 3 ROWS ONLY", " FETCH NEXT 2 ROWS WITH TIES", " LIMIT ALL", " OFFSET 1 ROW",
                                                  f" LIMIT (SELECT count(*) / 2 FROM {c.pick(self.schema).name})"])
        return super()._total_order(n)

    def select(self, outer, depth, kinds=None, top=False):
        c = self.c
        if depth < 0 or not c.chance(3):
            return super().select(outer, depth, kinds, top)
        how = c.draw(5)
        if how == 0:
            return self.windowed(outer, depth, kinds, top)
        if how == 1:
            return self.aggregated(outer, depth, kinds, top)
        if how == 2:
            return self.distinct_on(outer, depth, kinds)
        if how == 3 and kinds is None:
            return self.dependent(outer, depth)
        return self.values(kinds or [INT, TEXT], outer)

    def values(self, kinds, outer):
        rows = [", ".join(self._typed(self.expression(k, Scope(outer), 0), k) for k in kinds) for _ in range(1 + self.c.draw(3))]
        return "VALUES " + ", ".join(f"({row})" for row in rows), [(f"column{i + 1}", k) for i, k in enumerate(kinds)]

    def window(self, scope, depth):
        columns = [col for col, k in scope.own() if k in (INT, TEXT)] or ["1"]
        c = self.c
        partition = f"PARTITION BY {c.pick(columns)} " if c.draw(2) else ""
        frame = c.pick(["", "", " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", " GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
                        " RANGE UNBOUNDED PRECEDING EXCLUDE GROUP"])
        return f"{partition}ORDER BY {c.pick(columns)}{frame}"

    def windowed(self, outer, depth, kinds, top):
        c = self.c
        scope = Scope(outer)
        source = self.source(scope, depth)
        wanted = kinds or [INT, INT]
        named = c.chance(3)
        definition = self.window(scope, depth)
        over = "OVER w" if named else f"OVER ({definition})"
        items = []
        for kind in wanted:
            columns = [col for col, k in scope.own() if k == kind] or [self.constant(kind)]
            if kind == INT and c.draw(3):
                items.append(c.pick([f"rank() {over}", f"count(*) {over}", f"dense_rank() {over}", f"sum({c.pick(columns)}) {over}",
                                     f"count(*) FILTER (WHERE {self.condition(scope, depth - 1)}) {over}"]))
            elif kind in (BOOL, JSON, OTHER):
                items.append(f"bool_or({c.pick(columns)}) {over}" if kind == BOOL else c.pick(columns))
            else:
                items.append(f"{c.pick(['max', 'min'])}({c.pick(columns)}) {over}")
        names = [f"c{i}" for i in range(len(wanted))]
        listed = ", ".join(f"{self._typed(e, k)} AS {n}" for e, k, n in zip(items, wanted, names))
        where = f" WHERE {self.condition(scope, depth)}" if c.draw(2) else ""
        return f"SELECT {listed} FROM {source}{where}" + (f" WINDOW w AS ({definition})" if named else ""), list(zip(names, wanted))

    def aggregated(self, outer, depth, kinds, top):
        """Aggregates of every form, with grouping sets."""
        c = self.c
        scope = Scope(outer)
        source = self.source(scope, depth)
        wanted = kinds or [TEXT, INT]
        groups = [col for col, k in scope.own() if k in (INT, TEXT, BOOL)][:6]
        chosen = list(dict.fromkeys(c.pick(groups) for _ in range(2))) if groups and c.draw(3) else []
        items = []
        for kind in wanted:
            columns = [col for col, k in scope.own() if k == kind] or [self.constant(kind)]
            column = c.pick(columns)
            where = f" FILTER (WHERE {self.condition(scope, depth - 1)})" if c.chance(3) else ""
            if kind == TEXT:
                rows = self.rows_in(scope)
                choices = [f"string_agg({column}, ',' ORDER BY {column}){where}", f"array_agg({column} ORDER BY {column} DESC){where}::text",
                           f"min({column}){where}", f"mode() WITHIN GROUP (ORDER BY {column})"]
                if rows:
                    row = c.pick(rows)
                    choices += [f"string_agg({row}::text, ';' ORDER BY {row}::text){where}", f"json_agg({row} ORDER BY {row}::text){where}::text"]
                items.append(c.pick(choices))
            elif kind == INT:
                rows = self.rows_in(scope)
                items.append(c.pick([f"count(*){where}", f"count(DISTINCT {column}){where}", f"sum(DISTINCT {column}){where}",
                                     f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {column})", f"count({c.pick(rows)})" if rows else "count(1)",
                                     f"grouping({c.pick(chosen)})" if chosen else f"max({column})"]))
            elif kind == BOOL:
                items.append(f"every({column}){where}")
            else:
                items.append(f"max({column}){where}")
        names = [f"c{i}" for i in range(len(wanted))]
        listed = ", ".join(f"{self._typed(e, k)} AS {n}" for e, k, n in zip(items, wanted, names))
        text = f"SELECT {listed} FROM {source}" + (f" WHERE {self.condition(scope, depth)}" if c.draw(2) else "")
        if chosen:
            group = ", ".join(chosen)
            text += " GROUP BY " + c.pick([group, f"ROLLUP ({group})", f"CUBE ({group})", f"GROUPING SETS (({group}), ({chosen[0]}), ())", f"DISTINCT {group}"])
            if c.chance(4):
                text += f" HAVING count(*) > 0 AND {self.scalar_query('count(*)', Scope(outer), depth - 1)} > 0"
        return text, list(zip(names, wanted))

    def distinct_on(self, outer, depth, kinds):
        scope = Scope(outer)
        source = self.source(scope, depth)
        wanted = kinds or [INT, TEXT]
        items = [self._typed(self.expression(k, scope, depth - 1), k) for k in wanted]
        names = [f"c{i}" for i in range(len(wanted))]
        listed = ", ".join(f"{e} AS {n}" for e, n in zip(items, names))
        order = ", ".join(str(i + 1) for i in range(len(wanted)))
        return f"SELECT DISTINCT ON ({items[0]}) {listed} FROM {source} ORDER BY {order}", list(zip(names, wanted))

    def dependent(self, outer, depth):
        """Columns that depend on a primary key, which alone is grouped by."""
        c = self.c
        table = c.pick([t for t in self.schema if t.key] or self.schema)
        if not table.key:
            return super().select(outer, depth)
        scope = Scope(outer)
        alias = self.name()
        scope.add(alias, [(n, k) for n, k, _ in table.columns], True)
        other = Scope(outer)
        text = f"{table.name} {alias} LEFT JOIN {Generator.leaf(self, other, 0)} ON {self._equality(scope, other)}"
        what = c.pick([f"{alias}.*, count(*) AS n", f"{alias}.{table.columns[-1][0]} AS c, count({other.items[0][0]}) AS n",
                       f"to_jsonb({alias})::text AS c, count(*) AS n", f"{alias}::text AS c, count(*) AS n"])
        return f"SELECT {what} FROM {text} GROUP BY {alias}.{table.key}", [("n", INT)]

    def with_clause(self, depth):
        c = self.c
        if not c.chance(3):
            return super().with_clause(depth)
        name = self.name("r")
        tables = [t for t in self.schema if t.key] or self.schema
        table, other = c.pick(tables), c.pick(tables)
        if not table.key or not other.key:
            return super().with_clause(depth)
        more = c.pick(["", "", f" SEARCH BREADTH FIRST BY a SET ord", f" CYCLE a SET cyc USING pth"])
        text = (f"WITH RECURSIVE {name}(n, a) AS (SELECT 1, t.{table.key}::bigint FROM {table.name} t UNION{c.pick([' ALL', ''])} SELECT {name}.n + 1, s.{other.key}::bigint "
                f"FROM {name} JOIN {other.name} s ON s.{other.key} = {name}.a + {c.pick([1, 2])} WHERE {name}.n < 4){more} ")
        self.ctes.append((name, [("n", INT), ("a", INT)]))
        return text

    def whole(self, depth):
        """A query whose columns nobody else has to know."""
        c = self.c
        how = c.draw(5)
        if how == 0:
            return self.merged(None, depth)
        scope = Scope()
        source = self.source(scope, depth)
        where = f" WHERE {self.condition(scope, depth)}" if c.draw(3) else ""
        rows = self.rows_in(scope) or [scope.items[0][0]]
        row = c.pick(rows)
        if how == 1:
            return f"SELECT {row} FROM {source}{where}"
        if how == 2:
            return f"SELECT ({row}).*, {c.pick(rows)} IS NULL AS n FROM {source}{where}"
        if how == 3 and " JOIN " not in source and "GROUP" not in source and all(flag is True for _, _, flag in scope.items):
            return f"SELECT * FROM {source}{where} FOR {c.pick(['UPDATE', 'SHARE', 'NO KEY UPDATE', 'KEY SHARE'])}{c.pick(['', f' OF {row}', ' NOWAIT', ' SKIP LOCKED'])}"
        return f"SELECT {', '.join(c.pick([f'{a}.*', '*', f'{a} AS {a}', f'1 AS one']) for a, _, _ in scope.items)} FROM {source}{where}"

    def noise(self, text):
        """The same statement, with comments and white space elsewhere."""
        if not self.c.chance(4):
            return text
        parts = LITERALS.split(text)
        for i in range(0, len(parts), 2):
            parts[i] = re.sub(" ", lambda _: self.c.pick(NOISE) if self.c.chance(3) else " ", parts[i])
        return "".join(parts)
