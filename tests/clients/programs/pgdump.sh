#!/bin/bash
# pg_dump and pg_restore as the application's user. What pg_dump knows of the tables it has from the catalogs, which are the
# database's own: so the tenant column is in a dump, with the tenant's own value; here it is taken out before the dumps are compared.
set -u
bin=${TENANTRY_PGBIN:-/usr/lib/postgresql/15/bin}
[ -x "$bin/pg_dump" ] || bin=$(dirname "$(command -v pg_dump)")
psql() { "$bin/psql" -X -A -t -v ON_ERROR_STOP=1 "$@"; }
dump() { "$bin/pg_dump" --enable-row-security "$@" "$DATABASE_URL"; echo "ended with $?" >&2; }
# The rows, whatever their order.
rows() {
	if grep -q tenant_id "$1"; then
		sed -E -e 's/, tenant_id\)/)/' -e 's/, 1\)([,;])$/)\1/' -e $'/\t/s/\t1$//' "$1"
	else
		cat "$1"
	fi | grep -vE '^(--|SET |SELECT pg_catalog.set_config|\\(un)?restrict|$)' | sort
}

echo "== rows as INSERT"
dump --data-only --column-inserts -t items -t kinds -f inserts.sql
rows inserts.sql
dump --data-only --column-inserts --rows-per-insert=20 -t orders -f orders.sql
rows orders.sql
echo "== rows as COPY"
dump --data-only -t items -t orders -t big -f copy.sql
rows copy.sql | md5sum
dump -Fc --data-only -t items -t orders -t kinds -f custom.dump
"$bin/pg_restore" -l custom.dump | grep -c 'TABLE DATA'
dump --schema-only -f schema.sql
grep -cE '^CREATE TABLE public.(items|orders|kinds|big) ' schema.sql
echo "== and back"
dump --data-only --column-inserts -t kinds -f kinds.sql
psql -c "DELETE FROM orders" -c "DELETE FROM kinds" -c "SELECT count(*) FROM kinds" "$DATABASE_URL"
psql -q -f kinds.sql "$DATABASE_URL" > /dev/null; echo "ended with $?"
psql -c "SELECT count(*), count(t), md5(string_agg(kinds::text, ',' ORDER BY id)) IS NOT NULL FROM kinds" "$DATABASE_URL"
psql -c "DELETE FROM kinds" "$DATABASE_URL"
"$bin/pg_restore" --data-only --no-owner --enable-row-security -t orders -t kinds -d "$DATABASE_URL" custom.dump; echo "ended with $?"
psql -c "SELECT count(*), sum(quantity), md5(string_agg(coalesce(note, '-'), ',' ORDER BY id)) FROM orders" \
	-c "SELECT count(*), count(t) FROM kinds" "$DATABASE_URL"
psql -c "INSERT INTO orders (item_id, quantity) VALUES (1, 1) RETURNING id" "$DATABASE_URL"
