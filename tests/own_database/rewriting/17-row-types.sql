-- Casts to the row type of a tenant relation, whose own type has a column more, and what is taken out of such rows.

-- the row itself

SELECT n::nokey FROM nokey n;

SELECT CAST(n AS nokey)FROM nokey n;

SELECT CAST((n) AS public.nokey), (n)::nokey::text, n::nokey IS NULL FROM nokey n;

SELECT n FROM nokey n WHERE n::nokey = n::nokey ORDER BY n::nokey DESC;

SELECT (n::nokey).b, row_to_json(n::nokey), ((n)::nokey).* FROM nokey n;

SELECT (m::nokey).*, (m::nokey).a FROM nokey n LEFT JOIN nokey m USING (b);

SELECT n.a, (m::nokey).b, m::nokey, m::nokey IS NULL FROM nokey n LEFT JOIN nokey m ON m.a = n.a + 2 ORDER BY 1, 2;

UPDATE nokey n SET b = (n::nokey).b || 'x' WHERE n::nokey IS NOT NULL RETURNING n::nokey, (n::nokey).a, to_jsonb(n::nokey);

DELETE FROM nokey n USING onecol WHERE n::nokey >= n RETURNING n::nokey;

-- an array names the type of its elements
--: modes simple text
SELECT array_agg(n::nokey), count(DISTINCT n::nokey) FROM nokey n GROUP BY n.a ORDER BY 2, 1;

SELECT i::items FROM items i GROUP BY i.id ORDER BY i.id;

SELECT title(i::items), i.id FROM items i;

-- that of another one
--: error 42846
SELECT n::parts FROM nokey n;

-- rows that are written out

SELECT ROW(1, 'x')::nokey;

SELECT (1, 'x')::nokey, CAST(ROW(2, 'y') AS nokey), ((3, 'z'))::public.nokey, CAST((4, NULL)AS nokey)AS x;

SELECT ROW(n.a + 1, n.b)::nokey, ROW(n.*)::nokey, (n.*, 1) FROM nokey n;

SELECT ROW('12', 'x')::nokey, ROW(1.6, 2)::nokey, ROW(NULL, NULL)::nokey IS NULL, ROW(1, NULL)::nokey IS NOT NULL;

SELECT n = (1, 'CANARY')::nokey FROM nokey n;

SELECT n FROM nokey n WHERE n = (n.a, n.b)::nokey AND n IN ((n.a, 'no')::nokey, (n.a, n.b)::nokey) ORDER BY n;

SELECT n FROM nokey n WHERE n BETWEEN (0, '')::nokey AND ROW(2147483647, 'z')::nokey AND n IS DISTINCT FROM ROW(0, 'x')::nokey ORDER BY n;

SELECT ROW(1, NULL)::nokey = ROW(1, NULL)::nokey, ROW(1, NULL)::nokey < ROW(2, 'x')::nokey, ROW(1, 'x')::nokey IN (ROW(1, 'x')::nokey), '' || ROW(1, 'x')::nokey, ROW(1, 'x')::nokey::text;

SELECT row_to_json(ROW(1, 'x')::nokey), to_jsonb((n.a, n.b)::nokey), json_build_object('r', ROW(n.a, upper(n.b))::nokey) FROM nokey n;

-- an array names the type of its elements
--: modes simple text
SELECT jsonb_agg(ROW(a, b)::nokey ORDER BY a, b), array_agg(ROW(a, b)::nokey ORDER BY a, b) FROM nokey;

SELECT row_to_json(ROW(max(a), min(b))::nokey), ROW(count(*), 'n')::nokey FROM nokey;

SELECT ROW(a, 'x')::nokey, count(*) FROM nokey GROUP BY ROW(a, 'x')::nokey ORDER BY ROW(a, 'x')::nokey;

SELECT DISTINCT ROW(a, 'x')::nokey FROM nokey ORDER BY ROW(a, 'x')::nokey;

SELECT ROW(row_number() OVER (ORDER BY a, b), b)::nokey FROM nokey;

SELECT ROW(generate_series(1, 3), 'x')::nokey;

