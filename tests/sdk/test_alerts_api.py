"""Alert rules, resources and records through Log Service's official clients, and the same through `cairn alert`."""

import json
import os
import subprocess
import time

import pytest
from alibabacloud_sls20201230 import models
from aliyun.log import LogException
from aliyun.log.resource_params import Resource, ResourceRecord, ResourceSchemaItem
from darabonba.exceptions import UnretryableException

from alerts import logstore_of_everything, rule, user
from logs import VERSIONS, cli, log_client, tea_logs, through
from node import wait_until

PROJECT, COPY = "alert-rules", "alert-copies"
USERS = "sls.common.user"


@pytest.fixture(scope="module", autouse=True)
def proxied(node):
    with through(node.port):
        yield


@pytest.fixture(scope="module")
def logstore(node, root) -> str:
    return logstore_of_everything(log_client(root), root, node.key["account_id"], PROJECT, "everything")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_rule_lives_through_the_python_sdk(root, logstore, version):
    client, name = log_client(root, version), f"python-{version}"
    sent = rule(name, PROJECT, logstore, muteUntil=1_700_000_000, extension=[1.5, "ünï"])
    client.create_alert(PROJECT, sent)
    with pytest.raises(LogException) as twice:
        client.create_alert(PROJECT, sent)
    assert (twice.value.resp_status, twice.value.get_error_code()) == (400, "JobAlreadyExist")
    shown = client.get_alert(PROJECT, name).get_entity()
    assert {key: shown[key] for key in sent} == sent
    assert (shown["status"], abs(shown["createTime"] - time.time()) < 600) == ("ENABLED", True)

    client.disable_alert(PROJECT, name)
    shown = client.get_alert(PROJECT, name).get_entity()
    assert (shown["state"], shown["status"]) == ("Disabled", "DISABLED")
    client.enable_alert(PROJECT, name)
    changed = rule(name, PROJECT, logstore, threshold=3)
    client.update_alert(PROJECT, changed)
    assert client.get_alert(PROJECT, name).get_entity()["configuration"] == changed["configuration"]

    listed = client.list_alert(PROJECT, size=-1)
    assert listed.get_total() >= 1
    assert name in [each["name"] for each in listed.get_entities()]
    client.delete_alert(PROJECT, name)
    with pytest.raises(LogException) as gone:
        client.get_alert(PROJECT, name)
    assert (gone.value.resp_status, gone.value.get_error_code()) == (404, "JobNotExist")


def test_the_sdk_copies_a_rule_to_another_project(root, logstore):
    client = log_client(root)
    client.create_project(COPY, "")
    client.create_alert(PROJECT, rule("original", PROJECT, logstore))
    client.copy_alert(PROJECT, "original", to_project=COPY, to_alert_name="the-copy")
    copy = client.get_alert(COPY, "the-copy").get_entity()
    assert [query["project"] for query in copy["configuration"]["queryList"]] == [COPY]
    # A project goes with its rules.
    client.delete_project(COPY)
    with pytest.raises(LogException) as gone:
        client.get_alert(COPY, "the-copy")
    assert gone.value.get_error_code() == "ProjectNotExist"
    client.delete_alert(PROJECT, "original")


def test_older_rules_and_templates_come_back_as_they_were(root, logstore):
    client = log_client(root)
    older = rule("older-rule", PROJECT, logstore)
    older["configuration"] = {
        "condition": "n > 0",
        "dashboard": "internal-alert",
        "queryList": [
            {
                "chartTitle": "c",
                "logStore": logstore,
                "query": "* | select count(1) as n",
                "start": "-60s",
                "end": "now",
            }
        ],
        "notifyThreshold": 1,
        "throttling": "5m",
        "muteUntil": 0,
        "notificationList": [
            {"type": "Email", "content": "${Results}", "subject": "s", "emailList": ["a@example.net"]},
            {"type": "DingTalk", "content": "c", "serviceUri": "https://example.com/send?access_token=secret-of-robot"},
        ],
    }
    template = rule("template-rule", PROJECT, logstore)
    template["configuration"] = {
        "version": "2.0",
        "type": "tpl",
        "templateConfiguration": {
            "id": "sls.app.actiontrail.cis.at.root_login",
            "type": "sys",
            "lang": "en",
            "version": "1",
            "tokens": {
                "default.project": PROJECT,
                "default.logstore": logstore,
                "default.action_policy": "sls.app.actiontrail.builtin",
            },
        },
    }
    for each in (older, template):
        client.create_alert(PROJECT, each)
        assert client.get_alert(PROJECT, each["name"]).get_entity()["configuration"] == each["configuration"]
    recorded = wait_until(lambda: root.search(EventName="CreateJob", limit=10).json["Events"], "the event of a rule")
    assert "secret-of-robot" not in json.dumps(recorded)
    for each in (older, template):
        client.delete_alert(PROJECT, each["name"])


