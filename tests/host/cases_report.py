"""The transition report, end to end: what is counted, what is shown, and that no value is."""
import json
import os
import signal

from proxy import ProxyFailed
from world import until, wire

SECRETS = ("hush", "4711", "987654321", "CANARY")


def _json(path):
    try:
        with open(path) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


def _ask(proxy, path, enough):
    """The report as it is now: written on SIGUSR1."""
    def once():
        proxy.signal(signal.SIGUSR1)
        report = until(lambda: _json(path), what="no report")
        return report if enough(report) else None
    return until(once, what=f"not in the report: {_json(path)}")


def _signal_until(proxy, text):
    """A SIGUSR1 that comes before the process is ready for it is ignored."""
    def once():
        proxy.signal(signal.SIGUSR1)
        return proxy.wait_log(text, 0.5)
    until(once, what=f"not in the log: {text}")


def _clean(path):
    for name in (path, path + ".new"):
        if os.path.exists(name):
            os.unlink(name)


def case_report_of_enforce(world):
    """Both protocols, prepared statements, a refusal; sums are exact over the workers; no constant, no value, no comment."""
    path = world.path("report.json")
    _clean(path)
    proxy = world.proxy(f"report = {path}", "boss = pw, bypass\n")
    connections = [world.connect(proxy) for _ in range(6)]
    for i, c in enumerate(connections):
        c.query(f"SELECT n FROM entries WHERE note = 'hush {i}' /* hush */").check()
        c.query("SELECT n FROM entries WHERE tenant_id = 1 AND n = 4711").check()
        c.query("SELECT 1").check()
        c.extended("SELECT n FROM entries WHERE note = $1", [b"hush"]).check()
        # Parsed once, executed three times.
        c.send(wire.parse("s", "SELECT note FROM entries WHERE n IN ($1, $2)"), *[
            m for _ in range(3) for m in (wire.bind("", "s", [b"4711", b"987654321"]), wire.execute())], wire.sync())
        c.until_ready().check()
        assert c.query("SELECT query_to_xml('SELECT hush FROM entries', true, false, '') FROM entries").error
        assert c.query("SELECT 'hush' syntax error 4711").error
    boss = world.connect(proxy, "boss", "pw")
    boss.query("SELECT * FROM entries").check()
    report = _ask(proxy, path, lambda r: r["executions"]["all"] >= 42)
    lines = {line["statement"]: line for line in report["open"]}
    assert set(lines) == {"SELECT n FROM entries WHERE note = ?", "SELECT note FROM entries WHERE n IN (?, ...)",
                          "SELECT query_to_xml(?, true, false, ?) FROM entries"}, lines
    assert lines["SELECT n FROM entries WHERE note = ?"]["executions"] == 12, lines
    assert lines["SELECT note FROM entries WHERE n IN (?, ...)"]["executions"] == 18, lines
    refused = lines["SELECT query_to_xml(?, true, false, ?) FROM entries"]
    assert refused["refused"] and refused["executions"] == 6 and "query_to_xml" in refused["reason"], refused
    assert not lines["SELECT n FROM entries WHERE note = ?"]["refused"]
    assert report["executions"] == {"all": 42, "safe": 6, "refused": 6, "unlisted": 0}, report["executions"]
    assert report["statements"] == {"all": 4, "safe": 1, "refused": 1}, report["statements"]
    assert report["mode"] == "enforce" and report["needed"] is True
    assert "still needed, 3 different statements have to be changed" in report["conclusion"], report["conclusion"]
    for c in connections + [boss]:
        c.close()
    assert proxy.stop() == 0
    # The last word is written at the end, and said in the log.
    assert _json(path)["executions"] == report["executions"]
    with open(path) as f:
        text = f.read()
    for secret in SECRETS:
        assert secret not in text, f"{secret} is in the report"
        assert secret not in proxy.log(), f"{secret} is in the log"
    assert "transition: 6 of 42 executions (1 of 4 different statements)" in proxy.log(), proxy.log()


def case_report_says_when_it_is_over(world):
    """An application that names the tenant itself, under audit: not needed any more."""
    path = world.path("audit.json")
    _clean(path)
    proxy = world.proxy(f"mode = audit\nreport = {path}")
    c = world.connect(proxy)
    for i in range(5):
        c.query(f"SELECT note FROM entries WHERE tenant_id = 1 AND n = {i}").check()
        c.extended("SELECT note FROM entries WHERE tenant_id = $1 AND n = $2", [b"1", b"5"]).check()
    report = _ask(proxy, path, lambda r: r["executions"]["all"] >= 10)
    assert report["needed"] is False and report["open"] == [], report
    assert report["conclusion"].startswith("10 of 10 executions (1 of 1 different statements) on tenant tables were safe"), report
    assert "it can be taken out" in report["conclusion"]
    # One that is not: it is refused, and the reason is what is open in it.
    assert c.query("SELECT note FROM entries").error
    report = _ask(proxy, path, lambda r: r["executions"]["all"] >= 11)
    assert report["needed"] is True and report["open"][0]["refused"] and "confined" in report["open"][0]["reason"], report
    c.close()


def case_report_of_observe(world):
    """Nothing is changed or refused; the report says what would be."""
    path = world.path("observe.txt")
    _clean(path)
    proxy = world.proxy(f"mode = observe\nreport = {path}")
    c = world.connect(proxy)
    assert ["666"] in c.query("SELECT n FROM entries").check().rows(), "observe changed the statement"
    c.query("SELECT n, query_to_xml('SELECT note FROM entries', true, false, '') FROM entries LIMIT 4711").check()
    c.close()
    assert proxy.stop() == 0
    with open(path) as f:
        text = f.read()
    assert "1 times, not safe by itself: " in text and "\n    SELECT n FROM entries\n" in text, text
    assert "1 times, refused: " in text and "SELECT n, query_to_xml(?, true, false, ?) FROM entries LIMIT ?" in text, text
    assert "under mode = observe" in text and "tenantry is still needed, 2 different statements" in text, text
    assert os.stat(path).st_mode & 0o007 == 0, "others can read it"


def case_report_in_the_log(world):
    """Without a file SIGUSR1 lists the statements in the log; nothing was asked: nothing can be said."""
    proxy = world.proxy()
    _signal_until(proxy, "no statement has touched a tenant table yet")
    c = world.connect(proxy)
    for i in range(3):
        c.query(f"UPDATE entries SET note = 'hush' WHERE n = {i}").check()
    proxy.signal(signal.SIGUSR1)
    assert proxy.wait_log("transition: 3 times, not safe by itself ("), proxy.log()
    assert "UPDATE entries SET note = ? WHERE n = ?" in proxy.log() and "hush" not in proxy.log()
    world.cluster.sql("shop", "UPDATE entries SET note = 'note ' || n WHERE n < 3 AND tenant_id = 1")
    c.close()


def case_report_that_cannot_be_written(world):
    """Said at the start; later, in the log, and nothing stops."""
    proxy = world.prepare("report = /nowhere/at/all")
    try:
        proxy.start()
        raise AssertionError("it started")
    except ProxyFailed as e:
        assert e.status == 1 and "report /nowhere/at/all cannot be written" in e.log, e
    folder = world.path("reports")
    os.makedirs(folder, exist_ok=True)
    proxy = world.proxy(f"report = {folder}/report")
    os.rename(folder, folder + ".gone")
    _signal_until(proxy, "cannot be written")
    world.connect(proxy).close()
    os.rename(folder + ".gone", folder)
    assert proxy.stop() == 0
    assert os.path.exists(f"{folder}/report")