SELECT (ROW(1, 'x')::nokey).b, (ROW(n.a, upper(b))::nokey).a, (ROW(1, 'x')::nokey).*, (((2, n.b))::nokey).* FROM nokey n;

SELECT (CASE WHEN n.a > 0 THEN ROW(1, n.b)::nokey END).b, (coalesce(n, ROW(1, 'x')::nokey)).a, (ARRAY[ROW(1, 'x')::nokey])[1].b FROM nokey n;

-- an array names the type of its elements
--: modes simple text
SELECT CASE WHEN n.a > 0 THEN ROW(1, n.b)::nokey END, coalesce(NULL, ROW(1, 'x')::nokey), ARRAY[n, ROW(1, 'x')::nokey] FROM nokey n;

SELECT n FROM nokey n UNION SELECT ROW(1, 'x')::nokey ORDER BY 1;

SELECT row_to_json(s.r), s.r FROM (SELECT ROW(1, 'x')::nokey AS r UNION ALL SELECT n FROM nokey n) s ORDER BY 2;

WITH w AS (SELECT ROW(a, b)::nokey AS r, a FROM nokey) SELECT row_to_json(r), r FROM w ORDER BY a, 1::text;

SELECT (SELECT ROW(1, 'x')::nokey), (SELECT (SELECT ROW(n.a, 'x')::nokey)), (SELECT ROW(n.a, 'x')::nokey).b FROM nokey n;

SELECT ROW((SELECT count(*) FROM parts), (SELECT max(b) FROM nokey))::nokey, to_json(ROW((SELECT count(*) FROM parts p WHERE p.id > n.a), n.b)::nokey) FROM nokey n;

SELECT (ROW((SELECT count(*) FROM parts), (SELECT max(b) FROM nokey))::nokey).*;

SELECT ROW(i.*)::items, (ROW(i.*)::items).name, title(ROW(i.*)::items) FROM items i;

SELECT row_to_json(ROW(t.*)::types), ROW(t.*)::types FROM types t;

SELECT (ROW(p.*)::parts).qty, pieces(ROW(p.*)::parts), pieces(ROW(1, 2, 3, 'x', NULL)::parts, 4) FROM parts p;

SELECT same_row(ROW(1, 'x')::nokey), first_of(ROW(1, 'x')::nokey, ROW(2, 'y')::nokey) FROM nokey n;

SELECT ROW(1, 'a', 2, 'b', 'c', 'd')::"Odd Name", to_json(ROW(1, 'a', 2, 'b', 'c', 'd')::"Odd Name"), (ROW(1, 'a', 2, 'b', 'c', 'd')::"Odd Name")."a""b", (ROW(1, 'a', 2, 'b', 'c', 'd')::"Odd Name").*;

SELECT ROW('v')::onecol, to_json(ROW('v')::onecol), (ROW('v')::onecol).*;

SELECT ROW(1, 'l')::alt.items, ROW('a', 'b', 'c')::countries, to_json('(a,b,c)'::countries);

-- a name that is taken
SELECT to_json(ROW(n.r)::onecol) FROM (SELECT 'v' AS r) n;

--: params '4', 'p'
SELECT ROW($1, $2)::nokey, to_json(($1, $2)::nokey), (ROW($1, $2)::nokey).b;

--: params <#5>
SELECT n FROM nokey n WHERE n < ROW($1, 'x')::nokey ORDER BY n;

SELECT x::nokey, row_to_json(x::nokey), (x::nokey).b, (x::nokey).* FROM (SELECT a, b FROM nokey) x;

WITH x (p, q) AS (SELECT a, upper(b) FROM nokey) SELECT x::nokey, to_json(x::nokey), ROW(x.*)::nokey FROM x;

SELECT x::nokey, x.a FROM nokey n LEFT JOIN (SELECT a, b FROM nokey WHERE a < 0) x ON x.a = n.a;

INSERT INTO nokey SELECT (ROW(1, 'x')::nokey).*;

INSERT INTO nokey SELECT (ROW(a, b || 'x')::nokey).* FROM nokey RETURNING nokey::nokey, ROW(a, b)::nokey;

