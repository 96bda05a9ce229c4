-- COPY in both directions, all formats and options.

COPY nokey TO STDOUT;

COPY nokey (b, a) TO STDOUT;

COPY items (id, name, tags, doc) TO STDOUT;

COPY items TO STDOUT WITH (FORMAT csv, HEADER);

COPY items TO STDOUT CSV HEADER;

COPY items TO STDOUT (FORMAT csv, HEADER true, DELIMITER ';', QUOTE '''', NULL 'nix', FORCE_QUOTE (name));

COPY items TO STDOUT (FORMAT csv, FORCE_QUOTE *);

COPY items (id) TO STDOUT WITH DELIMITER '|' NULL 'n';

COPY stock TO STDOUT WITH (FORMAT binary);

COPY stock TO STDOUT BINARY;

COPY BINARY stock TO STDOUT;

COPY BINARY stock (id, qty) TO STDOUT WITH (ENCODING 'UTF8');

--: error 42601
COPY BINARY stock TO STDOUT NULL 'x';

COPY stock TO STDOUT USING DELIMITERS '|';

COPY stock (id, qty) TO STDOUT DELIMITERS '|' WITH NULL AS '-' CSV;

--: version 15
COPY stock TO STDOUT /* as */ USING -- it was
DELIMITERS E'\x7c' (HEADER);

--: error 42601
COPY BINARY stock TO STDOUT USING DELIMITERS '|';

--: error 42601
COPY stock TO STDOUT USING DELIMITERS '|' WITH (DELIMITER ';');

COPY types TO STDOUT;

COPY types TO STDOUT WITH BINARY;

COPY public.items (id) TO STDOUT;

COPY "Odd Name" TO STDOUT CSV HEADER;

COPY "Odd Schema"."Ünïcode Tàble" ("naïve") TO STDOUT;

COPY countries TO STDOUT;

COPY alt.items TO STDOUT;

COPY gen TO STDOUT;

--: error 42P10
COPY gen (id, b) TO STDOUT;

COPY animals TO STDOUT;

COPY dogs TO STDOUT;

COPY events_22 TO STDOUT;

COPY (SELECT * FROM items ORDER BY id) TO STDOUT;

COPY (SELECT i.id, p.qty FROM items i LEFT JOIN parts p ON p.item_id = i.id ORDER BY 1, p.id) TO STDOUT CSV;

COPY (TABLE nokey) TO STDOUT;

COPY (VALUES (1, 'a')) TO STDOUT;

COPY (SELECT count(*) FROM items) TO STDOUT (FORMAT binary);

COPY (WITH x AS (SELECT id FROM items) SELECT * FROM x ORDER BY 1) TO STDOUT;

COPY (INSERT INTO words (w) VALUES ('c') RETURNING *) TO STDOUT;

COPY (DELETE FROM nokey RETURNING a, b) TO STDOUT;

COPY (UPDATE words SET n = 0 RETURNING w) TO STDOUT;

COPY (SELECT * FROM item_parts ORDER BY id) TO STDOUT;

--: error 42809
COPY events TO STDOUT;

--: error 42809
COPY item_names TO STDOUT;

--: error 42P01
COPY nonsense TO STDOUT;

--: error 42703
COPY items (nonsense) TO STDOUT;

-- FROM STDIN
COPY nokey FROM STDIN;
--: data
1	one
2	two
\N	\N

COPY nokey (b) FROM STDIN;
--: data
only b
x\ty\nz\\

COPY nokey (b, a) FROM STDIN WITH (FORMAT text);
--: data
b	5
c	6
\.

COPY nokey FROM STDIN (FORMAT csv);
--: data
1,one
2,"quoted, with comma"
3,"two
lines"
4,"a ""quote"""
5,
6,""

COPY nokey FROM STDIN CSV HEADER;
--: data
a,b
1,one

COPY nokey FROM STDIN WITH (FORMAT csv, DELIMITER ';', QUOTE '''', ESCAPE '\', NULL 'nix', HEADER);
--: data
a;b
1;'it\'s; here'
nix;nix
2;''

COPY nokey FROM STDIN (FORMAT csv, FORCE_NOT_NULL (b), FORCE_NULL (a));
--: data
1,
"",x

COPY nokey FROM STDIN (DELIMITER '|', NULL '');
--: data
1|one
|
2|

COPY nokey FROM STDIN WITH DELIMITER ',' NULL AS 'NULL';
--: data
1,x
NULL,NULL

--: version 15
COPY nokey FROM STDIN (FORMAT csv, HEADER match);
--: data
a,b
1,x

--: version 15
--: error 22P04
COPY nokey FROM STDIN (FORMAT csv, HEADER match);
--: data
a,c
1,x

--: version 15
--: error 22P04
COPY nokey FROM STDIN (FORMAT csv, HEADER match);
--: data
a,b,c
1,x,y

COPY items (id, name, amount, tags, doc) FROM STDIN;
--: data
<#700>	one	1.5	{a,b}	{"x": 1}
<#701>	two	\N	\N	\N

COPY items (name) FROM STDIN;
--: data
by default

COPY gen (a) FROM STDIN;
--: data
5
6

COPY gen FROM STDIN;
--: data
<#700>	5	c

COPY onecol FROM STDIN;
--: data
x
\N

COPY onecol FROM STDIN CSV;
--: data
"a
b"
c

COPY "Odd Name" ("Mixed Case", "a""b") FROM STDIN;
--: data
m	x

COPY events FROM STDIN;
--: data
<#700>	2000-05-05	copied
<#701>	2200-05-05	copied

COPY stock FROM STDIN;
--: data
<#700>	5	2000-01-01	0

COPY countries FROM STDIN;
--: data
IT	Italy	Europe

COPY animals (name) FROM STDIN;
--: data
ant

COPY dogs FROM STDIN CSV;
--: data
<#700>,rex,poodle

COPY words FROM STDIN (FREEZE false);
--: data
w1	1	n

--: error 23505
COPY words FROM STDIN;
--: data
word1	1	n

--: error 22P04
COPY nokey FROM STDIN;
--: data
1	one	more

--: error 22P04
COPY nokey FROM STDIN;
--: data
1

--: error 22P02
COPY nokey FROM STDIN;
--: data
abc	x

--: error 23502
COPY items (code) FROM STDIN;
--: data
x

--: error 42703
COPY nokey (nonsense) FROM STDIN;
--: data
x

--: error 42P01
COPY nonsense FROM STDIN;
--: data
x

COPY nokey FROM STDIN WHERE a > 1;
--: data
1	one
2	two

-- the tenant column itself
--: visible
COPY nokey (a, b, tenant_id) TO STDOUT;

--: visible
--: where integer bigint uuid
COPY nokey (a, tenant_id) FROM STDIN;
--: data
1	<tenant!>
2	<tenant!>

--: visible
--: refused
--: where integer bigint uuid
COPY nokey (tenant_id, a) FROM STDIN;
--: data
<tenant!>	1
<other!>	2

-- files and programs
--: refused
COPY items TO '/tmp/x';

--: refused
COPY items FROM '/tmp/x';

--: refused
COPY items TO PROGRAM 'cat';

--: refused
COPY (SELECT 1) TO '/tmp/x';

--: refused
COPY countries FROM PROGRAM 'echo';

-- in a transaction
BEGIN;
--: step
COPY nokey FROM STDIN;
--: data
7	seven
--: step
SELECT * FROM nokey ORDER BY a, b;
--: step
COPY nokey TO STDOUT;
--: step
ROLLBACK;
