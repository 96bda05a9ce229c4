"""The plot: a grid of bar charts as SVG, drawn by hand. One row for each workload and figure, one column for each protocol."""
from xml.sax.saxutils import escape

COLOURS = {"direct": "#8a8f98", "pgbouncer": "#d9822b", "passing": "#6cb2d8", "rewriting": "#1f6fb2", "byhand": "#b58fc2", "rls": "#7a9a3a"}
LABELS = {"direct": "server directly", "pgbouncer": "PgBouncer (session pooling)", "passing": "tenantry, passing through",
          "rewriting": "tenantry, rewriting", "byhand": "PgBouncer, tenant in the statements",
          "rls": "row-level security, directly"}
PANEL_W, PANEL_H, LEFT, TOP, GAP_X, GAP_Y = 300, 170, 70, 92, 60, 66


def nice(maximum):
    """A round upper end of the axis and its step."""
    if maximum <= 0:
        return 1, 1
    step = 10 ** (len(str(int(maximum))) - 1) if maximum >= 1 else 0.1
    for factor in (0.1, 0.2, 0.25, 0.5, 1, 2, 5):
        if maximum / (step * factor) <= 6:
            step *= factor
            break
    ticks = int(maximum / step + 0.9999)
    return step * max(ticks, 1), step


def label(value):
    if value >= 10000:
        return f"{value / 1000:g}k"
    return f"{value:g}"


def text(x, y, words, size=11, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def panel(x, y, title, unit, groups, series, values):
    """groups: clients; series: targets; values[(group, target)] = number or None."""
    top, step = nice(max((v for v in values.values() if v is not None), default=0))
    out = [text(x + PANEL_W / 2, y - 10, title, 12, extra='font-weight="600"')]
    tick = 0.0
    while tick <= top + step / 2:
        at = y + PANEL_H - tick / top * PANEL_H
        out.append(f'<line x1="{x}" x2="{x + PANEL_W}" y1="{at:.1f}" y2="{at:.1f}" stroke="#dddddd"/>')
        out.append(text(x - 6, at + 4, label(round(tick, 6)), 10, "end"))
        tick += step
    out.append(text(x - 48, y + PANEL_H / 2, unit, 11, extra=f'transform="rotate(-90 {x - 48} {y + PANEL_H / 2})"'))
    wide = PANEL_W / len(groups)
    bar = min(wide * 0.82 / len(series), 44)
    for g, group in enumerate(groups):
        for s, target in enumerate(series):
            value = values.get((group, target))
            if value is None:
                continue
            height = value / top * PANEL_H
            left = x + g * wide + (wide - bar * len(series)) / 2 + s * bar
            out.append(f'<rect x="{left:.1f}" y="{y + PANEL_H - height:.1f}" width="{bar * 0.92:.1f}" height="{height:.1f}" '
                       f'fill="{COLOURS[target]}"><title>{escape(LABELS[target])}, {group} clients: {value:,.1f} {escape(unit)}'
                       '</title></rect>')
        out.append(text(x + g * wide + wide / 2, y + PANEL_H + 15, str(group), 10))
    out.append(f'<line x1="{x}" x2="{x + PANEL_W}" y1="{y + PANEL_H}" y2="{y + PANEL_H}" stroke="#444444"/>')
    out.append(text(x + PANEL_W / 2, y + PANEL_H + 31, "clients", 10))
    return out


def svg(result, targets, heading):
    """The drawing as text; result as from report.medians()."""
    protocols = [p for p in ("simple", "extended", "prepared") if any(key[1] == p for key in result)]
    workloads = [w for w in ("select", "mixed") if any(key[0] == w for key in result)]
    groups = sorted({key[2] for key in result})
    proxies = [t for t in targets if t in ("pgbouncer", "passing", "rewriting", "byhand")]
    rows = []
    for workload in workloads:
        rows.append((workload, "tps", "throughput", "transactions/s", targets))
        if proxies:
            rows.append((workload, "proxy_us", "processor time of the proxy", "µs/transaction", proxies))
        rows.append((workload, "server_us", "processor time of the server", "µs/transaction", targets))
    width = LEFT + len(protocols) * (PANEL_W + GAP_X)
    height = TOP + len(rows) * (PANEL_H + GAP_Y) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
           'font-family="sans-serif" fill="#222222">', f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
           text(LEFT, 24, heading, 15, "start", 'font-weight="600"')]
    x = LEFT
    for target in targets:
        out.append(f'<rect x="{x}" y="38" width="12" height="12" fill="{COLOURS[target]}"/>')
        out.append(text(x + 17, 48, LABELS[target], 11, "start"))
        x += 30 + 6.6 * len(LABELS[target])
    for r, (workload, figure, what, unit, series) in enumerate(rows):
        for p, protocol in enumerate(protocols):
            values = {(key[2], key[3]): at[figure] for key, at in result.items() if key[0] == workload and key[1] == protocol}
            out += panel(LEFT + p * (PANEL_W + GAP_X), TOP + r * (PANEL_H + GAP_Y), f"{workload}, {protocol}: {what}", unit, groups,
                         series, values)
    out.append("</svg>")
    return "\n".join(out) + "\n"