INSERT INTO nokey (b, a) SELECT (r).b, (r).a FROM (SELECT 1) x, LATERAL (SELECT (ROW(1, 'x')::nokey).*) AS r;

UPDATE nokey SET (a, b) = (SELECT (ROW(a + 1, b)::nokey).*) RETURNING *;

UPDATE nokey SET (a, b) = ROW((ROW(a + 1, b)::nokey).*) RETURNING ROW(a, b)::nokey;

SELECT ROW((ROW(1, 'x')::nokey).*), ROW((ROW(1, n.b)::nokey).*) = ROW(n.*) FROM nokey n;

VALUES ((ROW(1, 'x')::nokey).*), (2, 'y');

SELECT v.* FROM nokey n, LATERAL (VALUES ((ROW(n.a, n.b)::nokey).*, 1)) v;

PREPARE q (integer) AS SELECT ROW($1, b)::nokey, to_json(ROW($1, b)::nokey), (ROW($1, b)::nokey).* FROM nokey;
--: step
EXECUTE q (3);

PREPARE q (nokey) AS SELECT 1;

DECLARE c CURSOR WITH HOLD FOR SELECT ROW(a, b)::nokey, to_json(ROW(a, b)::nokey) FROM nokey;
--: step
FETCH ALL FROM c;

COPY (SELECT ROW(a, b)::nokey, to_json(ROW(a, b)::nokey), (ROW(a, b)::nokey).* FROM nokey) TO STDOUT;

CREATE TEMP TABLE made AS SELECT (ROW(a, b)::nokey).*, to_jsonb(ROW(a, b)::nokey) AS j FROM nokey;
--: step
SELECT * FROM made;

CREATE TEMP VIEW seen AS SELECT (ROW(a, b)::nokey).*, to_jsonb(ROW(a, b)::nokey) AS j, ROW(a, b)::nokey = nokey AS same FROM nokey;
--: step
SELECT * FROM seen;

-- wrong ones

--: error 42846
SELECT ROW(1)::nokey;

--: error 42846
SELECT a, CAST((1, 'x', 2) AS nokey) FROM nokey;

--: error 42846
SELECT (ROW(n.*, 3)::nokey).a FROM nokey n;

--: error 42846
SELECT to_json(ROW()::nokey);

--: error 42846
SELECT x::nokey FROM (SELECT 1) x;

--: error 42846
SELECT (x::nokey).a FROM (SELECT 1 AS a, 'x' AS b, 3 AS c) x;

--: error 42846
SELECT (ROW(true, true)::nokey).a, to_json(ROW(date '2020-01-01', 1)::nokey);

--: error 22P02
SELECT ROW('x', 1)::nokey;

--: error 23514
SELECT to_json(ROW(1, 2, 0, 'x', NULL)::parts);

--: error 42703
SELECT (ROW(1, 'x')::nokey).c;

--: error 42704
SELECT ROW(1, 'x')::nonsense;

-- What is in the row would mean something else in a sub-select, and the names of its columns are asked for.
--: refused 0A000
SELECT row_to_json(ROW(row_number() OVER (ORDER BY a), b)::nokey) FROM nokey;

--: refused 0A000
SELECT row_to_json(ROW(generate_series(1, 2), b)::nokey) FROM nokey;

--: refused 0A000
SELECT row_to_json(ROW(count(*), 'x')::nokey) FROM nokey;

-- literals

SELECT '(1,x)'::nokey;

SELECT nokey '(1,x)', CAST('(2,"y ""z"" \\ \"")' AS nokey), ('(3,)')::public.nokey AS l, E' ( 4,\'\\,q\') '::nokey, '(,)'::nokey IS NULL, '(,"")'::nokey;

SELECT n, n = '(1,x)'::nokey, n > nokey '(0,)', n IN ('(1,x)'::nokey, '(2,y)'::nokey) FROM nokey n ORDER BY n;

SELECT n FROM nokey n WHERE n <> '(1,x)'::nokey ORDER BY n;

-- an array names the type of its elements
--: modes simple text
SELECT ('(1,x)'::nokey).b, ('(1,x)'::nokey).*, (nokey '(1,x)').a, row_to_json('(1,x)'::nokey), '(1,x)'::nokey::text AS t, coalesce(n, '(1,x)'::nokey), ARRAY['(1,x)'::nokey] FROM nokey n;

