#!/bin/bash
# pgbench initialises its tables and runs in every protocol mode; the tables' sums are compared afterwards.
set -u
bin=${TENANTRY_PGBIN:-/usr/lib/postgresql/15/bin}
[ -x "$bin/pgbench" ] || bin=$(dirname "$(command -v pgbench)")
export PGOPTIONS="-c client_min_messages=warning"
clean() { grep -E 'number of transactions actually|number of failed|ERROR|FATAL|error|aborted' | sed 's/.*pgbench: //'; }
"$bin/pgbench" -i -I dtgpf -q -s 1 2>&1 | grep -vE 'done in|^$|tuples|generating|creating|vacuum|dropping' ; echo "initialised ${PIPESTATUS[0]}"
"$bin/pgbench" -i -I tG -q -s 1 > /dev/null 2>&1 ; echo "tables that are there already: $?"
count() { "$bin/psql" -X -A -t -c "SELECT count(*), sum(abalance), min(aid), max(aid) FROM pgbench_accounts" -c "SELECT count(*) FROM pgbench_tellers" -c "SELECT count(*) FROM pgbench_history" -c "SELECT * FROM pgbench_branches"; }
count
for mode in simple extended prepared; do
	echo "== $mode"
	"$bin/pgbench" -n -M $mode -S -c 4 -j 2 -t 200 2>&1 | clean
	"$bin/pgbench" -n -M $mode -b tpcb-like -c 1 -t 100 --random-seed=7 2>&1 | clean
	"$bin/pgbench" -n -M $mode -b simple-update -c 1 -t 50 --random-seed=8 2>&1 | clean
	"$bin/pgbench" -n -M $mode -b simple-update -c 8 -j 2 -t 25 2>&1 | clean
	"$bin/pgbench" -n -M $mode -C -S -c 2 -t 10 2>&1 | clean
	"$bin/psql" -X -A -t -c "SELECT count(*) FROM pgbench_history" \
		-c "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)" \
		-c "SELECT (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(tbalance) FROM pgbench_tellers)"
done
cat > pipeline.sql <<'S'
\set n random(1, 50)
\startpipeline
SELECT name FROM items WHERE id = :n;
UPDATE items SET stock = 3 WHERE id = :n;
SELECT count(*) FROM orders WHERE item_id = :n;
\endpipeline
S
echo "== pipeline"
"$bin/pgbench" -n -M extended -f pipeline.sql -c 3 -t 50 2>&1 | clean
"$bin/pgbench" -n -M prepared -f pipeline.sql -c 3 -t 50 2>&1 | clean
