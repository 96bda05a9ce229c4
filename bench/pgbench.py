"""One run of pgbench against a target: throughput, and processor time per transaction of the proxy and of the server.

Logging in is not part of a transaction, and with SCRAM it is expensive: the processor time of a run that only logs in and does
one transaction per client is taken off (and reported by itself)."""
import glob
import math
import os
import re
import subprocess
import time

from targets import CannotMeasure

HERE = os.path.dirname(os.path.abspath(__file__))


def scripts(workload, target):
    folder = target.folders.get(workload)
    if not folder:
        return ["-b", "select-only"]
    words = ["-s", str(target.server.scale)]
    for path in sorted(glob.glob(os.path.join(HERE, folder, "*.sql"))):
        with open(path) as f:
            weight = re.match(r"-- weight (\d+)", f.readline())
        if not weight:
            raise CannotMeasure(f"{path}: the first line must say -- weight N")
        words += ["-f", f"{path}@{weight[1]}"]
    if "-f" not in words:
        raise CannotMeasure(f"no scripts for the workload {workload}")
    return words


class Bench:
    def __init__(self, server):
        self.program = server.cluster.program("pgbench")
        self.logins = {}

    def _run(self, target, workload, protocol, clients, how):
        command = [self.program, "-n", "-M", protocol, "-c", str(clients), "-j", str(min(2, clients)),
                   *how, *scripts(workload, target)]
        before, start = target.processor_time(), time.monotonic()
        done = subprocess.run(command, env=target.environment(), capture_output=True, text=True)
        elapsed = time.monotonic() - start
        settle(target)
        after = target.processor_time()
        text = done.stdout + done.stderr
        number = re.search(r"number of transactions actually processed: (\d+)", text)
        failed = re.search(r"number of failed transactions: (\d+)", text)
        errors = [line for line in done.stderr.splitlines() if "error" in line.lower() or "abort" in line.lower()]
        what = f"{target.name}, {workload}, {protocol}, {clients} clients"
        if done.returncode != 0 or errors or not number or int(number[1]) == 0 or (failed and int(failed[1]) != 0):
            raise CannotMeasure(f"pgbench failed ({what}):\n{text[-2000:]}\n{target.log()[-2000:]}")
        tps = re.search(r"tps = ([\d.]+) \(without initial connection time\)", text)
        latency = re.search(r"latency average = ([\d.]+) ms", text)
        return {"transactions": int(number[1]), "elapsed": elapsed, "tps": float(tps[1]), "latency_ms": float(latency[1]),
                "proxy_s": after[0] - before[0], "server_s": after[1] - before[1]}

    def login_cost(self, target, clients):
        """Seconds of (proxy, server, wall clock) for logging in and out with so many clients: the middle of three runs."""
        key = (target.name, clients)
        if key not in self.logins:
            runs = [self._run(target, "select", "simple", clients, ["-t", "1"]) for _ in range(3)]
            self.logins[key] = tuple(sorted(run[what] for run in runs)[1] for what in ("proxy_s", "server_s", "elapsed"))
        return self.logins[key]

    def measure(self, target, workload, protocol, clients, seconds):
        login = self.login_cost(target, clients)
        # pgbench's clock runs while it logs in.
        run = self._run(target, workload, protocol, clients, ["-T", str(seconds + math.ceil(login[2] - 0.2))])
        n = run["transactions"]
        # What logging in did for one transaction each is in both runs.
        proxy, server = max(0.0, run["proxy_s"] - login[0]), max(0.0, run["server_s"] - login[1])
        return {"tps": run["tps"], "latency_ms": run["latency_ms"], "transactions": n,
                "proxy_us": proxy / n * 1e6 if target.pid else None, "server_us": server / n * 1e6}


def settle(target):
    """Waits until the backends of the run are gone or idle, so that their time is counted."""
    time.sleep(0.05)
    for _ in range(40):
        busy = target.server.cluster.psql("postgres", "-c", "SELECT count(*) FROM pg_stat_activity WHERE backend_type = "
                                          "'client backend' AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle'")
        if int(busy) == 0:
            return
        time.sleep(0.05)
