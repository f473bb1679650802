"""What a query should give, found without Cairn: the search part evaluated here, the SQL part by DuckDB.

The search grammar is read from Log Service's description, not from Cairn's parser. SQL is translated from Presto's
dialect with sqlglot. `arbitrary` may give any value of its group, so DuckDB gathers them all.
"""

import itertools
import json
import operator
import re
from datetime import UTC, datetime

import duckdb
import sqlglot
from sqlglot import exp

WORDS = re.compile(r"[A-Za-z0-9_.\-\u0080-\U0010ffff]+")
# A quoted text, a parenthesis, a colon, `!=`, or anything up to the next of these.
TOKENS = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'\'|[()]|!=|:|[^\s():"!]+)')


def words_of(text: str) -> list:
    return [word.lower() for word in WORDS.findall(text)]


NUMBER_TESTS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}


class Refused(Exception):
    """The text is no query."""


class SearchPart:
    """Parses into nested tuples: `and`, `or` and `not` of others, `all`, `any` of words, `is` of a path and a test."""

    def __init__(self, text: str):
        self.tokens = TOKENS.findall(text)
        self.at = 0
        self.tree = self.any_of() if self.tokens else ("all",)
        if self.at < len(self.tokens):
            raise Refused(self.tokens[self.at])

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            raise Refused("the end")
        self.at += 1
        return token

    def any_of(self):
        tree = self.all_of()
        while self.peek().lower() == "or":
            self.take()
            tree = ("or", tree, self.all_of())
        return tree

    def all_of(self):
        tree = self.one()
        while self.peek() and self.peek() != ")" and self.peek().lower() != "or":
            if self.peek().lower() == "and":
                self.take()
            tree = ("and", tree, self.one())
        return tree

    def one(self):
        token = self.take()
        if token.lower() == "not":
            return ("not", self.one())
        if token == "(":
            tree = self.any_of()
            if self.take() != ")":
                raise Refused("no )")
            return tree
        name = plain(token)
        following = self.peek().lower()
        if following == ":":
            self.take()
            return ("is", name, self.take())
        if following in NUMBER_TESTS:
            self.take()
            return ("number", name, following, float(self.take()))
        if following == "!=":
            self.take()
            self.take()
            return ("is", name, "*")
        if following == "is":
            negated = self.peek(1).lower() == "not"
            self.at += 3 if negated else 2
            return ("is", name, "*") if negated else ("not", ("is", name, "*"))
        return ("all",) if token == "*" else ("any", token)


def plain(token: str) -> str:
    return token[1:-1].replace('\\"', '"') if token.startswith('"') else token


def value_at(event: dict, name: str):
    """The value at a path with or without `event.` before it; keys without regard to case."""
    value = event
    for key in name.removeprefix("event.").split("."):
        if isinstance(value, str) and value.startswith("{"):
            value = json.loads(value)
        if not isinstance(value, dict):
            return None
        exact = value.get(key)
        folded = [each for name, each in value.items() if name.lower() == key.lower()]
        value = exact if key in value else (folded[-1] if folded else None)
    return value


