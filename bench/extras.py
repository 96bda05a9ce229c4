"""What pgbench does not show: COPY in and out, memory of idle sessions, system calls per transaction, verdicts alone."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import processes
from pgbench import scripts
from targets import ROOT, USER, PASSWORD, CannotMeasure

sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import wire  # noqa: E402

COPIED = ["id", "name", "created", "price", "note"]


def run(target, command, stdin=None, stdout=subprocess.DEVNULL):
    done = subprocess.run(command, env=target.environment(), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0 or not target.alive():
        raise CannotMeasure(f"{target.name}: {' '.join(command)}\n{done.stderr[-2000:]}\n{target.log()[-2000:]}")


def copy_data(server, rows):
    """A file of rows in COPY's text format: about 100 bytes each."""
    path = os.path.join(tempfile.mkdtemp(prefix="tenantry-copy-", dir="/tmp"), "data")
    with open(path, "w") as f:
        for i in range(rows):
            f.write(f"{i}\tcustomer number {i}\t2025-03-04 05:06:{i % 60:02d}+00\t{i % 9999}.50\t"
                    f"a note of the usual length that goes with row {i}\n")
    return path


def copy_rates(targets, rounds, rows):
    """MB/s of COPY FROM STDIN and TO STDOUT for each target: the middle of the rounds, interleaved.

    The server has no COPY FROM for tables with row-level security: that target is left out."""
    targets = [t for t in targets if t.name != "rls"]
    if not targets:
        return {}
    psql = [targets[0].server.cluster.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    path = copy_data(targets[0].server, rows)
    size = os.path.getsize(path) / 1e6
    seconds = {t.name: {"in": [], "out": []} for t in targets}
    for _ in range(rounds):
        for target in targets:
            run(target, psql + ["-c", "DELETE FROM copied"])
            target.server.cluster.sql(target.database, "VACUUM copied")
            start = time.perf_counter()
            with open(path) as data:
                run(target, psql + ["-c", f"COPY copied ({', '.join(COPIED)}) FROM STDIN"], stdin=data)
            seconds[target.name]["in"].append(time.perf_counter() - start)
            with tempfile.TemporaryFile() as out:
                start = time.perf_counter()
                run(target, psql + ["-c", f"COPY copied ({', '.join(COPIED)}) TO STDOUT"], stdout=out)
                seconds[target.name]["out"].append(time.perf_counter() - start)
                got = os.fstat(out.fileno()).st_size
                if got != os.path.getsize(path):
                    raise CannotMeasure(f"{target.name}: COPY gave {got} bytes, not {os.path.getsize(path)}")
    os.unlink(path)
    os.rmdir(os.path.dirname(path))
    return {name: {way: size / statistics.median(values) for way, values in both.items()} for name, both in seconds.items()}


def idle_memory(target, sessions):
    """Bytes of the proxy for each idle session that has run a statement: (RSS, PSS). Starts the target afresh: a process that
    served many before has memory left over."""
    connections = []
    try:
        target.start()
        before = processes.memory(target.pid)
        for _ in range(sessions):
            connection = wire.connect(target.port, USER, PASSWORD, target.database)
            reply = connection.query("SELECT abalance FROM pgbench_accounts WHERE aid = 1")
            if reply.error:
                raise CannotMeasure(f"{target.name}: {reply.error}")
            connections.append(connection)
        time.sleep(1)
        if not target.alive():
            raise CannotMeasure(f"{target.name}: the proxy died with {len(connections)} idle sessions\n{target.log()[-2000:]}")
        after = processes.memory(target.pid)
    finally:
        for connection in connections:
            connection.close()
        target.stop()
    return {"sessions": sessions, "rss": (after[0] - before[0]) / sessions, "pss": (after[1] - before[1]) / sessions}


def system_calls(target, protocol, clients, transactions):
    """System calls of the proxy for each transaction of pgbench -S, by name. The calls of logging in are measured alone and taken off."""
    program = target.server.cluster.program("pgbench")

    def counted(n):
        with processes.Calls(target.pid) as calls:
            run(target, [program, "-n", "-M", protocol, "-c", str(clients), "-t", str(n), *scripts("select")])
            time.sleep(0.3)
        return calls.counts

    few, many = counted(10), counted(transactions + 10)
    per = {name: (many[name] - few.get(name, 0)) / (transactions * clients) for name in many}
    return {name: value for name, value in sorted(per.items(), key=lambda item: -item[1]) if value >= 0.005}


def verdicts(build):
    """The micro-benchmark of the parser alone, in nanoseconds."""
    program = os.path.join(ROOT, build, "bench", "verdicts")
    if not os.path.exists(program):
        raise CannotMeasure(f"{program} is not built: make bench builds it")
    done = subprocess.run([program, "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotMeasure(f"{program} failed: {done.stderr}")
    return json.loads(done.stdout)
