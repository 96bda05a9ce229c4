"""The oracle: a statement, run on a tenant's own database and through tenantry on the shared one, must give the same answer and leave
the same state; nothing of another tenant may be seen or changed.

    oracle = Oracle(world)
    outcome = oracle.run_text("SELECT ...", k=2, mode="binary")   # one statement
    outcome.verdict in ("equal", "refused", "different"); outcome.lines say why

Modes: simple (Query), text and binary (extended protocol with results in that format)."""
import re

import wire
from compare import Answer, differences
from statements import Block, Step, interpolate, ordered
from world import OWNER, PASSWORD

MODES = ("simple", "text", "binary")
# A refusal is tenantry's own error; these are the codes it uses.
REFUSALS = {"42501", "0A000", "54000", "54001", "42601", "22023", "53400"}


# A block that may have changed the schema.
SCHEMA_CHANGE = re.compile(r"\b(create|alter|drop|into|comment|truncate|refresh|grant|reindex|do|call)\b", re.I)

# What an error quotes.
QUOTED = re.compile('".*"', re.DOTALL)


def text_of(block):
    return " ".join(step.text for step in block.steps)


class Outcome:
    """verdict: equal, refused (tenantry will not run what the own database runs), different, leak, changed (another tenant's rows),
    bad (the corpus itself is wrong)."""

    def __init__(self, verdict, lines=(), expected=False):
        self.verdict, self.lines, self.expected = verdict, list(lines), expected

    @property
    def passed(self):
        return self.verdict == "equal" or (self.verdict == "refused" and self.expected)


