"""Others at work: long transactions, idle ones, an autovacuum's lock, deadlocks, builds by somebody else, other instances."""
import re
import signal
import threading
import time

import psycopg

from bench import GALLERY, Background, Cluster
from proxy import Proxy


def case_blocked_names_who_and_keeps_nobody_waiting(bench):
    """An open transaction that read the table: the migration waits in short tries, the application never long."""
    db = bench.gallery()
    longest = [0.0]
    stop = threading.Event()

    def application():
        with bench.connect(db, autocommit=True) as connection:
            while not stop.is_set():
                begun = time.monotonic()
                connection.execute("UPDATE carts SET updated_at = now() WHERE id = 5")
                longest[0] = max(longest[0], time.monotonic() - begun)
                time.sleep(0.01)

    with bench.connect(db, application_name="nightly report") as reader:
        reader.execute("SELECT count(*) FROM carts")
        background = Background(application)
        process = bench.start(db, lock_timeout="300ms", lock_retry_total="60s")
        time.sleep(4)
        assert process.poll() is None
        reader.rollback()
        out, err = process.communicate(timeout=60)
        stop.set()
        background.join()
    assert process.returncode == 0, out + err
    assert re.search(r"blocked by pid \d+ \(user postgres, application nightly report, idle in transaction for \d+ s\)", out), out
    assert longest[0] < 1.0, f"the application waited {longest[0]:.2f} s with a lock timeout of 0.3 s"
    bench.assert_gallery(db)


def case_tries_begin_short(bench):
    """Behind a transaction of two seconds: the tries grow, and the application waits for no longer than one of them."""
    db = bench.gallery()
    bench.migrate(db, foreign_keys="no")
    bench.sql(db, "ALTER TABLE carts ALTER tenant_id DROP DEFAULT")
    waits, stop = [], threading.Event()

    def application():
        with bench.connect(db, autocommit=True) as connection:
            while not stop.is_set():
                begun = time.monotonic()
                connection.execute("SELECT 1 FROM carts WHERE id = 5")
                waits.append(time.monotonic() - begun)

    with bench.connect(db, application_name="slow request") as reader:
        reader.execute("SELECT count(*) FROM carts")
        background = Background(application)
        process = bench.start(db, foreign_keys="no", lock_timeout="30s", lock_timeout_first="40ms")
        tries = []
        for line in process.stdout:
            tries += [line] if "canceling statement due to lock timeout; blocked by pid" in line else []
            if len(tries) == 4:
                break
        reader.rollback()
        out, err = process.communicate(timeout=60)
        stop.set()
        background.join()
    assert process.returncode == 0 and all("application slow request" in t for t in tries), (tries, out, err)
    # 40, 80, 160, 320 ms were not enough; what came after got the lock at once.
    assert max(waits) < 1.5, f"the application waited {max(waits):.2f} s"
    assert sum(w > 0.03 for w in waits) >= 3, "nobody waited: the tries were none"
    bench.assert_gallery_but_keys(db)


def case_prepared_transaction_is_named(bench):
    """No process holds it: pg_terminate_backend() would not help."""
    db = bench.gallery()
    with bench.connect(db, autocommit=True) as other:
        other.execute("BEGIN")
        other.execute("UPDATE carts SET updated_at = now() WHERE id = 5")
        other.execute("PREPARE TRANSACTION 'left behind'")
        try:
            failed = bench.run(db, lock_timeout="100ms", lock_retry_total="1s", code=1)
        finally:
            other.execute("COMMIT PREPARED 'left behind'")
    assert re.search(r"prepared transaction 'left behind' \(user postgres, for \d+ s; ROLLBACK PREPARED ends it\)", failed.text), failed.text
    bench.migrate(db)
    bench.assert_gallery(db)


def case_weak_lock_is_named(bench):
    """Somebody's SHARE UPDATE EXCLUSIVE lock that does not end: who it is stands in the error."""
    db = bench.gallery()
    with bench.connect(db, application_name="endless vacuum") as holder:
        holder.execute("LOCK TABLE carts IN SHARE UPDATE EXCLUSIVE MODE")
        failed = bench.run(db, lock_retry_total="1s", code=1)
        assert re.search(r"Blocked by pid \d+ \(user postgres, application endless vacuum, idle in transaction", failed.text), failed.text
        assert failed.seconds < 12
    bench.migrate(db)
    bench.assert_gallery(db)


