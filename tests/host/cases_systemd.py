"""The notification socket, and the unit in conf/."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from world import ROOT, Skipped, until


class Notifications:
    def __init__(self, path):
        self.path = path
        if os.path.exists(path):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o777)
        self.socket.setblocking(False)
        self.list = []

    def read(self):
        try:
            while True:
                self.list.append((time.monotonic(), self.socket.recv(4096).decode()))
        except BlockingIOError:
            return [text for _, text in self.list]

    def wait(self, text):
        return until(lambda: [x for x in self.read() if text in x], 10, f"no {text}, but {self.list}")


def case_notify_socket(world):
    """READY=1 when clients are served and not before, RELOADING=1 with the time, STOPPING=1."""
    notifications = Notifications(world.path("notify"))
    proxy = world.proxy(environment={"NOTIFY_SOCKET": notifications.path})
    notifications.wait("READY=1")
    world.connect(proxy).close()
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    proxy.signal(signal.SIGHUP)
    text = notifications.wait("RELOADING=1")[0]
    told = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", text).group(1))
    assert before <= told <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    until(lambda: notifications.read()[-1] == "READY=1" and len(notifications.list) >= 3, what=str(notifications.list))
    assert not any("WATCHDOG" in x for x in notifications.read()), "nobody asked for it"
    proxy.signal(signal.SIGTERM)
    notifications.wait("STOPPING=1")
    assert proxy.process.wait(10) == 0


def case_notify_failed_start(world):
    """No READY=1 from a start that fails."""
    notifications = Notifications(world.path("notify2"))
    proxy = world.prepare("pid_file = /nowhere/at/all", environment={"NOTIFY_SOCKET": notifications.path})
    try:
        proxy.start()
    except Exception:  # pylint: disable=broad-except
        pass
    assert notifications.read() == []


def case_watchdog(world):
    """WATCHDOG=1 twice in each interval; none from a process that hangs; a SIGINT says STOPPING=1, too."""
    notifications = Notifications(world.path("notify3"))
    proxy = world.proxy(environment={"NOTIFY_SOCKET": notifications.path, "WATCHDOG_USEC": "400000"})
    until(lambda: notifications.read().count("WATCHDOG=1") >= 5, 5)
    times = [t for t, text in notifications.list if text == "WATCHDOG=1"]
    proxy.signal(signal.SIGSTOP)
    time.sleep(0.3)
    notifications.read()
    n = len(notifications.list)
    time.sleep(1)
    assert len(notifications.read()) == n
    proxy.signal(signal.SIGCONT)
    until(lambda: len(notifications.read()) > n)
    assert times[-1] > times[0]
    proxy.signal(signal.SIGINT)
    notifications.wait("STOPPING=1")
    assert proxy.process.wait(10) == 0


def case_watchdog_of_another_process(world):
    notifications = Notifications(world.path("notify4"))
    world.proxy(environment={"NOTIFY_SOCKET": notifications.path, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"})
    notifications.wait("READY=1")
    time.sleep(0.6)
    assert "WATCHDOG=1" not in notifications.read()


def case_unit(world):
    """systemd-analyze finds nothing wrong with the unit."""
    if not shutil.which("systemd-analyze"):
        raise Skipped("systemd-analyze is not installed")
    unit = world.path("tenantry.service")
    with open(os.path.join(ROOT, "conf", "tenantry.service")) as f:
        text = f.read()
    # The program and the user are not installed here.
    text = text.replace("/usr/local/bin/tenantry", "/bin/true").replace("User=tenantry\nGroup=tenantry", "User=daemon\nGroup=daemon")
    with open(unit, "w") as f:
        f.write(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    complaints = [x for x in done.stderr.splitlines() if "tenantry.service" in x]
    assert done.returncode == 0 and not complaints, done.stderr