def text_of(value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def scalars(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    else:
        yield text_of(value) or ""


def fits(texts, token: str) -> bool:
    """Whether the texts have all words of a searched value; a `*` at the end of one stands for any ending."""
    found = {word for text in texts for word in words_of(text)}
    for part in re.findall(r"[A-Za-z0-9_.\-*\u0080-\U0010ffff]+", plain(token).lower()):
        begins = part.removesuffix("*")
        if part.endswith("*") and not any(word.startswith(begins) for word in found):
            return False
        if not part.endswith("*") and part not in found:
            return False
    return True


def holds(tree, event: dict) -> bool:
    match tree:
        case ("all",):
            return True
        case ("and", one, other):
            return holds(one, event) and holds(other, event)
        case ("or", one, other):
            return holds(one, event) or holds(other, event)
        case ("not", one):
            return not holds(one, event)
        case ("any", token):
            return fits(scalars(event), token)
        case ("number", name, test, limit):
            try:
                return NUMBER_TESTS[test](float(text_of(value_at(event, name)) or ""), limit)
            except ValueError:
                return False
        case ("is", "__topic__", token):
            return fits(["actiontrail_audit_event"], token)
        case ("is", name, token):
            text = text_of(value_at(event, name))
            if token == "*":
                return text not in (None, "")
            return text is not None and fits([text], token)
    raise AssertionError(tree)


def satisfying(tree) -> list:
    """Values by path that make the search hold, one set for each way it can."""
    match tree:
        case ("and", one, other):
            return [left | right for left in satisfying(one) for right in satisfying(other)]
        case ("or", one, other):
            return satisfying(one) + satisfying(other)
        case ("is", name, token) if name != "__topic__":
            value = plain(token).removesuffix("*")
            return [{name.removeprefix("event."): value or f"some-{name}"}]
        case ("number", name, test, limit):
            beside = {">": 1, ">=": 0, "<": -1, "<=": 0, "=": 0}
            return [{name.removeprefix("event."): int(limit) + beside[test]}]
    return [{}]


def seconds(event: dict) -> int:
    return int(datetime.strptime(event["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


class Expected:
    """The rows of the SQL part. A cell that is an object may be any of its list."""

    def __init__(self, sql: str, events: list):
        tree = sqlglot.parse_one(sql, read="presto")
        names = {column.name for column in tree.find_all(exp.Column) if column.this.quoted or column.name == "__time__"}
        self.columns = sorted(names | {"__time__"})
        for select in list(tree.find_all(exp.Select)):
            if not select.args.get("from_") and not select.args.get("from"):
                select.from_("log", copy=False)
            aliases_to_expressions(select)
        for table in tree.find_all(exp.Table):
            table.set("alias", None)
        tree = tree.transform(for_duckdb)
        self.sql = tree.sql(dialect="duckdb")
        self.rows = self.run(events)

    def run(self, events: list) -> list:
        database = duckdb.connect()
        database.execute("SET TimeZone = 'UTC'")
        kinds = ", ".join(f'"{name}" {"BIGINT" if name == "__time__" else "VARCHAR"}' for name in self.columns)
        database.execute(f"CREATE TABLE log ({kinds})")
        rows = [
            [seconds(event) if name == "__time__" else text_of(value_at(event, name)) for name in self.columns]
            for event in events
        ]
        if rows:
            # One statement for all: a row at a time takes a millisecond each.
            lists = ", ".join("unnest(?)" for _ in self.columns)
            database.execute(f"INSERT INTO log SELECT {lists}", [list(column) for column in zip(*rows, strict=True)])
        cursor = database.execute(self.sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def aliases_to_expressions(select: exp.Select):
    """GROUP BY names aliases first, as the published rules need it."""
    group = select.args.get("group")
    if not group:
        return
    aliases = {each.alias.lower(): each.this for each in select.expressions if isinstance(each, exp.Alias)}
    group.set("expressions", [aliases.get(each.name.lower(), each).copy() for each in group.expressions])


def for_duckdb(node):
    if isinstance(node, exp.Cast):
        # One odd event must not end the query; and a cast out of JSON gives the text without quotes.
        json_path = node.this if isinstance(node.this, exp.JSONExtract) else None
        inner = exp.JSONExtractScalar(**json_path.args) if json_path else node.this
        return exp.TryCast(this=inner.copy(), to=node.args["to"])
    if isinstance(node, exp.AnyValue):
        gathered = exp.func("list", exp.Distinct(expressions=[node.this.copy()]))
        return exp.Struct(expressions=[exp.PropertyEQ(this=exp.to_identifier("any"), expression=gathered)])
    if isinstance(node, exp.TimeToStr):
        written = node.args["format"].name
        moment = exp.Anonymous(
            this="make_timestamp",
            expressions=[exp.Mul(this=node.this.copy(), expression=exp.Literal.number(1_000_000))],
        )
        return exp.Anonymous(this="strftime", expressions=[moment, exp.Literal.string(written)])
    if isinstance(node, exp.UnixToTime):
        return exp.Anonymous(
            this="make_timestamp",
            expressions=[exp.Mul(this=node.this.copy(), expression=exp.Literal.number(1_000_000))],
        )
    return node


def cells(value) -> list:
    """How Log Service writes a value, in each way that is right."""
    if isinstance(value, dict):
        return [text for each in value["any"] or [] for text in cells(each)] or ["null"]
    if isinstance(value, list):
        # `array_agg` promises no order; the lists of the published queries are short.
        orders = itertools.permutations(value) if len(value) < 6 else [value]
        return [json.dumps(list(order), ensure_ascii=False, separators=(",", ":")) for order in orders]
    if value is None:
        return ["null"]
    if isinstance(value, float) and value.is_integer():
        # DuckDB divides whole numbers into fractions, Presto does not.
        return [str(value), str(int(value))]
    if isinstance(value, datetime):
        return [value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]]
    return [str(value)]
