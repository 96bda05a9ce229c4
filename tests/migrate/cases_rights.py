"""What the migration may not do: missing rights at each step, other owners, standbys, read-only, limits of the role."""
import os
import shutil
import subprocess
import tempfile

from bench import GALLERY, Cluster


def owned_gallery(bench, name):
    """A gallery that belongs to an ordinary role."""
    db = bench.gallery()
    bench.cluster.create_user(name, "secret")
    bench.sql(db, f"GRANT ALL ON SCHEMA public TO {name};" + "".join(f"ALTER TABLE {t} OWNER TO {name};" for t in GALLERY))
    return db, bench.cluster.url(db, user=name, password="secret")


def case_ordinary_owner(bench):
    db, url = owned_gallery(bench, "owner1")
    bench.migrate(db, url=url)
    bench.assert_gallery(db)
    bench.assert_complete(db, url=url)
    mark = bench.log_mark()
    assert bench.migrate(db, url=url).done == 0 and bench.ddl_since(mark, db) == []


def case_missing_rights_each_step(bench):
    db, url = owned_gallery(bench, "owner2")
    bench.sql(db, "REVOKE CREATE ON SCHEMA public FROM owner2, PUBLIC; ALTER SCHEMA public OWNER TO postgres")
    refused = bench.run(db, url=url, code=1)
    assert "permission denied for schema public" in refused.text, refused.text
    assert "GRANT CREATE ON SCHEMA public TO owner2;" in refused.text

    bench.sql(db, "CREATE TABLE tenants (id integer PRIMARY KEY, name text)")
    refused = bench.run(db, url=url, code=1)
    assert "GRANT SELECT, INSERT ON public.tenants TO owner2;" in refused.text, refused.text
    refused = bench.run(db, "check", url=url, code=1)
    assert "permission denied" in refused.text
    bench.sql(db, "GRANT SELECT ON tenants TO owner2")
    refused = bench.run(db, url=url, code=1)
    assert "GRANT SELECT, INSERT ON public.tenants TO owner2;" in refused.text, refused.text
    bench.sql(db, "GRANT INSERT ON tenants TO owner2; ALTER TABLE orders OWNER TO postgres")
    refused = bench.run(db, url=url, code=1)
    assert "must be owner of table public.orders" in refused.text and "GRANT postgres TO owner2;" in refused.text
    assert bench.value(db, "SELECT count(*) FROM pg_attribute WHERE attname = 'tenant_id' AND attrelid = 'carts'::regclass") == 0

    # The index needs the schema, the key the tenants: the columns are there by then.
    bench.sql(db, "ALTER TABLE orders OWNER TO owner2")
    refused = bench.run(db, url=url, code=1)
    assert "GRANT CREATE ON SCHEMA public TO owner2;" in refused.text and "GRANT REFERENCES (id) ON public.tenants" in refused.text
    assert bench.value(db, "SELECT attnotnull FROM pg_attribute WHERE attname = 'tenant_id' AND attrelid = 'saas_sites'::regclass")
    bench.sql(db, "GRANT CREATE ON SCHEMA public TO owner2; GRANT REFERENCES ON tenants TO owner2")
    bench.migrate(db, url=url)
    bench.assert_complete(db, url=url)


def case_rights_enough_when_nothing_is_to_do(bench):
    """The usual division: an administrator migrates, the application's role serves."""
    db = bench.gallery()
    bench.migrate(db)
    bench.cluster.create_user("reader1", "secret")
    bench.sql(db, "GRANT SELECT ON tenants TO reader1")
    url = bench.cluster.url(db, user="reader1", password="secret")
    assert bench.migrate(db, url=url).done == 0
    bench.sql(db, "DROP INDEX idx_carts_tenant_id")
    result = bench.migrate(db, url=url)
    assert "'carts' has no index on tenant_id, and belongs to postgres" in result.out
    assert not bench.check(db, url=url)["complete"]


def case_triggers_that_cannot_be_silenced(bench):
    db, url = owned_gallery(bench, "owner3")
    bench.sql(db, "CREATE TRIGGER t BEFORE UPDATE ON saas_sites FOR EACH ROW EXECUTE FUNCTION set_updated_at()")
    refused = bench.run(db, url=url, code=1)
    assert "would fire its triggers for UPDATE" in refused.text
    assert bench.value(db, "SELECT to_regclass('tenants') IS NULL")
    if bench.version >= 150000:
        bench.sql(db, "GRANT SET ON PARAMETER session_replication_role TO owner3; ALTER TABLE saas_sites ADD updated_at timestamptz")
        bench.migrate(db, url=url)
        assert bench.value(db, "SELECT count(*) FROM saas_sites WHERE updated_at IS NOT NULL") == 0
        bench.sql(db, "REVOKE SET ON PARAMETER session_replication_role FROM owner3")


