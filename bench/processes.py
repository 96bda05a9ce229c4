"""What the processes under measurement cost: processor time, memory, system calls; read from /proc."""
import os
import re
import shutil
import signal
import subprocess

TICK = os.sysconf("SC_CLK_TCK")


def stat_times(pid):
    """(own, waited-for children) in seconds; own includes all threads."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    own, children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / TICK, children / TICK


def process_time(pid):
    return stat_times(pid)[0]


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(child) for child in f.read().split()]
    except FileNotFoundError:
        return []


def server_time(postmaster):
    """The postmaster, its living backends, and those that ended (they are counted in the postmaster's children)."""
    own, ended = stat_times(postmaster)
    total = own + ended
    for child in children_of(postmaster):
        try:
            total += stat_times(child)[0]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def memory(pid):
    """(RSS, PSS) in bytes."""
    rss = pss = 0
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Rss:"):
                rss = int(line.split()[1]) * 1024
            elif line.startswith("Pss:"):
                pss = int(line.split()[1]) * 1024
    return rss, pss


def instructions_available():
    """perf may count instructions and system calls of other processes here."""
    if shutil.which("perf") is None:
        return False
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u,instructions:k,syscalls:sys_enter_sendto", "true"],
                          capture_output=True, text=True)
    return done.returncode == 0 and "not " not in done.stderr


def instructions(pid, seconds):
    """(user, kernel, sends): instructions of a process, with all its threads, and its calls of sendto, for some seconds."""
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u,instructions:k,syscalls:sys_enter_sendto", "-p", str(pid),
                           "sleep", str(seconds)], capture_output=True, text=True)
    found = {}
    for line in done.stderr.splitlines():
        fields = line.split(",")
        if len(fields) > 2 and fields[0].isdigit():
            found[fields[2]] = int(fields[0])
    if done.returncode != 0 or len(found) != 3:
        raise RuntimeError(f"perf counted nothing: {done.stderr[-500:]}")
    return found["instructions:u"], found["instructions:k"], found["syscalls:sys_enter_sendto"]


class Calls:
    """System calls of a running process, counted by strace.

        with Calls(pid) as calls: ...
        calls.counts  {"recvfrom": 4000, ...}"""

    def __init__(self, pid):
        self.pid, self.counts = pid, {}

    @staticmethod
    def available():
        return shutil.which("strace") is not None

    def __enter__(self):
        self.process = subprocess.Popen(["strace", "-f", "-c", "-p", str(self.pid)], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, text=True)
        first = self.process.stderr.readline()
        if "attached" not in first:
            raise RuntimeError(f"strace cannot attach to the process: {first}{self.process.stderr.read()}")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        _, text = self.process.communicate(timeout=30)
        for line in text.splitlines():
            match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
            if match and match[2] != "total":
                self.counts[match[2]] = int(match[1])
        if not self.counts:
            raise RuntimeError(f"strace counted nothing: {text[-500:]}")
