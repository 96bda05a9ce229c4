"""Statement files of the oracle.

A block is what stands between empty lines: comment lines that say what it is about, directives, and the text that is sent, as it is
(comments inside it too). Several statements in one block are one simple Query message.

    -- cart lookup, as the shop sends it
    --: params <#5>
    SELECT id FROM carts WHERE user_id = $1;

Macros, replaced before anything is sent: <#5> number 5 of the tenant's own ids, <k> the tenant's digit (marks its texts), <tenant> the
tenant's value as an SQL literal, <tenant!> the same without quotes, <other>, <other!>, <other#5>: those of another tenant.

Directives, each a line at the top of the block (or of a step):
    --: params a, 'b, c', null    values of $1.. (text format); in simple mode they are put in as quoted literals
    --: types int4, text          declared types in Parse (names of pg_type)
    --: step                      a further message on the same connection; state is compared after the last one
    --: data                      the following lines up to the next directive are sent as COPY data
    --: refused 42501             tenantry must refuse it, with this SQLSTATE (any, if none is given)
    --: error 23505               it fails on the own database too, with this SQLSTATE
    --: modes simple text binary  only these
    --: tenants 1 2               only for these
    --: ordered | unordered       overrides the guess from ORDER BY
    --: visible                   the text names the tenant column: the own database has it, too
    --: own SQL                   what the own database gets instead
    --: rows ignored              compare everything but the rows' values (EXPLAIN)
    --: new views                 relations that nobody else sees yet are views: where their columns come from is not compared
    --: differs M D               a known difference: these fields of the error are not compared
    --: any row                   several rows make it fail, and which is met first is left to where they lie: the value that the
                                  error quotes is not compared
    --: echoes                    the text itself contains other tenants' marks
    --: version 15                needs that server version
    --: where schema              only in worlds of that name (before the colon of a world's variant too)"""
import csv
import os
import re


class Step:
    def __init__(self):
        self.text, self.own, self.parameters, self.types, self.data = "", None, None, (), None
        self.refused = self.error = None


class Block:
    def __init__(self, path, line):
        self.path, self.line, self.title = path, line, ""
        self.steps = [Step()]
        self.modes = self.tenants = self.ordered = None
        self.visible = self.rows_ignored = self.echoes = self.new_views = self.any_row = False
        self.differs = []
        self.version, self.worlds = 0, None

    @property
    def name(self):
        return f"{os.path.basename(self.path)}:{self.line}"


class BadFile(Exception):
    pass


def _values(text):
    """Comma-separated, SQL quotes; null without quotes is NULL."""
    values = []
    for field in re.findall(r"\s*('(?:[^']|'')*'|[^,]*)\s*(?:,|$)", text)[:text.count(",") + 1]:
        field = field.strip()
        if field.startswith("'"):
            values.append(field[1:-1].replace("''", "'"))
        else:
            values.append(None if field.lower() == "null" else field)
    # The pattern may match once more at the end of the text.
    wanted = len(next(csv.reader([text], quotechar="'", skipinitialspace=True)))
    return values[:wanted]


def _directive(block, step, words, line):
    name, _, rest = words.partition(" ")
    rest = rest.strip()
    if name == "params":
        step.parameters = _values(rest)
    elif name == "types":
        step.types = [word.strip() for word in rest.split(",")]
    elif name == "refused":
        step.refused = rest or "any"
    elif name == "error":
        step.error = rest or "any"
    elif name == "own":
        step.own = rest
    elif name == "modes":
        block.modes = rest.split()
    elif name == "tenants":
        block.tenants = rest.split()
    elif name in ("ordered", "unordered"):
        block.ordered = name == "ordered"
    elif name == "visible":
        block.visible = True
    elif name == "rows" and rest == "ignored":
        block.rows_ignored = True
    elif name == "new" and rest == "views":
        block.new_views = True
    elif name == "any" and rest == "row":
        block.any_row = True
    elif name == "differs":
        block.differs = rest.split()
    elif name == "echoes":
        block.echoes = True
    elif name == "version":
        block.version = int(rest)
    elif name == "where":
        block.worlds = rest.split()
    else:
        raise BadFile(f"{block.path}:{line}: unknown directive {words!r}")


def read(path):
    """The blocks of one file."""
    blocks, block, in_data = [], None, False
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip() and not (in_data and False):
            block, in_data = None, False
            continue
        if block is None:
            block = Block(path, number)
            blocks.append(block)
        step = block.steps[-1]
        if line.startswith("--: "):
            words = line[4:].strip()
            in_data = False
            if words == "step":
                block.steps.append(Step())
            elif words == "data":
                in_data, step.data = True, []
            else:
                _directive(block, step, words, number)
        elif in_data:
            step.data.append(line)
        elif line.startswith("-- ") and not step.text and len(block.steps) == 1:
            block.title += line[3:] + " "
        else:
            step.text += ("\n" if step.text else "") + line
    for block in blocks:
        for step in block.steps:
            if step.data is not None:
                step.data = "".join(line + "\n" for line in step.data)
    # A paragraph of comments only is a heading.
    return [block for block in blocks if any(step.text for step in block.steps)]


def ordered(text):
    """Is there an ORDER BY outside of all parentheses, strings and comments?"""
    plain = re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$""", " ", text, flags=re.S)
    depth, outside = 0, []
    for c in plain:
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif depth == 0:
            outside.append(c)
    return re.search(r"\border\s+by\b", "".join(outside), re.I) is not None


def interpolate(text, parameters):
    """$n as quoted literals, for the simple protocol."""
    def literal(match):
        value = parameters[int(match.group(1)) - 1]
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"
    parts = re.split(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/)""", text, flags=re.S)
    return "".join(part if i % 2 else re.sub(r"\$(\d+)", literal, part) for i, part in enumerate(parts))