class Oracle:
    """target: "proxy" (tenantry), or, to test the oracle itself, "own" (the own database again) and "leaky" (the shared database with
    nothing in between)."""

    def __init__(self, world, target="proxy"):
        self.world, self.target = world, target
        self.connections = {}
        self.names = {name: world.names(name) for name in world.databases()}
        self.type_oids = {}
        self.bytes_searched = 0

    # --- connections ---
    def _connect(self, side, k):
        """side: own, visible or target."""
        world = self.world
        if side != "target":
            return wire.connect(world.cluster.port, OWNER, PASSWORD, f"{side}_{k}")
        if self.target == "leaky":
            return wire.connect(world.cluster.port, OWNER, PASSWORD, "shared")
        value = world.tenant_value(k).replace("\\", "\\\\").replace(" ", "\\ ")
        return wire.connect(world.proxy.port, OWNER, PASSWORD, "shared", options=f"-c app.tenant_id={value}")

    def connection(self, side, k):
        key = (side, k)
        if key not in self.connections:
            self.connections[key] = self._connect(side, k)
        return self.connections[key]

    def drop(self, side, k):
        connection = self.connections.pop((side, k), None)
        if connection:
            connection.close()

    def drop_all(self):
        for side, k in list(self.connections):
            self.drop(side, k)

    # --- one message ---
    def _oid(self, name):
        if name not in self.type_oids:
            self.type_oids[name] = int(self.world.sql("shared", f"SELECT '{name}'::regtype::oid")[0][0])
        return self.type_oids[name]

    def _send(self, connection, text, step, mode, k):
        expand = self.world.expand
        parameters = [None if p is None else expand(p, k) for p in step.parameters] if step.parameters is not None else []
        copy_in = [expand(step.data, k).encode()] if step.data is not None else None
        text = expand(text, k)
        if mode == "simple":
            if parameters:
                text = interpolate(text, parameters)
            return connection.query(text, copy_in)
        types = [self._oid(name) for name in step.types] if step.types else ()
        return connection.extended(text, parameters, types, result_format=1 if mode == "binary" else 0, copy_in=copy_in)

    def _answer(self, side, database, block, step, mode, k):
        """(Answer or None, the bytes received, what went wrong with the connection)"""
        connection = self.connection(side, k)
        connection.take_received()
        text = step.own if side != "target" and step.own else step.text
        try:
            reply = self._send(connection, text, step, mode, k)
        except wire.ConnectionLost as e:
            self.connections.pop((side, k)).close(polite=False)
            return None, bytes(connection.received), str(e)
        is_ordered = ordered(text) if block.ordered is None else block.ordered
        answer = Answer(reply, self.names[database], is_ordered, block.rows_ignored, block.new_views)
        received = connection.take_received()
        if reply.status == "X":
            self.connections.pop((side, k)).close(polite=False)
        return answer, received, None

    def _tidy(self, side, k, block):
        """The connection as it was: no transaction, nothing kept."""
        connection = self.connections.get((side, k))
        if connection is None:
            return
        try:
            if connection.status != "I":
                connection.query("ROLLBACK")
            first = block.steps[0].text.lstrip("( \n").upper()
            if len(block.steps) > 1 or not first.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE")) or "INTO TEMP" in first \
                    or ";" in first.rstrip("; \n") or "SET_CONFIG" in first:
                if connection.query("DISCARD ALL").error:
                    self.drop(side, k)
        except wire.ConnectionLost:
            self.drop(side, k)

    # --- one block ---
    def run_text(self, text, k, mode="simple", visible=False):
        block = Block("(text)", 0)
        block.steps = [Step()]
        block.steps[0].text, block.visible = text, visible
        return self.run(block, k, mode)

    def run(self, block, k, mode):
        world = self.world
        side = "visible" if block.visible else "own"
        own_database = f"{side}_{k}"
        target_database = own_database if self.target == "own" else "shared"
        databases = [own_database, "shared"] if target_database != own_database else [own_database]
        world.reset_sequences(databases, k)
        if self.target == "own":
            # One database plays both parts, one after the other: only answers can be compared.
            outcome = self._steps(block, k, mode, side, own_database, own_database, restore_between=True)
            self._tidy(side, k, block)
            self._restore(databases, k)
            return outcome
        before = world.transactions()
        outcome = self._steps(block, k, mode, side, own_database, target_database)
        self._tidy(side, k, block)
        self._tidy("target", k, block)
        if world.transactions() != before:
            states = {name: world.state(name) for name in databases} if not SCHEMA_CHANGE.search(text_of(block)) else None
            outcome = self._compare_state(outcome, own_database, k, states)
            self._restore(databases, k, states)
        return outcome

    def _steps(self, block, k, mode, side, own_database, target_database, restore_between=False):
        own_answers = []
        if restore_between:
            # Both parts in full, one after the other.
            if any(step.refused for step in block.steps):
                return Outcome("refused", expected=True)
            for step in block.steps:
                own_answers.append(self._answer(side, own_database, block, step, mode, k))
            self._tidy(side, k, block)
            self._restore([own_database], k)
            self.world.reset_sequences([own_database], k)
        refused = False
        for number, step in enumerate(block.steps):
            where = f"step {number + 1}: " if len(block.steps) > 1 else ""
            if step.refused and not step.own:
                own, lost = None, None  # the own database must not do it either
            else:
                own, _, lost = own_answers[number] if restore_between else self._answer(side, own_database, block, step, mode, k)
            if lost:
                return Outcome("bad", [f"{where}the own database's connection was lost: {lost}"])
            code = own.error["C"] if own and own.error else None
            if mode == "simple" or code != "42601" or ";" not in step.text.rstrip("; \n"):
                if code and not step.refused and step.error not in (code, "any"):
                    return Outcome("bad", [f"{where}the own database says {code}: {own.error['M']}"])
                if step.error and not code and not step.refused:
                    return Outcome("bad", [f"{where}the own database says nothing, {step.error} was expected"])
            got, received, lost = self._answer(side if restore_between else "target", target_database, block, step, mode, k)
            self.bytes_searched += len(received)
            if not block.echoes:
                hits = self.world.canaries.found(received, k)
                if hits:
                    return Outcome("leak", [f"{where}bytes of tenant {owner}: {what}" for owner, what in hits[:5]])
            if lost:
                return Outcome("different", [f"{where}the connection was lost: {lost}"])
            got_code = got.error["C"] if got.error else None
            if step.refused and self.target != "proxy":
                return Outcome("refused", expected=True)
            if step.refused:
                if got_code is None or (step.refused not in ("any", got_code)):
                    said = f"{got_code}: {got.error['M']}" if got.error else "accepted"
                    return Outcome("different", [f"{where}must be refused with {step.refused}, got {said}"])
                if not got.error.get("M"):
                    return Outcome("different", [f"{where}refused without a message"])
                refused = True
                continue
            if got_code and got_code != code and got_code in REFUSALS:
                return Outcome("refused", [f"{where}{got_code}: {got.error['M']}"] + [f"  {f}: {got.error[f]}" for f in "DH" if f in got.error])
            if own.error and got.error:
                for f in block.differs:
                    own.error.pop(f, None)
                    got.error.pop(f, None)
                if block.any_row:
                    for error in (own.error, got.error):
                        error["M"] = QUOTED.sub('"?"', error["M"])
            lines = differences(own, got)
            if lines:
                return Outcome("different", [where + line for line in lines])
        return Outcome("refused" if refused else "equal", expected=refused)

    # --- state ---
    def _compare_state(self, outcome, own_database, k, states=None):
        world = self.world
        states = states or {name: world.state(name) for name in (own_database, "shared")}
        own, shared = states[own_database], states["shared"]
        lines, changed = [], []
        nothing = ("0", "0")
        for table in world.tables:
            a = own[table.label].get("all", nothing)
            whose = world.tenant_value(k) if table.tenant_column else "all"
            b = shared[table.label].get(whose, nothing)
            base = world.baseline["shared"][table.label]
            others = {o: v for o, v in shared[table.label].items() if o != whose}
            if table.tenant_column and others != {o: v for o, v in base.items() if o != whose}:
                changed.append(f"rows of other tenants in {table.label} changed")
            if a != b:
                rows_a, rows_b = world.rows_of(own_database, table, k), world.rows_of("shared", table, k)
                if rows_a != rows_b:
                    lines.append(f"state of {table.label}: {len(rows_a)} rows on the own database, {len(rows_b)} behind tenantry")
                    lines += [f"  own only:      {r[:300]}" for r in rows_a if r not in rows_b][:3]
                    lines += [f"  tenantry only: {r[:300]}" for r in rows_b if r not in rows_a][:3]
        if changed:
            return Outcome("changed", changed + outcome.lines + lines)
        if outcome.verdict == "equal" and lines:
            return Outcome("different", lines)
        if outcome.verdict == "refused":
            # The own database did it, tenantry must not have: its own rows are as before.
            for table in world.tables:
                if shared[table.label] != world.baseline["shared"][table.label] and not outcome.expected:
                    return Outcome("different", outcome.lines + [f"refused, and yet {table.label} changed"])
        return outcome

    def _restore(self, databases, k, states=None):
        """states: what the databases hold now, where it is known that their schema is as it was."""
        for name in databases:
            if self.world.restore(name, states and states[name]):
                self.names[name].forget()
                self.drop_all()

    # --- nobody ---
    def run_nobody(self, block):
        """Without a tenant: refused or harmless, and nothing of anybody is seen or changed."""
        world, k = self.world, self.world.tenants[0]
        world.reset_sequences(["shared"], k)
        before = world.transactions()
        connection = wire.connect(world.no_tenant_proxy.port, OWNER, PASSWORD, "shared")
        try:
            for step in block.steps:
                reply = self._send(connection, step.text, step, "simple", k)
                hits = [] if block.echoes else self._found_anybody(connection.take_received(), step, k)
                if hits:
                    return Outcome("leak", [f"bytes of tenant {owner}: {what}" for owner, what in hits[:5]])
                if reply.error and reply.status != "T":
                    break
        except wire.ConnectionLost as e:
            return Outcome("different", [f"the connection was lost: {e}"])
        finally:
            connection.close()
        if world.transactions() != before:
            state = world.state("shared")
            bad = [t.label for t in world.tenant_tables if state[t.label] != world.baseline["shared"][t.label]]
            self._restore(["shared"], k)
            if bad:
                return Outcome("changed", [f"without a tenant, {', '.join(bad)} changed"])
        return Outcome("equal")

    def _found_anybody(self, received, step, k):
        """Canaries that the statement itself did not bring along."""
        said = self.world.expand(step.text, k) + "".join(self.world.expand(p or "", k) for p in step.parameters or [])
        return [(owner, what) for owner, what in self.world.canaries.found(received, None) if what not in said and not what.startswith("binary")]