SELECT title('(1,c,name,,,,,,,,,,,t)'::items), pieces('(1,2,3,x,)'::parts), same_row('(1,x)'::nokey);

SELECT t, to_json(t) FROM (SELECT '(1,2,3,1.5,2.5,3.5,t,vc,c,\\x00ff,t,2020-01-01,10:00,2020-01-01 10:00,2020-01-01 10:00+00,1 day,,{},"{""a"": 1}","{1,2}","{a}","[1,2)","[2020-01-01,2020-01-02)",ok,"(s,1)",10.0.0.1,1010,<a/>,"(1,2)")'::types AS t) s;

SELECT row_to_json($$(7,"it's")$$::nokey), U&'(8,\0061)'::nokey;

SELECT '("v, w")'::onecol, to_json('()'::onecol), ('(v)'::onecol).*;

--: error 22P02
SELECT '(1)'::nokey;

--: error 22P02
SELECT '(1,x,2)'::nokey;

--: error 22P02
SELECT a, row_to_json(' (1,x) y'::nokey) FROM nokey;

--: error 22P02
SELECT ('1,x'::nokey).a;

--: error 22P02
SELECT nokey '(1,"x';

--: error 22P02
SELECT ''::nokey;

--: error 22P02
SELECT '(z,x)'::nokey;

--: error 22P02
SELECT n = '(z,x)'::nokey FROM nokey n;

--: error 22001
SELECT ('(1,2,3,1.5,2.5,3.5,t,vc,c23456789_123,,t,,,,,,,,,,,,,,,,,,)'::types).c;

--: error 42846
SELECT 1::nokey;

--: error 42846
SELECT true::nokey;

-- rows of JSON

SELECT (jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}')).*;

SELECT 1 AS one, (jsonb_populate_record(NULL::nokey, jsonb_build_object('a', n.a, 'b', upper(n.b)))).*, 2 AS two FROM nokey n;

SELECT (json_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]')).*;

SELECT (jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]')).b, (jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]')).a;

SELECT (jsonb_populate_record(n, '{"b": "new"}')).*, (jsonb_populate_record(n::nokey, '{"b": "new"}')).a FROM nokey n;

SELECT (jsonb_populate_record(ROW(7, 'seven')::nokey, '{"b": "new"}')).*, (jsonb_populate_record('(7,seven)'::nokey, '{"a": 8}')).*, jsonb_populate_record(ROW(7, 'seven')::nokey, '{"b": "new"}');

SELECT jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}'), jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]');

SELECT row_to_json(jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}')), to_jsonb(json_populate_record(NULL::types, '{"id": 1, "t": "x", "arr": [1, 2], "m": "ok"}')), jsonb_populate_record(NULL::nokey, '{"a": 1}') = n, jsonb_populate_record(NULL::nokey, '{"a": 1}')::text FROM nokey n;

SELECT title(jsonb_populate_record(NULL::items, '{"name": "n", "code": "c"}')), title(jsonb_populate_record(i, '{"name": "n"}')) FROM items i;

INSERT INTO nokey SELECT (jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}')).*;

INSERT INTO nokey (a, b) SELECT (jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]')).* RETURNING *;

INSERT INTO nokey SELECT (jsonb_populate_record(nokey, '{"b": "copied"}')).* FROM nokey RETURNING *;

UPDATE nokey n SET (a, b) = (SELECT (jsonb_populate_record(n, '{"b": "new"}')).*) RETURNING *;

UPDATE nokey n SET b = 'u' RETURNING (jsonb_populate_record(NULL::nokey, to_jsonb(n))).*;

--: params '{"a": 5, "b": "five"}'
SELECT (jsonb_populate_record(NULL::nokey, $1)).*;

--: params '[{"a": 5, "b": "five"}]'
--: types jsonb
INSERT INTO nokey SELECT (jsonb_populate_recordset(NULL::nokey, $1)).*;