def test_what_cannot_be_a_rule_is_refused_once_and_for_all(root, logstore):
    client = log_client(root)
    wrong = [
        rule("Upper-Case", PROJECT, logstore),
        rule("no-queries", PROJECT, logstore, queryList=[]),
        rule("bad-join", PROJECT, logstore, joinConfigurations=[{"type": "cross_join", "condition": ""}] * 2),
        rule("bad-severity", PROJECT, logstore, severityConfigurations=[{"severity": 3, "evalCondition": {}}]),
        rule("bad-template", PROJECT, logstore, type="tpl", templateConfiguration={"id": "none", "type": "sys"}),
        rule("bad-schedule", PROJECT, logstore) | {"schedule": {"type": "FixedRate", "interval": "3s"}},
        rule("other-job", PROJECT, logstore) | {"type": "Ingestion"},
    ]
    for each in wrong:
        with pytest.raises(LogException) as refused:
            client.create_alert(PROJECT, each)
        told = (refused.value.resp_status, refused.value.get_error_code())
        assert told == (400, "ParameterInvalid"), (each["name"], str(refused.value))
    assert client.list_alert(PROJECT).get_total() == 0


def test_a_rule_lives_through_the_openapi_sdk(root, logstore):
    client, name = tea_logs(root), "openapi-rule"
    sent = rule(name, PROJECT, logstore)
    body = {key: sent[key] for key in ("name", "displayName", "description", "schedule", "configuration")}
    client.create_alert(PROJECT, models.CreateAlertRequest().from_map(body))
    shown = client.get_alert(PROJECT, name).body
    assert (shown.name, shown.status, shown.display_name) == (name, "ENABLED", sent["displayName"])
    assert shown.configuration.to_map().items() >= {"threshold": 1, "sendResolved": True}.items()
    assert shown.configuration.query_list[0].store == logstore
    client.disable_alert(PROJECT, name)
    assert client.get_alert(PROJECT, name).body.status == "DISABLED"
    client.enable_alert(PROJECT, name)
    body["configuration"]["threshold"] = 2
    body.pop("name")
    client.update_alert(PROJECT, name, models.UpdateAlertRequest().from_map(body))
    assert client.get_alert(PROJECT, name).body.configuration.threshold == 2
    for query, total in [({"logstore": logstore}, 1), ({"logstore": "another"}, 0), ({"offset": 0, "size": 1}, 1)]:
        listed = client.list_alerts(PROJECT, models.ListAlertsRequest(**query)).body
        assert (listed.total, listed.count, len(listed.results)) == (total, total, total), query
    client.delete_alert(PROJECT, name)
    with pytest.raises(UnretryableException, match="JobNotExist"):
        client.get_alert(PROJECT, name)


def test_the_command_line_of_log_service_finds_rules(root, logstore):
    log_client(root).create_alert(PROJECT, rule("listed-rule", PROJECT, logstore))
    done = cli(root, "list_alert", f"--project={PROJECT}")
    assert done.returncode == 0, done.stderr
    assert [each["name"] for each in json.loads(done.stdout)["results"]] == ["listed-rule"]
    log_client(root).delete_alert(PROJECT, "listed-rule")