def case_limits_of_the_role(bench):
    db, url = owned_gallery(bench, "owner4")
    bench.sql(db, "ALTER ROLE owner4 SET statement_timeout = 1; ALTER ROLE owner4 SET lock_timeout = 1;"
                  "ALTER ROLE owner4 SET idle_in_transaction_session_timeout = 1; ALTER ROLE owner4 SET row_security = on;"
                  "ALTER ROLE owner4 SET default_transaction_isolation = 'serializable'")
    # The limits are lifted by the first statements of the session, for which 1 ms may be too short.
    bench.sql(db, "ALTER ROLE owner4 SET statement_timeout = 150")
    bench.migrate(db, url=url)
    bench.assert_gallery(db)


def case_read_only(bench):
    db, url = owned_gallery(bench, "owner5")
    bench.sql(db, "ALTER ROLE owner5 SET default_transaction_read_only = on")
    refused = bench.run(db, url=url, code=1)
    assert "read-only" in refused.text and "not complete" in refused.text
    bench.migrate(db)
    bench.sql(db, "GRANT SELECT ON tenants TO owner5")
    assert bench.migrate(db, url=url).done == 0


def case_standby(bench):
    primary = Cluster(settings={"max_wal_senders": "4", "hot_standby": "on"})
    primary.start()
    standby = Cluster()
    try:
        db = "shop"
        primary.create_database(db)
        for name in ("schema.sql", "data.sql"):
            primary.load(db, os.path.join(os.path.dirname(__file__), "..", "..", "conf", "gallery", name))
        with open(os.path.join(primary.data, "pg_hba.conf"), "a") as f:
            f.write("local replication all trust\n")
        primary.sql(db, "SELECT pg_reload_conf()")
        folder = tempfile.mkdtemp(prefix="tenantry-standby-", dir="/tmp")
        os.chmod(folder, 0o777)
        backup = os.path.join(folder, "data")
        subprocess.run(standby._as + [primary.program("pg_basebackup"), "-D", backup, "-h", primary.socket_folder, "-p",
                                      str(primary.port), "-U", "postgres", "-R", "-c", "fast"], check=True, cwd="/")
        standby.data = backup
        standby.start()
        refused = bench.run(db, url=standby.url(db), code=1)
        assert "is a standby" in refused.text and "on the primary" in refused.text
        assert bench.run(db, "check", url=standby.url(db)).code == 1
        bench.migrate(db, url=primary.url(db))
        position = primary.sql(db, "SELECT pg_current_wal_lsn()").strip()
        for _ in range(200):
            if standby.sql(db, f"SELECT pg_last_wal_replay_lsn() >= '{position}'").strip() == "t":
                break
        result = bench.migrate(db, url=standby.url(db))
        assert result.done == 0 and "MIGRATION COMPLETE" in result.out
        assert bench.check(db, url=standby.url(db))["standby"]
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        standby.stop()
        primary.stop()


def case_transaction_pooler(bench):
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    db = bench.gallery()
    folder = tempfile.mkdtemp(prefix="tenantry-bouncer-", dir="/tmp")
    os.chmod(folder, 0o777)
    for mode, code in (("transaction", 1), ("session", 0)):
        from cluster import free_port
        port = free_port()
        with open(os.path.join(folder, "ini"), "w") as f:
            f.write(f"[databases]\n* = host={bench.cluster.host} port={bench.cluster.port} user=postgres password=postgres\n[pgbouncer]\n"
                    f"listen_addr=127.0.0.1\nlisten_port={port}\nauth_type=any\npool_mode={mode}\nunix_socket_dir=\n"
                    "ignore_startup_parameters=extra_float_digits\n")
        os.chmod(os.path.join(folder, "ini"), 0o644)
        process = subprocess.Popen(bench.cluster._as + [program, "-q", os.path.join(folder, "ini")], cwd="/",
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            import time
            time.sleep(0.5)
            result = bench.run(db, url=f"postgresql://postgres@127.0.0.1:{port}/{db}", code=code)
            if mode == "transaction":
                assert "pooler that hands out connections by transaction" in result.text and "migration_url" in result.text
                assert bench.value(db, "SELECT to_regclass('tenants') IS NULL")
                checked = bench.run(db, "check", url=f"postgresql://postgres@127.0.0.1:{port}/{db}", code=1)
                assert "pooler" in checked.text
                # A direct connection for the migration is the way out.
                direct = bench.database(template="gallery")
                bench.run(direct, url=f"postgresql://postgres@127.0.0.1:{port}/{direct}", migration_url=bench.cluster.url(direct), code=0)
                bench.assert_gallery(direct)
        finally:
            process.terminate()
            process.wait()
    bench.assert_gallery(db)
    shutil.rmtree(folder, ignore_errors=True)
