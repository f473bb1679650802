"""Published queries, unmodified, through Log Service's SDK: each result against an evaluation that does not use Cairn.

The events are the main job's 2,900 and, for each query, some made so that it finds something.
"""

import itertools
import json
import re

import pytest
from aliyun.log import LogException

from filled_logstore import FilledLogstore, is_same, with_values
from oracle import Expected, Refused, SearchPart, holds, satisfying
from reference import docs_shaped, invictus_lines, needed

ROWS_WITHOUT_LIMIT = 100
# An argument of json_extract is tried with each of these.
PARAMETERS = ["0", "2", "100", 0, 2, 100, False, True, "false", "http", "0.0.0.0/0", "Disabled"]
# Two of the published texts are not whole: `B09` ends in dots, `B16` has a parenthesis too many.
BROKEN = {"B09", "B16"}


def published() -> list:
    text = needed("reference/sls-queries.txt").read_text()
    found = re.findall(r"^## (\w+) .*\nQ: (.*)$", text, re.MULTILINE)
    rules = json.loads(needed("data/rules/actiontrail_alert_rules_41.json").read_text())
    found += [(f"{rule['id']}.{at}", query) for rule in rules for at, query in enumerate(rule["queries"])]
    assert len(found) > 100, "the reference data has the queries"
    return found


QUERIES = dict(published())
WHOLE = {name: query for name, query in QUERIES.items() if name not in BROKEN}


def parts(query: str) -> tuple:
    """The search and the SQL, which begins behind the first bar outside quotes."""
    bar = re.match(r'((?:[^"|]|"(?:[^"\\]|\\.)*")*)\|(.*)$', query, re.DOTALL)
    return (bar[1], bar[2]) if bar else (query, "")


def made_for(name: str, query: str) -> list:
    """Events that the search holds for, with parameters that the SQL asks about."""
    search, sql = parts(query)
    keys = re.findall(r"""json_extract(?:_scalar)?\("event\.requestParameterJson",\s*'\$\.([\w.]+)'""", sql)
    kinds = re.findall(r"'(ACS::\w+::\w+)'", sql)
    literals = re.findall(r"= ?'(\w+)'", sql)
    made = []
    ways = satisfying(SearchPart(search).tree)
    for way, parameter in itertools.product(ways, PARAMETERS + literals if keys else [None]):
        number = len(made)
        event = {
            "eventId": f"{name}-{number}",
            "eventTime": f"2023-07-10T12:{number % 60:02}:{len(name) % 60:02}Z",
            "eventCategory": "Management",
            "userIdentity": {"type": "ram-user", "accountId": "1", "principalId": f"p{number % 3}", "userName": "eve"},
        }
        if kinds:
            event["resourceType"] = ";".join(["ACS::OSS::Bucket", *kinds])
            event["resourceName"] = ";".join(["b-1", *(f"r-{number % 5}" for _ in kinds)])
        if keys:
            parameters = dict.fromkeys(keys, parameter)
            event |= {"requestParameters": parameters, "requestParameterJson": json.dumps(parameters)}
        made.append(with_values(event, way))
    return made


@pytest.fixture(scope="module")
def logstore(node, root) -> FilledLogstore:
    shaped = [event | {"eventTime": "2023-07-10T11:30:00Z"} for event in docs_shaped() if "eventId" in event]
    made = [event for name, query in WHOLE.items() for event in made_for(name, query)]
    lines = [*invictus_lines(), *(json.dumps(event).encode() for event in [*shaped, *made])]
    return FilledLogstore(node, root, "published-queries", "published", lines)


@pytest.mark.parametrize("name", WHOLE)
def test_result(logstore, name):
    query = WHOLE[name]
    search, sql = parts(query)
    tree = SearchPart(search).tree
    found = [event for event in logstore.events if holds(tree, event)]
    assert found, "the data has an event for each search"
    assert logstore.count(search) == len(found)
    if not sql:
        assert sorted(logstore.ids(search)) == sorted(event["eventId"] for event in found)
        return
    rows = logstore.rows(query)
    expected = Expected(sql, found).rows
    assert expected, "the data has a row for each statement"
    if "limit" not in sql.lower() and len(expected) > ROWS_WITHOUT_LIMIT:
        assert len(rows) == ROWS_WITHOUT_LIMIT
    else:
        assert len(rows) == len(expected)
    for row in rows:
        assert any(is_same(row, each) for each in expected), f"{row} is not among {expected[:5]}"


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_query_is_refused_with_its_position(logstore, name):
    with pytest.raises(LogException) as refused:
        logstore.rows(QUERIES[name])
    assert refused.value.get_error_code() == "ParameterInvalid"
    assert re.search(r"position \d+", refused.value.get_error_message())


def test_the_oracle_reads_the_grammar():
    event = {"a": "x y", "n": {"k": "DeleteKey"}, "empty": ""}
    for query, expected in [
        ("a: x", True),
        ('a: "y x"', True),
        ("a: z or n.k: deletekey", True),
        ("a: z or a: x and n.k: none", False),
        ("n.k: Delete*", True),
        ("not empty: *", True),
        ("missing is not NULL", False),
        ("k", True),
    ]:
        assert holds(SearchPart(query).tree, event) is expected, query
    with pytest.raises(Refused):
        SearchPart("(a: x")