SELECT (jsonb_populate_record(NULL::nokey, (SELECT to_jsonb(n) FROM (SELECT max(b) AS b FROM nokey) n))).*;

SELECT ((jsonb_populate_record(NULL::"Odd Name", '{"Id": 1, "a\"b": "q"}'))).*;

SELECT x.* FROM nokey n, LATERAL (SELECT (jsonb_populate_record(NULL::nokey, to_jsonb(n))).*) x WHERE x.b = n.b;

SELECT (unnest(array_agg(jsonb_populate_record(NULL::nokey, to_jsonb(n)) ORDER BY a, b))).* FROM nokey n;

SELECT (array_agg(n ORDER BY a, b))[1].b, ((array_agg(n ORDER BY a, b))[1]).* FROM nokey n;

SELECT (first_value(n) OVER (ORDER BY a, b)).* AS x, (CASE WHEN a > 0 THEN n END).*, (coalesce(n, n)).* FROM nokey n;

SELECT (s.r).a, (s.r).b FROM (SELECT jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}') AS r) s;

SELECT (s.r).*, (r).b FROM (SELECT jsonb_populate_record(NULL::nokey, to_jsonb(n)) AS r FROM nokey n OFFSET 0) s;

WITH w AS MATERIALIZED (SELECT n.a, jsonb_populate_record(NULL::nokey, to_jsonb(n)) AS r FROM nokey n) SELECT (r).*, (SELECT (w.r).b), x.* FROM w, LATERAL (SELECT (w.r).*) x ORDER BY 1, 2;

SELECT (jsonb_populate_recordset).* FROM (SELECT jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]')) s;

INSERT INTO nokey SELECT (r).* FROM (SELECT jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]') AS r) s RETURNING *;

SELECT (r).* FROM (SELECT n AS r FROM nokey n) s;

SELECT (s.r).* FROM (SELECT (i).place AS r, i.id FROM items i) s;

-- what is chosen from is used like the choice
SELECT (CASE WHEN a > 0 THEN jsonb_populate_record(NULL::nokey, to_jsonb(n)) END)::text FROM nokey n ORDER BY a, b;

SELECT CASE WHEN a > 0 THEN jsonb_populate_record(NULL::nokey, to_jsonb(n)) ELSE n END FROM nokey n ORDER BY a, b;

SELECT COALESCE(jsonb_populate_record(NULL::nokey, to_jsonb(n)), n) = n, COALESCE(ROW(1, 'x')::nokey, n)::text FROM nokey n ORDER BY a, b;

SELECT (CASE a WHEN 1 THEN ROW(1, 'x')::nokey WHEN 2 THEN NULL ELSE n END)::text, max((CASE WHEN jsonb_populate_record(NULL::nokey, to_jsonb(n)) = n THEN jsonb_populate_record(NULL::nokey, to_jsonb(n)) END)::text) FROM nokey n GROUP BY n, a ORDER BY 1, 2;

-- arrays of rows

SELECT * FROM unnest(ARRAY[ROW(1, 'x'), ROW(2, NULL)]::nokey[]);

SELECT u.*, u.b, u.a FROM unnest('{"(1,x)","(2,\"y, \"\"z\"\"\")",NULL}'::nokey[]) AS u;

SELECT * FROM unnest(ARRAY[(1, 'x')::nokey, NULL, (2, 'y')::nokey]) WITH ORDINALITY;

SELECT x, m, "n th" FROM unnest(ARRAY[ROW(1, 'x'), ROW(2, 'y')]::public.nokey[]) WITH ORDINALITY AS u (x, m, "n th") ORDER BY 3 DESC;

SELECT u.* FROM ROWS FROM (unnest(CAST(ARRAY['(1,x)', (ROW(2, 'y'))] AS nokey[]))) AS u WHERE u.b <> 'y';

SELECT * FROM ROWS FROM (jsonb_populate_recordset(NULL::nokey, '[{"a": 1}, {"b": "z"}]')) WITH ORDINALITY AS u;

SELECT * FROM json_populate_record(NULL::nokey, '{"a": 1}') WITH ORDINALITY;