@pytest.mark.parametrize("version", VERSIONS)
def test_tables_of_records_live_through_the_python_sdk(root, version):
    """The steps of the SDK's own test of resources, which cannot be pointed elsewhere."""
    client, name = log_client(root, version), f"table.{version}"
    resource = Resource(name, "userdefine", [ResourceSchemaItem("name", "", "string")], "test")
    resource.set_acl({"policy": {"type": "all_rw"}})
    client.create_resource(resource)
    assert client.get_resource(name).get_resource().get_description() == "test"
    found = client.list_resources(resource_type="userdefine", resource_names=[name]).get_resources()
    assert [each.get_resource_name() for each in found] == [name]
    changed = Resource(name, schema_list=[ResourceSchemaItem("updateName", "", "long")], description="changed")
    changed.set_acl({"policy": {"type": "all_rw"}})
    client.update_resource(changed)
    shown = client.get_resource(name).get_resource()
    assert (shown.get_schema()[0].get_column(), shown.get_acl()) == ("updateName", {"policy": {"type": "all_rw"}})

    client.create_resource_record(name, ResourceRecord("9527", "a_tag", {"updateName": "1111"}))
    assert client.get_resource_record(name, "9527").get_record().get_value() == {"updateName": "1111"}
    client.update_resource_record(name, ResourceRecord("9527", "another_tag", {"updateName": "9999"}))
    upserted = [ResourceRecord("9528", "", {"updateName": "1234"}), ResourceRecord("9527", "", {"updateName": "8888"})]
    client.upsert_resource_record(name, upserted)
    kept = client.get_resource_record(name, "9527").get_record()
    assert (kept.get_value(), kept.get_tag()) == ({"updateName": "8888"}, "another_tag")
    listed = client.list_resource_records(name, record_ids=["9528"])
    assert (listed.get_total(), [each.get_value() for each in listed.get_records()]) == (1, [{"updateName": "1234"}])
    assert client.list_resource_records(name, tag="another_tag").get_count() == 1
    client.delete_resource_record(name, ["9527", "9528"])
    for call, code in [
        (lambda: client.get_resource_record(name, "9527"), "ResourceRecordNotExist"),
        (lambda: client.delete_resource_record(name, ["9527"]), "ResourceRecordNotExist"),
        (lambda: client.get_resource("none"), "ResourceNotExist"),
        (lambda: client.list_resource_records("none"), "ResourceNotExist"),
    ]:
        with pytest.raises(LogException) as refused:
            call()
        assert (refused.value.resp_status, refused.value.get_error_code()) == (404, code)
    client.delete_resource(name)
    with pytest.raises(LogException) as gone:
        client.get_resource(name)
    assert gone.value.get_error_code() == "ResourceNotExist"


def test_people_policies_and_templates_are_records(root):
    client = log_client(root)
    records = {
        USERS: user("kumer-1", "Kumer"),
        "sls.common.user_group": {
            "user_group_id": "ops-group",
            "user_group_name": "Ops",
            "enabled": True,
            "members": ["kumer-1"],
        },
        "sls.alert.action_policy": {
            "action_policy_id": "mail-policy",
            "action_policy_name": "Mail",
            "is_default": False,
            "labels": {},
            "primary_policy_script": 'fire(type="email", users=["kumer-1"], template_id="sls.builtin.en")',
            "secondary_policy_script": "",
            "escalation_start_enabled": False,
            "escalation_inprogress_enabled": False,
            "escalation_enabled": False,
        },
        "sls.alert.alert_policy": {
            "policy_id": "by-rule-policy",
            "policy_name": "By rule",
            "parent_id": "",
            "is_default": False,
            "group_script": 'fire(action_policy="mail-policy", group={"alert.alert_id": alert.alert_id}, '
            'group_by_all_labels=true, group_wait="15s", group_interval="5m", repeat_interval="1h")',
            "inhibit_script": "",
            "silence_script": "",
        },
        "sls.alert.action_webhook": {
            "id": "robot-of-ops",
            "name": "Robot",
            "type": "dingtalk",
            "url": "https://example.com/send?access_token=abc",
            "method": "POST",
            "headers": [],
            "secret": "shared",
        },
        "sls.alert.content_template": {
            "template_id": "our-template",
            "template_name": "Ours",
            "is_default": False,
            "templates": {
                "email": {"locale": "en-US", "subject": "{{ alert_name }}", "content": "<b>{{ severity }}</b>"}
            },
        },
    }
    for resource, value in records.items():
        record_id = next(iter(value.values()))
        client.create_resource_record(resource, ResourceRecord(record_id, "a tag", value))
        assert client.get_resource_record(resource, record_id).get_record().get_value() == value
        # What the release brings is there and stays.
        assert record_id in [each.get_record_id() for each in client.list_resource_records(resource).get_records()]
    wrong = records["sls.alert.action_policy"] | {"action_policy_id": "wrong-policy", "primary_policy_script": "fire("}
    refused = [
        ("sls.alert.action_policy", wrong),
        (USERS, user("kumer-2", "Ku|mer")),
        (USERS, user("1-starts-with-a-digit", "Kumer")),
        (USERS, user("kumer-3", "Kumer") | {"country_code": "86000"}),
    ]
    for resource, value in refused:
        with pytest.raises(LogException) as told:
            client.create_resource_record(resource, ResourceRecord(next(iter(value.values())), "", value))
        assert (told.value.resp_status, told.value.get_error_code()) == (400, "ParameterInvalid"), value
    for resource, value in records.items():
        client.delete_resource_record(resource, [next(iter(value.values()))])