def case_tenants_locked_by_somebody(bench):
    """Even reading the tenants waits then: it says for whom, can be stopped, and goes on."""
    db = bench.gallery()
    bench.migrate(db)
    with bench.holding(db, "LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE") as holder:
        process = bench.start(db)
        for line in process.stdout:
            if "reading the tables' state: waiting for pid" in line:
                break
        assert "idle in transaction" in line, line
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
        assert "MIGRATION STOPPED" in out and process.returncode == 1, out + err
        failed = bench.run(db, lock_retry_total="1s", code=1)
        assert "lock timeout" in failed.text, failed.text
        process = bench.start(db)
        assert "waiting for" in "".join(process.stdout.readline() for _ in range(4))
        holder.rollback()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "0 done" in out, out + err


def case_autovacuum_that_prevents_wraparound(bench):
    """It does not give way, unlike others: it is named with what it does, and the application is not kept waiting."""
    cluster = Cluster(settings={"autovacuum": "on", "autovacuum_naptime": "1", "autovacuum_freeze_max_age": "100000",
                                # Nothing but the age is a reason to begin one.
                                "autovacuum_vacuum_threshold": "2000000000", "autovacuum_vacuum_insert_threshold": "-1",
                                "autovacuum_analyze_threshold": "2000000000"})
    cluster.start()
    try:
        cluster.create_database("shop")
        cluster.sql("shop", """
            CREATE TABLE carts (id int PRIMARY KEY, filler text) WITH (autovacuum_vacuum_cost_delay = 20, autovacuum_vacuum_cost_limit = 1);
            INSERT INTO carts SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i;
            CREATE PROCEDURE age(n int) LANGUAGE plpgsql AS $$BEGIN FOR i IN 1 .. n LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END$$""")
        cluster.sql("shop", "CALL age(100500)")
        vacuum = "SELECT count(*) FROM pg_stat_progress_vacuum WHERE relid = 'carts'::regclass"
        end = time.monotonic() + 40
        while cluster.sql("shop", vacuum).strip() == "0":
            assert time.monotonic() < end, "no autovacuum came"
            time.sleep(0.1)
        process = bench.start("shop", url=cluster.url("shop"), tables="carts", lock_retry_total="60s")
        try:
            end = time.monotonic() + 40
            for line in process.stdout:
                if "autovacuum worker" in line or time.monotonic() > end:
                    break
            assert "autovacuum: VACUUM" in line and "to prevent wraparound" in line, line
            begun = time.monotonic()
            cluster.sql("shop", "UPDATE carts SET filler = 'y' WHERE id = 5")
            assert time.monotonic() - begun < 1
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
    finally:
        cluster.stop()


