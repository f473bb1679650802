"""The built-in alert rules over real events: what each query finds, and which alerts each rule makes, against an
evaluation that uses nothing of Cairn.

The events are the main job's 2,900, some made for each search, and a story for what takes a past or several steps.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from filled_logstore import EARLIEST, FROM, TO, FilledLogstore, is_same, with_values
from oracle import Expected, SearchPart, holds, satisfying
from reference import invictus_lines
from templates import Firing, duration, passes, templates

TEMPLATES = {template.id: template for template in templates()}
# A trail of management events selects no insights.
WITHOUT_EVENTS = {"sls.app.actiontrail.ip_insight", "sls.app.actiontrail.ip_insight_v2"}


def made_for(template) -> list:
    """Events that the search holds for."""
    made = []
    for number, way in enumerate(satisfying(SearchPart(template.search).tree)):
        event = {
            "eventId": f"{template.id}-{number}",
            "eventTime": f"2023-07-10T12:{number % 60:02}:{len(template.id) % 60:02}Z",
            "eventCategory": "Management",
            "sourceIpAddress": "198.51.100.7",
            "userIdentity": {"type": "ram-user", "accountId": "1", "principalId": f"p{number % 3}", "userName": "eve"},
        }
        with_values(event, way)
        if "requestParameterJson" in event:
            event["requestParameterJson"] = json.dumps(event["requestParameterJson"])
        made.append(event)
    return made


class Story:
    """Events of a made-up account, one after another."""

    def __init__(self):
        self.events = []

    def add(self, time: str, name: str, service="Ram", key=None, ip="192.0.2.1", user="mallory", **more):
        identity = {"type": "ram-user", "accountId": "7", "principalId": f"id-{user}", "userName": user}
        identity |= {"accessKeyId": key} if key else {}
        parameters = more.pop("parameters", None)
        event = {
            "eventId": f"story-{len(self.events)}",
            "eventTime": time if "T" in time else f"2023-07-10T{time}Z",
            "eventCategory": "Management",
            "eventType": "ApiCall",
            "eventRW": "Write",
            "eventName": name,
            "serviceName": service,
            "acsRegion": "cn-hangzhou",
            "recipientAccountId": "7",
            "sourceIpAddress": ip,
            "userIdentity": identity | more.pop("identity", {}),
        }
        event |= {"requestParameterJson": json.dumps(parameters)} if parameters else {}
        self.events.append(event | more)

    def several(self, count: int, start: str, name: str, **more):
        begin = datetime.strptime(f"2023-07-10 {start}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        for number in range(count):
            time = (begin + timedelta(seconds=5 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
            each = {field: value(number) if callable(value) else value for field, value in more.items()}
            self.add(time, name, **each)


def story() -> list:
    story = Story()
    # A past to compare with, and what is new against it.
    story.add("2023-06-01T08:00:00Z", "DescribeInstances", "Ecs", key="LTAIsleeper")
    story.add("12:50:00", "DescribeInstances", "Ecs", key="LTAIsleeper")
    story.add("2023-07-05T08:00:00Z", "DescribeInstances", "Ecs", key="LTAIworker")
    story.add("12:51:00", "ListBuckets", "Oss", key="LTAIworker", ip="203.0.113.9")
    story.add("2023-07-01T08:00:00Z", "ConsoleSignin", "AasSub", user="ann", ip="192.0.2.1", errorMessage="success")
    story.add("12:52:00", "ConsoleSignin", "AasSub", user="ann", ip="203.0.113.20", errorMessage="success")
    role = {"RoleArn": "acs:ram::99:role/reader"}
    story.add("2023-07-01T09:00:00Z", "AssumeRole", "Sts", parameters=role)
    story.add("12:53:00", "AssumeRole", "Sts", parameters={"RoleArn": "acs:ram::99:role/writer"})
    story.add("12:54:00", "AssumeRole", "Sts", parameters={"RoleArn": "acs:ram::7:role/own"})
    # Sign-ins guessed.
    wrong = {"service": "AasSub", "user": "bob", "errorMessage": "wrong password"}
    story.several(6, "12:02:00", "ConsoleSignin", **wrong)
    story.add("12:03:00", "ConsoleSignin", "AasSub", user="bob", errorMessage="success")
    # More rights.
    admin = {"PolicyName": "AdministratorAccess", "PolicyType": "System"}
    story.add("12:04:00", "AttachPolicyToUser", parameters=admin | {"UserName": "mallory"})
    story.add("12:05:00", "CreateUser", parameters={"UserName": "backup"})
    story.add("12:05:20", "AttachPolicyToUser", parameters=admin | {"UserName": "backup"})
    story.add("12:06:00", "CreateAccessKey", parameters={"UserName": "backup"})
    story.add("12:06:10", "CreateAccessKey", parameters={"UserName": "mallory"})
    # Looking around, from many places.
    services = ["Ecs", "Oss", "Rds", "Kms"]
    story.several(
        12, "12:07:00", "DescribeAll", service=lambda n: services[n % 4], key="LTAIspread", errorCode="NoPermission",
        ip=lambda n: f"203.0.113.{n % 6}", acsRegion=lambda n: f"region-{n % 6}",
    )  # fmt: skip
    # Damage.
    story.several(21, "12:30:00", "DeleteInstance", service="Ecs")
    story.several(4, "12:32:00", "DeleteSnapshot", service="Ecs")
    story.several(11, "12:33:00", "GetSecretValue", service="Kms", eventRW="Read")
    story.several(6, "12:34:00", "RunInstances", service="Ecs")
    story.several(4, "12:35:00", "RebootInstance", service="Ecs", parameters={"InstanceId": "i-1"})
    root = {"type": "root-account", "principalId": "7", "userName": "root"}
    story.several(6, "12:36:00", "ConsoleSignin", service="AasCustomer", identity=root)
    story.several(2, "12:37:00", "ChangePassword")
    story.several(6, "12:38:00", "DescribeInstances", service="Ecs", errorCode="Forbidden.RAM")
    # Open to everybody, and almost.
    everyone = '{"Statement":[{"Effect":"Allow","Principal":["*"],"Action":"oss:Get*"}]}'
    one = '{"Statement":[{"Effect":"Allow","Principal":["2*3"],"Action":"*"}]}'
    story.add("12:40:00", "PutBucketPolicy", "Oss", parameters={"bucketName": "open", "policy": everyone})
    story.add("12:40:10", "PutBucketPolicy", "Oss", parameters={"bucketName": "shut", "policy": one})
    story.add("12:40:20", "PutBucketAcl", "Oss", parameters={"bucketName": "read", "acl": "public-read"})
    world, inner = {"SourceCidrIp": "0.0.0.0/0"}, {"SourceCidrIp": "10.0.0.0/8"}
    story.add("12:41:00", "AuthorizeSecurityGroup", "Ecs", parameters=world)
    story.add("12:41:10", "AuthorizeSecurityGroup", "Ecs", parameters=inner, user="nobody")
    return story.events


@pytest.fixture(scope="module")
def logstore(node, root) -> FilledLogstore:
    made = [event for template in TEMPLATES.values() for event in made_for(template)]
    made = [event for event in made if "insightDetails" not in event]
    lines = [*invictus_lines(), *(json.dumps(event).encode() for event in [*made, *story()])]
    return FilledLogstore(node, root, "alert-templates", "templates", lines)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_query_finds_what_it_should(logstore, name):
    template = TEMPLATES[name]
    # The usual day, or as much past as the rule looks at.
    start = max(EARLIEST, min(FROM, TO - template.window))
    tree = SearchPart(template.search).tree
    inside = f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H:%M:%SZ}"
    found = [event for event in logstore.events if holds(tree, event) and event["eventTime"] >= inside]
    if not template.sql:
        assert found, "the data has an event for each rule"
        assert sorted(logstore.ids(template.query, start)) == sorted(each["eventId"] for each in found)
        return
    expected = Expected(template.sql, found).rows
    rows = logstore.rows(template.query, start)
    assert len(rows) == len(expected) < 1000
    for row in rows:
        assert any(is_same(row, each) for each in expected), f"{row} is not among {expected[:5]}"
    if name not in WITHOUT_EVENTS:
        assert any(passes(template.condition, row, TO) for row in expected), "the data has an alert for each rule"


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_rule_fires_when_it_should(root, logstore, name):
    template = TEMPLATES[name]
    rule = {
        "name": "under-test",
        "displayName": "Under test",
        "schedule": {"type": "FixedRate", "interval": f"{template.interval}s"},
        "configuration": {
            "version": "2.0",
            "type": "tpl",
            "templateConfiguration": {
                "id": name,
                "type": "sys",
                "lang": "en",
                "tokens": {"default.project": logstore.project, "default.logstore": logstore.name},
            },
        },
    }
    start, end = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (FROM, TO))
    tested = {"Project": logstore.project, "Rule": json.dumps(rule), "StartTime": start, "EndTime": end}
    report = root.cairn("TestAlertRule", **tested)["Report"]
    assert report["Evaluations"]["Failed"] == 0, report["Failures"]
    found = [
        (tuple((field, each["Labels"][field]) for field in template.group), each["Fired"], each["Ended"], each["Runs"])
        for each in report["Incidents"]
    ]
    assert all(each["Severity"] == template.severity for each in report["Incidents"])

    def text(at):
        return at and f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"

    expected = [
        (labels, text(fired), text(ended), runs)
        for labels, fired, ended, runs in Firing(template, logstore.events).incidents(FROM, TO)
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    if name not in WITHOUT_EVENTS:
        assert expected, "the data has an alert for each rule"


def test_the_evaluation_here_reads_conditions():
    assert duration("14d") == 14 * 86_400
    row = {"cnt": "5", "first_seen": 90, "nothing": None}
    for condition, expected in [
        ("", True),
        ("cnt > 5", False),
        ("cnt >= 5 && first_seen >= __end_time__ - 10", True),
        ("first_seen >= __end_time__ - 9", False),
        ("nothing < 9", False),
    ]:
        assert passes(condition, row, 100) is expected, condition
