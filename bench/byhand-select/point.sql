-- weight 1
\set aid random(1, 100000 * :scale)
SELECT abalance FROM pgbench_accounts WHERE tenant_id = 1 AND aid = :aid;