def test_records_live_through_the_openapi_sdk(root):
    client = tea_logs(root)

    def record(user_id, name):
        return models.ResourceRecord(id=user_id, tag=name, value=json.dumps(user(user_id, name)))

    made = client.create_resource_record(USERS, models.CreateResourceRecordRequest(body=record("alice-1", "Alice")))
    assert made.body.id == "alice-1"
    both = [record("alice-1", "Alicia"), record("robert", "Bob")]
    client.upsert_resource_record(USERS, models.UpsertResourceRecordRequest(records=both))
    changed = models.UpdateResourceRecordRequest(body=record("robert", "Rob"))
    client.update_resource_record(USERS, "robert", changed)
    shown = client.get_resource_record(USERS, "robert", models.GetResourceRecordRequest()).body
    assert (shown.id, shown.tag, json.loads(shown.value)) == ("robert", "Rob", user("robert", "Rob"))
    request = models.ListResourceRecordRequest(json_path="$.user_name", json_path_value="Alicia", size=10, offset=0)
    listed = client.list_resource_record(USERS, request).body
    assert (listed.total, [each.id for each in listed.items]) == (1, ["alice-1"])
    ids, following = [], None
    while True:
        request = models.ListNextResourceRecordRequest(max_results=1, next_token=following)
        page = client.list_next_resource_record(USERS, request).body
        ids += [each.id for each in page.items]
        following = page.next_token
        if not following:
            break
    assert (ids, page.total) == (["alice-1", "robert"], 2)
    system = models.ListResourceRecordRequest(include_system_records=True)
    templates = client.list_resource_record("sls.alert.content_template", system).body.items
    assert {"sls.app.actiontrail.builtin.cn", "sls.app.actiontrail.builtin.en"} <= {each.id for each in templates}
    client.delete_resource_record(USERS, models.DeleteResourceRecordRequest(ids="alice-1,robert"))
    assert client.list_resource_record(USERS, models.ListResourceRecordRequest()).body.total == 0