def case_lock_tries_end(bench):
    db = bench.gallery()
    with bench.holding(db, "SELECT 1 FROM orders"):
        failed = bench.run(db, lock_timeout="100ms", lock_retry_total="2s", code=1)
        assert failed.seconds < 15
        assert re.search(r"others held the lock for [\d.]+ s", failed.text) and "Blocked by pid" in failed.text, failed.text
        assert "pg_terminate_backend" in failed.text
    assert bench.value(db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'paintings'::regclass AND attname = 'tenant_id'") == 1
    bench.migrate(db)
    bench.assert_gallery(db)


def case_weak_lock_of_a_vacuum(bench):
    """SHARE UPDATE EXCLUSIVE, as a VACUUM holds it, for longer than the lock timeout: nobody else may notice."""
    db = bench.gallery()
    holder = bench.connect(db)
    holder.execute("LOCK TABLE carts IN SHARE UPDATE EXCLUSIVE MODE")
    threading.Timer(2.5, holder.rollback).start()
    begun = time.monotonic()
    process = bench.start(db, lock_timeout="200ms", lock_retry_total="1s")
    with bench.connect(db, autocommit=True) as connection:
        while time.monotonic() - begun < 2:
            at = time.monotonic()
            connection.execute("UPDATE carts SET updated_at = now() WHERE id = 5")
            assert time.monotonic() - at < 0.5
            time.sleep(0.02)
    out, err = process.communicate(timeout=60)
    holder.close()
    assert process.returncode == 0, out + err
    bench.assert_gallery(db)


def case_deadlocks_are_retried(bench):
    """Two tables locked in the other order than the foreign key's: PostgreSQL ends one of both."""
    db = bench.gallery()
    bench.migrate(db, foreign_keys="no")
    with bench.holding(db, "LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE") as other:
        process = bench.start(db, lock_timeout="20s", lock_timeout_first="20s", lock_retry_total="60s")
        bench.wait_for(db, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'tenants'::regclass")
        try:
            other.execute("LOCK TABLE users IN ROW EXCLUSIVE MODE")
        except psycopg.errors.DeadlockDetected:
            pass
        other.rollback()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    bench.assert_gallery(db)


def case_builds_give_way(bench):
    """A schema change of the application behind a build does not wait for its end, and is not the one that a deadlock ends."""
    for same_transaction in (False, True):
        db = bench.gallery()
        bench.migrate(db, foreign_keys="no")
        bench.sql(db, "DROP INDEX idx_carts_tenant_id")
        with bench.connect(db, application_name="old snapshot") as holder:
            holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            holder.execute("SELECT count(*) FROM pg_class")
            process = bench.start(db)
            bench.wait_for(db, "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for old snapshots%'")
            change = "ALTER TABLE carts ADD COLUMN more integer"
            if same_transaction:
                holder.execute(change)
            else:
                def alter():
                    with bench.connect(db, autocommit=True) as application:
                        application.execute(change)
                Background(alter).join(30)
            # The build cannot have ended: the snapshot is still there.
            assert bench.value(db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'carts'::regclass AND attname = 'more'") == (
                0 if same_transaction else 1)
            assert process.poll() is None
            holder.commit()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
        assert "gives way to pid" in out + err and "who waits behind it" in out + err, out + err
        assert bench.value(db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'idx_carts_tenant_id'::regclass")
        bench.assert_complete(db)


def case_scans_give_way(bench):
    """Likewise the validation of a key, which waits here for the table of tenants while it holds the other one."""
    db = bench.gallery()
    bench.migrate(db)
    name = bench.value(db, "SELECT conname FROM pg_constraint WHERE conrelid = 'carts'::regclass AND confrelid = 'tenants'::regclass")
    bench.sql(db, f"ALTER TABLE carts DROP CONSTRAINT {name}, ADD CONSTRAINT {name} FOREIGN KEY (tenant_id) REFERENCES tenants (id) NOT VALID")
    with bench.holding(db, "LOCK TABLE tenants IN EXCLUSIVE MODE"):
        process = bench.start(db)
        bench.wait_for(db, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'tenants'::regclass")
        bench.sql(db, "ALTER TABLE carts ADD COLUMN more integer")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert "who waits behind it" in out + err, out + err
    bench.assert_complete(db)


def invalid_index(bench, db, name, table="carts"):
    """What a build that was cut off leaves."""
    with bench.holding(db, f"UPDATE {table} SET id = id WHERE id = 1"):
        with bench.connect(db, autocommit=True) as builder:
            builder.execute("SET statement_timeout = 300")
            try:
                builder.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} (tenant_id)")
            except psycopg.errors.QueryCanceled:
                pass
    assert bench.value(db, "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", name)


def case_invalid_index_is_built_again(bench):
    for name in ("idx_carts_tenant_id", "by_hand"):
        db = bench.gallery()
        bench.migrate(db, foreign_keys="no")
        bench.sql(db, "DROP INDEX idx_carts_tenant_id")
        invalid_index(bench, db, name)
        assert not bench.check(db)["complete"]
        result = bench.migrate(db)
        assert f"Unfinished index '{name}' dropped" in result.out
        bench.assert_gallery(db)


def case_index_that_somebody_else_builds(bench):
    db = bench.gallery()
    bench.migrate(db, foreign_keys="no")
    bench.sql(db, "DROP INDEX idx_carts_tenant_id")
    with bench.holding(db, "UPDATE carts SET id = id WHERE id = 1") as blocker:
        def build():
            with bench.connect(db, autocommit=True, application_name="somebody") as builder:
                builder.execute("CREATE INDEX CONCURRENTLY theirs ON carts (tenant_id)")
        background = Background(build)
        bench.wait_for(db, "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('theirs') AND NOT indisvalid")
        process = bench.start(db)
        out = ""
        for line in process.stdout:
            out += line
            if "is being built by somebody else" in line:
                break
        assert "application somebody" in out.splitlines()[-1], out
        time.sleep(0.5)
        assert process.poll() is None, process.communicate()
        blocker.rollback()
        background.join()
        rest, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + rest + err
    assert bench.value(db, "SELECT count(*) FROM pg_index x JOIN pg_attribute a ON a.attrelid = indrelid AND a.attnum = indkey[0]"
                           " WHERE indrelid = 'carts'::regclass AND a.attname = 'tenant_id'") == 1
    bench.assert_complete(db)


def case_index_budget(bench):
    db = bench.gallery()
    with bench.connect(db, application_name="long report") as reader:
        reader.execute("UPDATE carts SET id = id WHERE id = 1")
        reader.commit()
        reader.execute("SELECT pg_current_xact_id()")
        bench.sql(db, "ALTER TABLE carts ADD COLUMN tenant_id integer NOT NULL DEFAULT 1")
        reader.execute("LOCK TABLE carts IN ROW EXCLUSIVE MODE")
        failed = bench.run(db, index_timeout="2s", foreign_keys="no", code=1)
        assert "not done within index_timeout (2 s)" in failed.text and "application long report" in failed.text, failed.text
        assert "Index 'idx_settings_tenant_id' created" in failed.out, "one table must not stop the others"
    # Dropping the unfinished index would have waited for the report as well: it is left to the next run.
    result = bench.migrate(db)
    assert "Unfinished index 'tenantry_idx_carts_tenant_id' dropped" in result.out
    bench.assert_gallery(db)


def case_four_instances_at_once(bench):
    for _ in range(4):
        db = bench.gallery()
        processes = [bench.start(db) for _ in range(4)]
        outputs = [p.communicate(timeout=120) for p in processes]
        assert all(p.returncode == 0 for p in processes), "\n".join(o + e for o, e in outputs)[-5000:]
        bench.assert_gallery(db)
        added = sum(out.count("Column tenant_id added to 'carts'") for out, _ in outputs)
        built = sum(out.count("Index 'idx_carts_tenant_id' created") for out, _ in outputs)
        assert (added, built) == (1, 1), (added, built)
        bench.drop(db)


def case_four_proxies_started_at_once(bench):
    """Each serves when the columns are there; one of them builds what is left, and only once."""
    db = bench.gallery()
    proxies = [Proxy(bench.cluster.url(db), arguments=["--tables", ",".join(GALLERY)]) for _ in range(4)]
    end = threading.Event()
    up = [threading.Event() for _ in proxies]

    def start(i):
        proxies[i].start()
        up[i].set()
        end.wait()  # a process dies with the thread that started it
    starters = [Background(lambda i=i: start(i)) for i in range(4)]
    try:
        for event in up:
            assert event.wait(90), [proxy.log() for proxy in proxies]
        for proxy in proxies:
            with psycopg.connect(f"postgresql://postgres:postgres@127.0.0.1:{proxy.port}/{db}", autocommit=True) as connection:
                assert connection.execute("SELECT count(*) FROM paintings").fetchone() == (300,)
                names = [c.name for c in connection.execute("SELECT * FROM carts LIMIT 1").description]
                assert "tenant_id" not in names and "session_token" in names
        bench.wait_for(db, "SELECT count(*) = 13 FROM pg_constraint WHERE confrelid = 'tenants'::regclass AND convalidated", seconds=60)
        logs = [proxy.log() for proxy in proxies]
        for what in ("Column tenant_id added to 'carts' (", "Index 'idx_carts_tenant_id' created on carts(tenant_id) (",
                     "Foreign key of 'carts' validated ("):
            assert sum(log.count("INFO: migration: " + what) for log in logs) == 1, (what, logs)
    finally:
        for proxy in proxies:
            proxy.stop()
        end.set()
    for starter in starters:
        starter.join()
    bench.assert_gallery(db)


def case_another_instance_is_named(bench):
    db = bench.gallery()
    with bench.connect(db, autocommit=True, application_name="other tenantry") as other:
        other.execute("SELECT pg_try_advisory_lock(1952804449, 1)")
        process = bench.start(db)
        for line in process.stdout:
            if "another instance is migrating: pid" in line:
                break
        assert "other tenantry" in line, line
        time.sleep(0.5)
        assert process.poll() is None
        other.execute("SELECT pg_advisory_unlock(1952804449, 1)")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    bench.assert_gallery(db)


def case_schema_that_changes_meanwhile(bench):
    """Somebody adds and drops what we add, all the time: no error but the last word."""
    db = bench.gallery()
    stop = threading.Event()

    def other():
        with bench.connect(db, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '200ms'")
            for i in range(400):
                if stop.is_set():
                    return
                table = GALLERY[i % len(GALLERY)]
                for text in (f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS tenant_id integer NOT NULL DEFAULT 1",
                             f"CREATE INDEX IF NOT EXISTS idx_{table}_tenant_id ON {table} (tenant_id)"):
                    try:
                        connection.execute(text)
                    except psycopg.Error:
                        pass

    background = Background(other)
    bench.migrate(db)
    stop.set()
    background.join()
    bench.migrate(db)
    bench.assert_gallery(db)


def case_session_of_the_application_lives_on(bench):
    """Connections with prepared statements, a cursor and an open transaction, from before to after."""
    db = bench.gallery()
    with bench.connect(db, autocommit=True) as simple, bench.connect(db) as transaction:
        simple.prepare_threshold = 0
        count = "SELECT count(*) FROM paintings WHERE category = %s"
        before = simple.execute(count, ("abstract",)).fetchone()
        simple.execute("INSERT INTO settings (key, value) VALUES (%s, %s)", ("one", "1"))
        transaction.execute("SELECT count(*) FROM exhibitions")
        threading.Timer(1.5, transaction.commit).start()
        bench.migrate(db)
        assert simple.execute(count, ("abstract",)).fetchone() == before
        simple.execute("INSERT INTO settings (key, value) VALUES (%s, %s)", ("two", "2"))
        simple.execute("UPDATE carts SET updated_at = now() WHERE id = 1")
        transaction.execute("INSERT INTO exhibitions (title, location, start_date) VALUES ('x', 'y', '2026-01-01')")
        transaction.commit()
    assert bench.value(db, "SELECT count(*) FROM settings WHERE tenant_id = 1 AND key IN ('one', 'two')") == 2
    bench.assert_gallery(db)


def case_session_through_the_proxy_lives_on(bench):
    """Somebody else migrates one more table while tenantry serves: what was refused before is answered, on the same session."""
    db = bench.gallery()
    bench.migrate(db, tables=[t for t in GALLERY if t != "carts"])
    arguments = ["--tables", ",".join(GALLERY), "--on-startup", "no", "--schema-check-interval", "300ms"]
    with Proxy(bench.cluster.url(db), arguments=arguments) as proxy:
        with psycopg.connect(f"postgresql://postgres:postgres@127.0.0.1:{proxy.port}/{db}", autocommit=True) as connection:
            connection.prepare_threshold = 0

            def ask():
                try:
                    return connection.execute("SELECT count(*) FROM carts WHERE id > %s", (20,)).fetchone()[0]
                except psycopg.Error as error:
                    return error.sqlstate

            assert isinstance(ask(), str), "a table without its column was served"
            assert len(connection.execute("SELECT * FROM settings").fetchall()) == 15
            bench.migrate(db)
            end = time.monotonic() + 20
            while ask() != 200 and time.monotonic() < end:
                time.sleep(0.1)
            assert ask() == 200
            connection.execute("INSERT INTO carts (user_id) VALUES (%s)", (399,))
            assert [c.name for c in connection.execute("SELECT * FROM carts").description] == [
                "id", "user_id", "session_token", "created_at", "updated_at"]
    assert bench.value(db, "SELECT count(*) FROM carts WHERE user_id = 399 AND tenant_id = 1") == 1
