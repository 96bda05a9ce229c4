#!/usr/bin/python3
"""Every guarded text of the statement files is taken by a real PostgreSQL with the catalog's schema: accept.py FILE...

The extended protocol's Parse analyses queries without running them; other statements are run and rolled back. A text that the
server refuses is a failure unless it refuses the original text, too (wrong types and the like). The last line is "N passed, N failed"."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import wire  # noqa: E402
from cluster import Cluster  # noqa: E402

MORE = """
CREATE ROLE x; CREATE PROCEDURE nothing(int) LANGUAGE sql AS 'SELECT 1';
CREATE TABLE IF NOT EXISTS nowhere (a int);
"""


def schema():
    with open(os.path.join(ROOT, "tests/lib/shop.catalog")) as f:
        return "".join(line for line in f if not line.startswith("@"))


def sent_types(original, sent, declared):
    """As the session declares them: the tenant's, behind all others, is an integer."""
    def highest(text):
        return max((int(n) for n in re.findall(r"\$(\d+)", text)), default=0)
    types = [int(t) for t in declared.split()]
    if not types and highest(sent) == highest(original):
        return []
    return types + [0] * (highest(sent) - 1 - len(types)) + [23]


def error_of(connection, text, types=()):
    """The error of one text, or None; nothing of it stays."""
    connection.query("BEGIN")
    if re.match(r"\s*(copy|declare|explain|create|prepare|select\s.*\binto\b)", text, re.I | re.S):
        reply = connection.query(text)
    else:
        connection.send(wire.parse("", text, types), wire.sync())
        reply = connection.until_ready()
    connection.query("ROLLBACK")
    connection.query("DEALLOCATE ALL")
    return reply.error and f"{reply.error.get('C')}: {reply.error.get('M')}"


def pairs(files):
    program = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests/rewrite/files")
    out = subprocess.run([program, "--pairs", *files], stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    return [out[i:i + 5] for i in range(0, len(out) - 1, 5)]


def main():
    passed = failed = 0
    with Cluster() as cluster:
        cluster.create_user("app", "app", "SUPERUSER")
        cluster.create_database("shop")
        cluster.sql("shop", schema() + MORE)
        connection = wire.Connection("127.0.0.1", cluster.port).start("app", "app", "shop")
        for original, sent, search_path, temporary, types in pairs(sys.argv[1:]):
            if ";" in sent or re.match(r"\s*(explain.*)?\bexecute\b|.*\bas execute\b", sent, re.I) or "current of" in sent.lower():
                continue  # several statements, or one that needs another one before
            connection.query(f"SET search_path = {search_path}" if search_path else "SET search_path = ''")
            if temporary:
                connection.query(f"CREATE TEMP TABLE IF NOT EXISTS {temporary} (a int)")
            error = error_of(connection, sent, sent_types(original, sent, types))
            if error and "columns available but" in error:
                error = None  # a column list that names more than the visible columns: as on a database of its own
            if error and not error_of(connection, original):
                failed += 1
                print(f"refused by the server: {error}\n    original: {original}\n    sent:     {sent}")
            else:
                passed += 1
            if temporary:
                connection.query(f"DROP TABLE pg_temp.{temporary}")
        connection.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
