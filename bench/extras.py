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
from targets import ROOT, USER, PASSWORD, CannotMeasure, Target

sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import wire  # noqa: E402

COPIED = ["id", "name", "created", "price", "note"]


def run(target, command, stdin=None, stdout=subprocess.DEVNULL):
    done = subprocess.run(command, env=target.environment(), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0 or not target.alive():
        raise CannotMeasure(f"{target.name}: {' '.join(command)}\n{done.stderr[-2000:]}\n{target.log()[-2000:]}")


def copy_data(rows, end):
    """A file of rows in COPY's text format: about 100 bytes each. `end` is what each row ends with."""
    path = os.path.join(tempfile.mkdtemp(prefix="tenantry-copy-", dir="/tmp"), "data")
    with open(path, "w") as f:
        for i in range(rows):
            f.write(f"{i}\tcustomer number {i}\t2025-03-04 05:06:{i % 60:02d}+00\t{i % 9999}.50\t"
                    f"a note of the usual length that goes with row {i}{end}\n")
    return path


class TenantTable(Target):
    """The server directly, with the tables of `rewriting`: its data carry the tenant. What COPY through tenantry is compared to."""

    def __init__(self, server):
        super().__init__("rewriting", server)
        self.name = "direct, tenant table"


class ByHand(TenantTable):
    """The same, with the tenant's rows chosen by hand: what is left to `rewriting` beside it is the proxy's own part."""

    def __init__(self, server):
        super().__init__(server)
        self.name = "direct, by hand"


def copy_out(target, columns):
    if isinstance(target, ByHand):
        return f"COPY (SELECT {columns} FROM copied WHERE tenant_id = 1) TO STDOUT"
    return f"COPY copied ({columns}) TO STDOUT"


def copy_once(target, columns, path):
    """Seconds of (COPY FROM STDIN, COPY TO STDOUT), and the proxy's processor time of each."""
    psql = [target.server.cluster.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    run(target, psql + ["-c", "DELETE FROM copied"])
    target.server.cluster.sql(target.database, "VACUUM copied")
    with open(path) as data:
        before, start = target.processor_time()[0], time.perf_counter()
        run(target, psql + ["-c", f"COPY copied ({columns}) FROM STDIN"], stdin=data)
        taken = [time.perf_counter() - start]
        between = target.processor_time()[0]
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        run(target, psql + ["-c", copy_out(target, columns)], stdout=out)
        taken.append(time.perf_counter() - start)
        got = os.fstat(out.fileno()).st_size
        if got != os.path.getsize(path):
            raise CannotMeasure(f"{target.name}: COPY gave {got} bytes, not {os.path.getsize(path)}")
    return {"in": taken[0], "out": taken[1], "proxy_in": between - before, "proxy_out": target.processor_time()[0] - between}


def copy_rates(targets, rounds, rows):
    """For each target: MB/s of COPY FROM STDIN and TO STDOUT, and the proxy's milliseconds for each MB: the middle of the rounds,
    interleaved. Row-level security is left out: the server has no COPY FROM for such tables."""
    targets = [t for t in targets if t.name not in ("rls", "byhand")]
    if any(t.name == "rewriting" for t in targets):
        targets = targets + [TenantTable(targets[0].server), ByHand(targets[0].server)]
    paths = {end: copy_data(rows, end) for end in ("", "\t1")}
    taken = {t.name: [] for t in targets}
    for _ in range(rounds):
        for target in targets:
            with_tenant = isinstance(target, TenantTable)
            columns = ", ".join(COPIED + (["tenant_id"] if with_tenant else []))
            taken[target.name].append(copy_once(target, columns, paths["\t1" if with_tenant else ""]))
    size = os.path.getsize(paths[""]) / 1e6
    for path in paths.values():
        os.unlink(path)
        os.rmdir(os.path.dirname(path))
    result = {}
    for name, runs in taken.items():
        middle = {key: statistics.median(one[key] for one in runs) for key in runs[0]}
        result[name] = {"in": size / middle["in"], "out": size / middle["out"],
                        "proxy_ms_in": 1000 * middle["proxy_in"] / size, "proxy_ms_out": 1000 * middle["proxy_out"] / size}
    return result


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
            run(target, [program, "-n", "-M", protocol, "-c", str(clients), "-t", str(n), *scripts("select", target)])
            time.sleep(0.3)
        return calls.counts

    few, many = counted(10), counted(transactions + 10)
    per = {name: (many[name] - few.get(name, 0)) / (transactions * clients) for name in many}
    return {name: value for name, value in sorted(per.items(), key=lambda item: -item[1]) if value >= 0.005}


def settled(target, seconds):
    """Counts again and again until two counts in a row agree: PgBouncer opens its servers one after the other, behind pgbench's back."""
    before = None
    for _ in range(20):
        user, kernel, sends = processes.instructions(target.pid, seconds)
        if sends < 200 or not target.alive():
            raise CannotMeasure(f"{target.name}: {sends} sends in {seconds} s\n{target.log()[-2000:]}")
        now = (2 * user / sends, 2 * kernel / sends)
        if before and abs(now[0] - before[0]) < 0.03 * now[0]:
            return now
        before = now
    raise CannotMeasure(f"{target.name}: the instructions of a transaction do not settle")


def instructions(target, protocol, clients, seconds):
    """Instructions of the proxy for each transaction of pgbench -S: (user space, kernel). They hardly depend on what else the machine does,
    as time does. Counted while all clients are logged in; a transaction is two sends."""
    program = target.server.cluster.program("pgbench")
    command = [program, "-n", "-P", "1", "-M", protocol, "-c", str(clients), "-j", str(min(2, clients)), "-T", str(20 * seconds + 60),
               *scripts("select", target)]
    pgbench = subprocess.Popen(command, env=target.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        # The first report of progress comes when all are connected.
        lines = []
        for line in pgbench.stderr:
            lines.append(line)
            if line.startswith("progress:"):
                break
        if not lines or not lines[-1].startswith("progress:"):
            raise CannotMeasure(f"{target.name}: {''.join(lines)[-2000:]}\n{target.log()[-2000:]}")
        return settled(target, seconds)
    finally:
        pgbench.kill()
        pgbench.wait()
        pgbench.stderr.close()


def verdicts_program(build):
    program = os.path.join(ROOT, build, "bench", "verdicts")
    if not os.path.exists(program):
        raise CannotMeasure(f"{program} is not built: make bench builds it")
    return program


def verdicts(build):
    """The micro-benchmark of the parser alone, in nanoseconds."""
    done = subprocess.run([verdicts_program(build), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotMeasure(f"the benchmark of verdicts failed: {done.stderr}")
    return json.loads(done.stdout)
