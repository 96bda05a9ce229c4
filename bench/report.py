"""Medians, the tables on the terminal, and the budgets."""
import statistics

SHORT = {"tps": "tps", "proxy_us": "proxy us/tx", "server_us": "server us/tx"}


def medians(samples):
    """{(workload, protocol, clients, target): [sample...]} -> the same keys with the median of every figure."""
    result = {}
    for key, runs in samples.items():
        result[key] = {name: None if runs[0][name] is None else statistics.median(run[name] for run in runs) for name in runs[0]}
        tps = [run["tps"] for run in runs]
        result[key]["spread"] = (max(tps) - min(tps)) / statistics.median(tps)
        result[key]["rounds"] = len(runs)
    return result


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def table(rows, head):
    """Lines of a table: first column to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in [head] + rows) for i in range(len(head))]
    lines = []
    for row in [head, ["-" * w for w in widths]] + rows:
        lines.append("  ".join(str(v).ljust(w) if i == 0 else str(v).rjust(w) for i, (v, w) in enumerate(zip(row, widths))))
    return lines


def pgbench_table(result, targets):
    """One line for each workload, protocol and number of clients; throughput and its ratio to PgBouncer, then processor time."""
    head = ["workload protocol clients"] + [f"{t} tps" for t in targets]
    compared = [t for t in targets if t not in ("direct", "pgbouncer")] if "pgbouncer" in targets else []
    head += [f"{t}/pgb" for t in compared] + ["spread"]
    rows = []
    for workload, protocol, clients in sorted({key[:3] for key in result}, key=order):
        at = {t: result.get((workload, protocol, clients, t)) for t in targets}
        row = [f"{workload} {protocol} {clients}"] + [number(at[t]["tps"]) for t in targets]
        row += [f"{at[t]['tps'] / at['pgbouncer']['tps']:.2f}" for t in compared]
        rows.append(row + [f"{max(a['spread'] for a in at.values()) * 100:.0f}%"])
    return table(rows, head)


def processor_table(result, targets):
    proxies = [t for t in targets if t in ("pgbouncer", "passing", "rewriting", "byhand")]
    head = ["processor us/transaction"] + [f"{t}" for t in proxies]
    head += [f"{t}/pgb" for t in proxies if t != "pgbouncer" and "pgbouncer" in proxies] + [f"server: {t}" for t in targets]
    rows = []
    for workload, protocol, clients in sorted({key[:3] for key in result}, key=order):
        at = {t: result.get((workload, protocol, clients, t)) for t in targets}
        row = [f"{workload} {protocol} {clients}"] + [number(at[t]["proxy_us"], 1) for t in proxies]
        row += [ratio(at[t]["proxy_us"], at["pgbouncer"]["proxy_us"]) for t in proxies if t != "pgbouncer" and "pgbouncer" in proxies]
        rows.append(row + [number(at[t]["server_us"], 1) for t in targets])
    return table(rows, head)


def isolation_table(result, targets):
    """Rewriting beside the other ways to the same isolation: the server does the same work for all of them, more than without a tenant."""
    others = [t for t in ("byhand", "rls") if t in targets]
    if "rewriting" not in targets or not others:
        return []
    head = ["rewriting to .."] + [f"{t}: tps" for t in others] + [f"{t}: server us" for t in others]
    if "byhand" in others:
        head.append("byhand: proxy us")
    if "pgbouncer" in targets:
        head.append("pgbouncer: server us")
    rows = []
    for workload, protocol, clients in sorted({key[:3] for key in result}, key=order):
        at = {t: result.get((workload, protocol, clients, t)) for t in targets}
        rewriting = at["rewriting"]
        row = [f"{workload} {protocol} {clients}"] + [ratio(rewriting["tps"], at[t]["tps"]) for t in others]
        row += [ratio(rewriting["server_us"], at[t]["server_us"]) for t in others]
        if "byhand" in others:
            row.append(ratio(rewriting["proxy_us"], at["byhand"]["proxy_us"]))
        if "pgbouncer" in targets:
            row.append(ratio(rewriting["server_us"], at["pgbouncer"]["server_us"]))
        rows.append(row)
    return table(rows, head)


def ratio(value, base):
    return f"{value / base:.2f}" if base else "-"


def order(key):
    workload, protocol, clients = key
    return (workload != "select", workload, ["simple", "extended", "prepared"].index(protocol), clients)


def budgets(data):
    """(what, budget, measured, met) for everything in DESIGN's table that was measured."""
    lines = []
    for key, rewriting in sorted(data["pgbench"].items(), key=lambda item: order(item[0][:3])):
        workload, protocol, clients, target = key
        bouncer = data["pgbench"].get((workload, protocol, clients, "pgbouncer"))
        if target != "rewriting" or workload != "select" or not bouncer:
            continue
        what = f"pgbench -S {protocol}, {clients} clients"
        lines.append((what + ": throughput", "1.00 of PgBouncer", f"{rewriting['tps'] / bouncer['tps']:.2f}",
                      rewriting["tps"] >= bouncer["tps"]))
        lines.append((what + ": processor", "1.00 of PgBouncer", ratio(rewriting["proxy_us"], bouncer["proxy_us"]),
                      rewriting["proxy_us"] <= bouncer["proxy_us"]))
    copy = data.get("copy", {})
    if "rewriting" in copy:
        for way in ("in", "out"):
            share = copy["rewriting"][way] / copy["direct, tenant table"][way]
            lines.append((f"COPY {way}, tenant table", "0.90 of direct", f"{share:.2f}", share >= 0.9))
    for target, memory in data.get("memory", {}).items():
        if target == "rewriting":
            lines.append(("memory per idle session", "64 KB", f"{memory['rss'] / 1024:.1f} KB", memory["rss"] <= 64 * 1024))
    for (target, protocol), calls in data.get("calls", {}).items():
        if target == "rewriting":
            batches = 1
            receives, sends = receives_and_sends(calls)
            lines.append((f"system calls, {protocol}", "2 receives + 2 sends", f"{receives / batches:.2f} + {sends / batches:.2f}",
                          receives <= 2.005 and sends <= 2.005))
    for name, verdict in data.get("verdicts", {}).items():
        for how in ("cold", "cached"):
            if verdict.get(f"{how}_budget"):
                lines.append((f"verdict, {name}, {how}", f"{verdict[how + '_budget'] / 1000:g} us", f"{verdict[how] / 1000:.2f} us",
                              verdict[how] <= verdict[how + "_budget"]))
    return lines


def receives_and_sends(calls):
    receives = sum(n for name, n in calls.items() if name in ("read", "recvfrom", "recvmsg", "readv", "recvmmsg"))
    sends = sum(n for name, n in calls.items() if name in ("write", "sendto", "sendmsg", "writev", "sendmmsg"))
    return receives, sends


def budget_table(lines):
    rows = [[what, budget, measured, "met" if met else "MISSED"] for what, budget, measured, met in lines]
    return table(rows, ["budget", "allowed", "measured", ""]) if rows else []
