"""SIGKILL after every step, in the middle of builds, ctrl-C, a connection that is cut: the next run finishes."""
import os
import signal
import time

from bench import kill
from cases_phases import definition


def read_steps(process, steps):
    """Reads until so many steps were reported. False: it ended before."""
    for line in process.stdout:
        steps -= "✅" in line
        if steps <= 0:
            return True
    return False


def case_killed_after_each_step(bench):
    """Every single step of three tables, which have one of each kind: a new column, an adopted one, one that may be NULL."""
    tables = ["carts", "users", "saas_sites"]
    reference = bench.gallery()
    before = bench.checksums(reference)
    printed = bench.migrate(reference, tables=tables).out.count("✅")
    wanted = definition(bench, reference)
    killed = 0
    for step in range(1, printed):
        db = bench.gallery()
        process = bench.start(db, tables=tables)
        killed += read_steps(process, step)
        kill(process)
        bench.migrate(db, tables=tables)
        assert definition(bench, db) == wanted, (step, set(definition(bench, db)) ^ set(wanted))
        assert bench.checksums(db) == before
        bench.drop(db)
    assert killed >= 15, (killed, printed)


def case_killed_at_random_moments(bench):
    for i in range(12):
        db = bench.gallery()
        process = bench.start(db)
        time.sleep(0.02 + i * 0.012)
        kill(process)
        bench.migrate(db)
        bench.assert_gallery(db)
        bench.drop(db)


def blocked_build(bench, db):
    """A migration that waits inside of CREATE INDEX CONCURRENTLY, and who keeps it waiting."""
    bench.sql(db, "ALTER TABLE users ALTER tenant_id SET DEFAULT 1")
    bench.migrate(db, foreign_keys="no")
    bench.sql(db, "DROP INDEX idx_carts_tenant_id")
    blocker = bench.connect(db)
    blocker.execute("UPDATE carts SET id = id WHERE id = 1")
    process = bench.start(db)
    bench.wait_for(db, "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('tenantry_idx_carts_tenant_id') AND NOT indisvalid")
    return process, blocker


def case_killed_in_a_build_that_goes_on(bench):
    """The server finishes what its client no longer waits for: the next run waits for that."""
    db = bench.gallery()
    process, blocker = blocked_build(bench, db)
    kill(process)
    again = bench.start(db)
    time.sleep(1.5)
    assert again.poll() is None, again.communicate()
    blocker.close()
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, out + err
    bench.assert_gallery(db)
    assert bench.value(db, "SELECT obj_description('idx_carts_tenant_id'::regclass) LIKE 'tenantry: %'")


def case_killed_with_its_server_process(bench):
    db = bench.gallery()
    process, blocker = blocked_build(bench, db)
    kill(process)
    bench.sql(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tenantry%'")
    bench.wait_for(db, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'tenantry%%' AND datname = %s", db)
    blocker.close()
    result = bench.migrate(db)
    assert "Unfinished index 'tenantry_idx_carts_tenant_id' dropped" in result.out
    bench.assert_gallery(db)


def case_stopped_by_ctrl_c(bench):
    db = bench.gallery()
    process, blocker = blocked_build(bench, db)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - begun < 5 and process.returncode != 0
    assert "MIGRATION STOPPED" in out and "running it again finishes it" in out + err, out + err
    blocker.close()
    bench.migrate(db)
    bench.assert_gallery(db)
    # While it waits for a lock.
    db = bench.gallery()
    with bench.holding(db, "SELECT 1 FROM paintings"):
        process = bench.start(db)
        for line in process.stdout:
            if "lock timeout; blocked by pid" in line:
                break
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert "MIGRATION STOPPED" in out and process.returncode != 0
    bench.migrate(db)
    bench.assert_gallery(db)


def case_connection_is_cut(bench):
    """The server ends our sessions again and again: it connects anew and goes on."""
    db = bench.gallery()
    with bench.connect("postgres", autocommit=True) as other:
        process = bench.start(db)
        printed = ""
        for _ in range(3):
            for _ in range(6):
                printed += process.stdout.readline()
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                          " AND application_name LIKE 'tenantry%%'", (db,))
        out, err = process.communicate(timeout=60)
        out = printed + out
    assert process.returncode == 0 and "connection lost" in out, out + err
    bench.assert_gallery(db)


def case_server_crashes_in_the_middle(bench):
    db = bench.gallery()
    process = bench.start(db, lock_retry_total="1min")
    read_steps(process, 10)
    bench.cluster.halt(signal.SIGQUIT)
    bench.cluster.start()
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, out + err
    bench.migrate(db)
    bench.assert_gallery(db)
