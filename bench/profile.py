"""The work of bench/profile: starts one target, runs pgbench through it and perf beside it, prints perf's report."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import targets as ways  # noqa: E402
from pgbench import Bench, scripts  # noqa: E402


def option(name, default):
    return os.environ.get("PROFILE_" + name, default)


def main():
    name, protocol, clients = option("TARGET", "rewriting"), option("MODE", "prepared"), option("CLIENTS", "8")
    seconds = int(option("SECONDS", "8"))
    folder = os.environ.get("PROFILE_OUT") or tempfile.mkdtemp(prefix="tenantry-perf-", dir="/tmp")
    data = os.path.join(folder, "perf.data")
    server = ways.Server(int(os.environ.get("BENCH_SCALE", "2")))
    target = ways.make(name, server)
    try:
        target.start()
        if not target.pid:
            raise ways.CannotMeasure(f"{name} has no proxy to look at")
        # The command line needs a second's head start: logins are not what is looked at.
        command = [Bench(server).program, "-n", "-M", protocol, "-c", clients, "-j", str(min(2, int(clients))), "-T", str(seconds + 3),
                   *scripts(option("WORKLOAD", "select"), target)]
        run = subprocess.Popen(command, env=target.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        subprocess.run(["sleep", "1.5"], check=True)
        subprocess.run(["perf", "record", "-q", "-g", "-F", "2000", "-p", str(target.pid), "-o", data, "sleep", str(seconds)], check=True,
                       stdout=subprocess.DEVNULL)
        text = run.communicate()[0]
        if run.returncode != 0 or "tps" not in text:
            raise ways.CannotMeasure(f"pgbench failed: {text[-1000:]}\n{target.log()[-1000:]}")
        print("\n".join(line for line in text.splitlines() if "tps" in line or "latency" in line))
        for title, words in (("by library", ["--sort", "dso"]), ("by symbol", ["--sort", "dso,symbol"])):
            print(f"\n{title}")
            done = subprocess.run(["perf", "report", "-i", data, "--stdio", "-g", "none", "--no-children", "--percent-limit", "0.4", *words],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
            print("\n".join(line for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")))
        print(f"\n{data}: perf report -i {data}")
    finally:
        target.stop()
        server.stop()


if __name__ == "__main__":
    main()