@pytest.fixture(scope="module")
def alert(binary, node, root):
    """`cairn alert ...`, which must succeed; its output, as JSON."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAIRN_")} | {
        "CAIRN_ENDPOINT": node.url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": root.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": root.secret,
    }

    def run(*arguments, text=None, as_json=True):
        command = [binary, "alert", *arguments, *(["--output", "json"] if as_json else [])]
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment, timeout=60)
        assert done.returncode == 0, f"{arguments}:\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if as_json else done.stdout

    return run


def test_the_command_line_of_cairn_shows_and_switches_rules(root, logstore, alert):
    client = log_client(root)
    client.create_alert(PROJECT, rule("shown-rule", PROJECT, logstore))
    listed = alert("list")
    assert [(each["Project"], each["RuleName"], each["Enabled"]) for each in listed] == [(PROJECT, "shown-rule", True)]
    assert f"{PROJECT}/shown-rule" in alert("list", as_json=False)
    alert("disable", f"{PROJECT}/shown-rule")
    assert client.get_alert(PROJECT, "shown-rule").get_entity()["state"] == "Disabled"
    alert("enable", f"{PROJECT}/shown-rule")
    shown = alert("show", f"{PROJECT}/shown-rule")["Rule"]
    assert (shown["Enabled"], shown["Schedule"]["interval"]) == (True, "60s")
    assert "queryList" in alert("show", f"{PROJECT}/shown-rule", as_json=False)
    client.delete_alert(PROJECT, "shown-rule")


def test_the_command_line_of_cairn_silences_and_shows_templates(alert):
    matchers = ["--match", "labels.user==alice", "--match", "severity>=8"]
    made = alert("silence", *matchers, "--for", "2h", "--reason", "a planned migration")["Silence"]
    listed = alert("silences")
    assert [each["SilenceId"] for each in listed] == [made["SilenceId"]]
    assert [(each["Object"], each["Operator"]) for each in listed[0]["Matchers"]] == [
        ("labels.user", "=="),
        ("severity", ">="),
    ]
    assert "severity>=8" in alert("silences", as_json=False)
    alert("unsilence", made["SilenceId"])
    assert alert("silences") == []
    for empty in ("incidents", "history", "inbox"):
        assert isinstance(alert(empty), list)
    english = alert("preview", "sls.builtin.en", "--channel", "email")["Messages"]
    chinese = alert("preview", "sls.builtin.en", "--channel", "email", "--locale", "zh-CN")["Messages"]
    assert english and english[0]["Body"]
    assert chinese


def test_users_come_and_go_as_lines(root, alert):
    lines = "".join(f"person{number:04},Person {number},true,86-138{number:08},true,false,\n" for number in range(1500))
    # More than one call carries.
    assert len(lines) > 64 * 1024
    assert alert("import-users", "-", text=lines)["Count"] == 1500
    exported = alert("export-users", as_json=False).splitlines()
    assert [line for line in exported if not line.startswith("#")] == lines.splitlines()
    client = log_client(root)
    shown = client.get_resource_record(USERS, "person0042").get_record()
    assert (shown.get_tag(), shown.get_value()["phone"]) == ("Person 42", "13800000042")
    for first in range(0, 1500, 100):
        client.delete_resource_record(USERS, [f"person{number:04}" for number in range(first, first + 100)])


def test_an_alert_goes_from_its_rule_to_the_inbox(root, logstore, alert):
    """What the clients of alerting see of one rule that fires: incident, history, message, report, explanation."""
    client, name = log_client(root), "watched-rule"
    started = int(time.time())
    client.create_alert(PROJECT, rule(name, PROJECT, logstore))
    incidents = wait_until(lambda: alert("incidents", "--rule", name), "the rule fired", 150)
    incident, about = incidents[0]["IncidentId"], {"Status": "firing", "Severity": 8, "Labels": {"team": "security"}}
    assert incidents[0].items() >= about.items()
    message = wait_until(lambda: alert("inbox", "--unread", "--mark-read"), "a message in the inbox", 60)[0]
    assert message["Title"]
    # Others may have come.
    assert message["MessageId"] not in [each["MessageId"] for each in alert("inbox", "--unread")]

    def in_the_inbox():
        return [each for each in alert("history", "--incident", incident) if each["Channel"] == "message_center"]

    # The message above may be another rule's.
    told = wait_until(in_the_inbox, "the rule's own message", 60)
    assert told[0]["Outcome"] == "sent" and told[0]["Reason"], told
    shown = alert("incident", incident)
    assert shown["Incident"]["Alert"]["fire_results_count"] >= 1
    assert alert("confirm", incident, "--note", "mine")["Incident"]["HandledBy"] == "root"
    assert alert("incidents", "--status", "confirmed")[0]["Note"] == "mine"

    def evaluations():
        window = (started - 600, started + 600)
        found = client.get_log(PROJECT, "internal-alert-history", *window, query=f"AlertName: {name}")
        return [log.get_contents() for log in found.get_logs()]

    def fired():
        return [run for run in evaluations() if run["Fired"] == "true"]

    run = wait_until(fired, "an evaluation that fired in the history", 60)[0]
    assert run["Status"] == "Success"
    assert {"AlertID", "AlertDisplayName", "Condition", "Results", "Severity"} <= set(run)
    report = alert("test", f"{PROJECT}/{name}", "--since", "1h")["Report"]
    assert report
    assert alert("explain", f"{PROJECT}/{name}")["Report"]
    days = root.rpc("DescribeUserAlertCount", "2020-07-06").json["Data"]["Counts"]
    assert sum(days) >= 1
    client.delete_alert(PROJECT, name)
