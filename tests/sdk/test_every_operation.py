"""Every operation of the table, as a node shows it: a valid call, one by a user without permission, one without each
required parameter, one with each parameter wrong, and the events they leave.

The calls go through the generated SDK of the service where it has the operation, else through the core of the same SDK.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from alibabacloud_actiontrail20200706 import models as trail_models
from alibabacloud_actiontrail20200706.client import Client as TrailClient
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_sts20150401 import models as sts_models
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.client import Client as CoreClient
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from alibabacloud_tea_util.models import RuntimeOptions

from alerts import logstore_of_everything, rule
from bucket import FolderBucket
from calls import Key
from clients import NewSdk, Refused, tea_config
from logs import log_client, through
from node import wait_until
from operations_page import Operation, operations
from scenario import RULE, SCENARIO
from test_identity import user_with_policy

GENERATED = {
    "Actiontrail": (TrailClient, trail_models),
    "Ram": (RamClient, ram_models),
    "Sts": (StsClient, sts_models),
}


@dataclass
class Caller:
    """One key, with a client for each service."""

    key: Key
    clients: dict = field(default_factory=dict)

    def call(self, operation: Operation, params: dict) -> dict:
        client, models = GENERATED.get(operation.service, (CoreClient, None))
        client = self.clients.setdefault(client, client(tea_config(self.key)))
        try:
            arguments = arguments_of(models, operation.name, params)
            if arguments is not None:
                return getattr(client, snake(operation.name))(*arguments).body.to_map()
            called = Params(
                action=operation.name,
                version=operation.version,
                protocol="HTTP",
                pathname="/",
                method="POST",
                auth_type="AK",
                style="RPC",
                req_body_type="formData",
                body_type="json",
            )
            return client.call_api(called, OpenApiRequest(query=params), RuntimeOptions())["body"]
        except AlibabaCloudException as error:
            raise Refused(error.status_code, error.code, error.message) from error


def arguments_of(models, operation: str, params: dict):
    """What the generated method takes; nothing when the SDK does not have the operation or one of the parameters."""
    if not hasattr(models, operation + "Response"):
        return None
    request = getattr(models, operation + "Request", None)
    if request is None:
        return None if params else []
    request = request().from_map(params)
    return [request] if set(request.to_map()) >= set(params) else None


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass
class Walk:
    """What the calls of the scenario made, for those that follow."""

    folder: FolderBucket
    account: str
    port: int
    started: datetime
    # By who has them.
    keys: dict
    made: dict = field(default_factory=dict)

    @property
    def key_id(self) -> str:
        return self.keys["root"].id


@pytest.fixture(scope="module")
def table(node) -> dict:
    return {(row.service, row.name): row for row in operations(node.port)}


@pytest.fixture(scope="module")
def nobody(root) -> Caller:
    return Caller(user_with_policy(root, "nobody-at-all", None))


@pytest.fixture(scope="module")
def walk(node, root, tmp_path_factory) -> Walk:
    user = user_with_policy(root, "somebody", "AliyunSTSAssumeRoleAccess")
    folder = FolderBucket(tmp_path_factory.mktemp("every"))
    project, name = RULE["Project"], RULE["RuleName"]
    with through(node.port):
        client = log_client(root)
        logstore = logstore_of_everything(client, root, node.key["account_id"], project, "every-alerted")
        client.create_alert(project, rule(name, project, logstore))
    return Walk(folder, node.key["account_id"], node.port, datetime.now(UTC), {"root": root, "user": user})


@pytest.fixture(scope="module")
def walked(table, nobody, walk) -> dict:
    """Goes through the scenario; what each call met, by service and operation."""
    met = {}
    for step in SCENARIO:
        row = table[step.service, step.operation]
        params = step.params(walk)
        caller = Caller(walk.keys[step.by])
        denied = None if step.is_free else outcome(nobody, row, params)
        faults = {}
        for parameter in row.parameters:
            name = parameter.on_the_wire
            if parameter.is_required and name in params:
                rest = {other: value for other, value in params.items() if other != name}
                faults[f"without {name}"] = outcome(caller, row, rest)
            if parameter.wrong:
                faults[f"with a wrong {name}"] = outcome(caller, row, params | {name: parameter.wrong})
        reply = outcome(caller, row, params)
        if step.then and isinstance(reply, dict):
            step.then(walk, reply)
        met[step.service, step.operation] = (reply, denied, faults)
    return met


def outcome(caller: Caller, row: Operation, params: dict):
    try:
        return caller.call(row, params)
    except Refused as refused:
        return refused


def test_every_operation_is_called(table):
    assert sum(service == "Actiontrail" for service, _ in table) == 73
    assert {(step.service, step.operation) for step in SCENARIO} == set(table)


def test_a_valid_call_is_answered(walked):
    refused = {name: str(reply) for name, (reply, _, _) in walked.items() if not isinstance(reply, dict)}
    assert not refused
    assert all(reply.get("RequestId") for reply, _, _ in walked.values())


def test_a_user_without_permission_is_refused(walked):
    for name, (_, denied, _) in walked.items():
        if denied is None:
            continue
        assert isinstance(denied, Refused), name
        assert (denied.status, denied.code) == (403, "NoPermission"), (name, denied)


def test_missing_and_wrong_parameters_are_named(walked):
    unnamed = []
    for operation, (_, _, faults) in walked.items():
        for fault, answer in faults.items():
            parameter = fault.split()[-1].split(".")[0]
            is_told = isinstance(answer, Refused) and 400 <= answer.status < 500 and parameter in answer.message
            unnamed += [] if is_told else [(operation, fault, str(answer)[:300])]
    assert not unnamed


def test_each_call_left_its_event(walked, walk, table):
    keys = [walk.keys["root"], walk.keys["another"]]

    def recorded(name):
        return [event for key in keys for event in NewSdk(key).lookup([("EventName", name)])]

    for service, name in walked:
        events = wait_until(lambda name=name: recorded(name), f"{name} is recorded")
        wanted = (service_in_events(service), table[service, name].version)
        events = [event for event in events if (event["serviceName"], event["apiVersion"]) == wanted]
        codes = {event.get("errorCode") for event in events if event["userIdentity"].get("userName") == "nobody-at-all"}
        assert walked[service, name][1] is None or "NoPermission" in codes, (name, codes)
        assert any("errorCode" not in event for event in events), name


def service_in_events(service: str) -> str:
    return "Actiontrail" if service.startswith("Actiontrail") else service