SELECT n.a, u.* FROM nokey n, unnest(ARRAY[n, ROW(n.a + 1, upper(n.b))]::nokey[]) AS u ORDER BY 1, 2, 3;

SELECT n.b, u.a, u FROM nokey n CROSS JOIN LATERAL unnest(ARRAY[n]) u ORDER BY 1, 2;

INSERT INTO nokey SELECT * FROM unnest(ARRAY[ROW(1, 'x'), ROW(2, 'y')]::nokey[]) RETURNING *;

INSERT INTO nokey SELECT (unnest(ARRAY[ROW(1, 'x'), ROW(2, 'y')]::nokey[])).* RETURNING *;

INSERT INTO nokey (a, b) SELECT u.a, u.b FROM unnest('{"(1,x)", "(2,y)"}'::nokey[]) u;

UPDATE nokey n SET b = u.b FROM unnest(ARRAY[(1, 'x'), (2, 'y')]::nokey[]) u WHERE u.a = n.a RETURNING *;

--: params x, 7
--: types text, int4
INSERT INTO nokey SELECT * FROM unnest(ARRAY[ROW($2, $1), ROW($2 + 1, $1 || 'y')]::nokey[]);

SELECT (ARRAY[ROW(1, 'x'), ROW(2, 'y')]::nokey[])[2].b, (('{"(1,x)","(2,y)"}'::nokey[])[1]).*, array_length(ARRAY[ROW(1, 'x')]::nokey[], 1);

-- an array names the type of its elements
--: modes simple text
SELECT ARRAY[ROW(1, 'x'), ROW(2, 'y'), NULL]::nokey[], CAST(ARRAY[ROW(1, 'x')] AS public.nokey[]) AS c, '{"(1,x)", null , " (2,\"y\") "}'::nokey[], '{"(3,z)"}'::nokey[] AS d;

--: modes simple text
SELECT ARRAY[[ROW(1, 'x')], [ROW(2, 'y')]]::nokey[], ARRAY[ARRAY[(n.a, n.b)], ARRAY[n]]::nokey[][] FROM nokey n ORDER BY 2;

--: modes simple text
SELECT ARRAY[n, n]::nokey[], ARRAY[n::nokey]::nokey[], ARRAY[jsonb_populate_record(NULL::nokey, '{"a": 1}')]::nokey[] FROM nokey n ORDER BY 1;

SELECT to_json(ARRAY[ROW(1, 'x'), (2, 'y')]::nokey[]), to_json('{"(1,x)"}'::nokey[]), array_to_string(ARRAY[n]::nokey[], '-') FROM nokey n ORDER BY 3;

SELECT '{}'::nokey[], '{ }'::nokey[] = ARRAY[]::nokey[], ARRAY[NULL]::nokey[] IS NULL;

SELECT n FROM nokey n WHERE n = ANY (ARRAY[ROW(1, 'x'), n]::nokey[]) AND NOT n = ANY ('{"(1,x)"}'::nokey[]) ORDER BY n;

SELECT n FROM nokey n WHERE n = ANY (ARRAY[ROW(n.a, 'x')::nokey, (n.a, n.b)::nokey]) ORDER BY n;

SELECT to_json(u), u IS NULL, count(*) OVER () FROM unnest('{"(1,x)",NULL}'::nokey[]) u;

SELECT title(u) FROM items i, unnest(ARRAY[i]) u;

--: modes simple text
CREATE TEMP TABLE t AS SELECT * FROM unnest(ARRAY[ROW(1, 'x')]::nokey[]) WITH ORDINALITY;
--: step
SELECT * FROM t;

--: error 22P02
SELECT '{"(1,x)"'::nokey[];

--: error 22P02
SELECT '{"(1)"}'::nokey[];

--: error 22P02
SELECT * FROM unnest('{(1,x)}'::nokey[]);

--: error 22P02
SELECT '(1,x)'::nokey[];

--: error 42846
SELECT ARRAY[ROW(1)]::nokey[];

--: error 42846
SELECT ARRAY[1]::nokey[];

-- a row goes through a sub-select, and nothing but columns of it are used

SELECT (s.top).b, s.a FROM (SELECT n.a, (array_agg(n ORDER BY b, a))[1] AS top FROM nokey n GROUP BY n.a) s ORDER BY 1, 2;

