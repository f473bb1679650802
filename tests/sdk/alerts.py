"""Alert rules, records and what they need, for the tests of alerting."""

from aliyun.log import LogClient

from calls import Key
from clients import NewSdk
from logs import REGION


def rule(name: str, project: str, logstore: str, **more) -> dict:
    """A rule as Log Service's SDKs send it: any event fires."""
    configuration = {
        "version": "2.0",
        "type": "default",
        "dashboard": "internal-alert-analysis",
        "queryList": [
            {
                "storeType": "log",
                "region": REGION,
                "project": project,
                "store": logstore,
                "query": "*",
                "timeSpanType": "Relative",
                "start": "-15m",
                "end": "now",
                "powerSqlMode": "auto",
            }
        ],
        "groupConfiguration": {"type": "no_group", "fields": []},
        "joinConfigurations": [],
        "severityConfigurations": [{"severity": 8, "evalCondition": {"condition": "", "countCondition": ""}}],
        "threshold": 1,
        "noDataFire": False,
        "noDataSeverity": 6,
        "sendResolved": True,
        "autoAnnotation": False,
        "labels": [{"key": "team", "value": "security"}],
        "annotations": [{"key": "title", "value": "${__count__} events"}],
        "policyConfiguration": {
            "alertPolicyId": "sls.builtin.dynamic",
            "actionPolicyId": "sls.app.actiontrail.builtin",
            "repeatInterval": "2h",
            "useDefault": False,
        },
    } | more
    return {
        "name": name,
        "displayName": f"The rule {name}",
        "description": "of the tests",
        "type": "Alert",
        "state": "Enabled",
        "schedule": {"type": "FixedRate", "interval": "60s", "runImmediately": True},
        "configuration": configuration,
    }


def user(user_id: str, name: str) -> dict:
    return {
        "user_id": user_id,
        "user_name": name,
        "email": [f"{name.lower()}@example.net"],
        "country_code": "86",
        "phone": "13811111111",
        "enabled": True,
        "sms_enabled": True,
        "voice_enabled": True,
    }


def logstore_of_everything(client: LogClient, root: Key, account: str, project: str, trail: str) -> str:
    """A project, and a Logstore in it that shows every event from now on."""
    client.create_project(project, "of the tests")
    sdk = NewSdk(root)
    arn = f"acs:log:{REGION}:{account}:project/{project}"
    sdk.call("CreateTrail", Name=trail, SlsProjectArn=arn, EventRW="All", TrailRegion="All")
    sdk.call("StartLogging", Name=trail)
    return f"actiontrail_{trail}"