SELECT i.mood, (l.last).id, (l.last).name FROM (SELECT DISTINCT mood FROM items) i JOIN (SELECT mood, (array_agg(x ORDER BY x.id DESC))[1] AS last FROM items x GROUP BY mood) l ON l.mood = i.mood ORDER BY 2;

SELECT i.*, (l.last).name FROM items i JOIN (SELECT mood, (array_agg(x ORDER BY x.id DESC))[1] AS last FROM items x GROUP BY mood) l ON l.mood = i.mood ORDER BY i.id;

WITH w AS (SELECT a, array_agg(n ORDER BY b, a) AS rows FROM nokey n GROUP BY a) SELECT (w.rows[1]).b, (w.rows)[1].a, (x.rows[1]).*, array_length(ARRAY[w.a], 1) FROM w JOIN w AS x ON x.a = w.a ORDER BY 1, 2;

SELECT u.* FROM (SELECT array_agg(n) AS rows FROM nokey n) s, unnest(s.rows) AS u ORDER BY 1, 2;

SELECT u.b, m FROM (SELECT array_agg(n ORDER BY a, b) AS rows FROM nokey n) s CROSS JOIN LATERAL unnest(rows) WITH ORDINALITY AS u (a, b, m) ORDER BY m;

WITH w AS (SELECT first_value(n) OVER (PARTITION BY a ORDER BY b DESC) AS f, a FROM nokey n) SELECT DISTINCT (f).b, (w.f).a FROM w WHERE (f).a = w.a ORDER BY 1;

SELECT (s.r).b, (SELECT (s.r).a + max(a) FROM nokey) FROM (SELECT jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}') AS r) s;

SELECT (coalesce).b FROM (SELECT coalesce(m, n) FROM nokey n LEFT JOIN nokey m ON m.a = n.a + 1) s ORDER BY 1;

SELECT (r).a, (r).b FROM (SELECT CASE WHEN a > 1 THEN n END AS r FROM nokey n) s ORDER BY 1, 2;

SELECT s.* FROM (SELECT (x.r[1]).b FROM (SELECT array_agg(n ORDER BY b, a) AS r FROM nokey n) x) s;

INSERT INTO nokey SELECT (w.r).a, (w.r).b || 'x' FROM (SELECT (array_agg(n ORDER BY b, a))[1] AS r FROM nokey n) w RETURNING *;

UPDATE nokey n SET b = (w.r).b FROM (SELECT (array_agg(m ORDER BY b, a))[1] AS r FROM nokey m) w WHERE n.a = (w.r).a RETURNING n.*;

WITH w AS (SELECT array_agg(n ORDER BY b, a) AS r FROM nokey n) DELETE FROM nokey n USING w WHERE n.b = (w.r[1]).b RETURNING n.b, (w.r[1]).a;

--: rows ignored
EXPLAIN (COSTS off) SELECT (s.top).b FROM (SELECT (array_agg(n ORDER BY b, a))[1] AS top FROM nokey n) s;

CREATE TEMP TABLE t AS SELECT (s.top).b FROM (SELECT (array_agg(n ORDER BY b, a))[1] AS top FROM nokey n) s;
--: step
SELECT * FROM t;

-- .. or it is shown, too
--: modes simple text
SELECT s.r, s.r = s.r AS same, r IS NULL AS n FROM (SELECT (array_agg(n ORDER BY b, a))[1] AS r FROM nokey n) s;

--: modes simple text
WITH w AS (SELECT (array_agg(n ORDER BY b, a))[1] AS r FROM nokey n) SELECT * FROM w;

--: modes simple text
SELECT x.*, s, row_to_json(s) FROM (SELECT (array_agg(n ORDER BY b, a))[1] AS r FROM nokey n) s, LATERAL (SELECT s.r AS q) x;

--: modes simple text
SELECT r FROM (SELECT (array_agg(n ORDER BY b, a))[1] AS r FROM nokey n UNION ALL SELECT (array_agg(n ORDER BY b DESC))[1] FROM nokey n) s ORDER BY 1;
