"""How many, which and when last, through the official SDKs; the console's own operations by hand; older versions."""

import json
import re
import time

import pytest
from alibabacloud_actiontrail20171204 import models as models_2017
from alibabacloud_actiontrail20171204.client import Client as Client2017
from alibabacloud_actiontrail20200706 import models
from alibabacloud_actiontrail20200706.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

from bucket import FolderBucket
from calls import TRAIL_VERSION, Key, ago, stamp
from clients import tea_config
from node import wait_until

KEY = "LTAI5tQUESTIONS0000000000"


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Asked:
    """Any operation of the SDK by its name."""

    def __init__(self, key: Key):
        self.client = Client(tea_config(key))

    def __call__(self, operation: str, **params) -> dict:
        request = getattr(models, operation + "Request", None)
        method = getattr(self.client, snake(operation))
        reply = method(request().from_map(params)) if request else method()
        assert reply.status_code == 200
        return reply.body.to_map()


@pytest.fixture(scope="module")
def ask(root) -> Asked:
    root.put_lines(json.dumps(event).encode() for event in happened())
    return Asked(root)


def happened():
    """Thirty calls of two services, and three insights, within the last hours."""
    for n in range(30):
        yield {
            "eventId": f"q{n}",
            "eventTime": stamp(ago(minutes=60 - n)),
            "serviceName": ["Ecs", "Oss"][n % 2],
            "eventName": ["RunInstances", "PutBucket", "DeleteInstance"][n % 3],
            "eventRW": "Write",
            "acsRegion": "cn-hangzhou",
            "sourceIpAddress": f"10.9.8.{n % 4}",
            "userIdentity": {"type": "ram-user", "userName": "quinn", "accountId": "1", "accessKeyId": KEY},
            "referencedResources": {"ACS::ECS::Instance": [f"i-{n % 5}"]},
        }
    for n in range(3):
        yield {
            "eventId": f"insight{n}",
            "eventTime": stamp(ago(minutes=30)),
            "eventType": "ActionTrailInsight",
            "eventCategory": "Insight",
            "acsRegion": "cn-hangzhou",
            "insightDetails": {"insightType": ["IpInsight", "AkInsight"][n % 2], "insightObject": f"10.9.8.{n}"},
        }


def by_hand(root: Key, operation: str, **params) -> dict:
    reply = root.rpc(operation, TRAIL_VERSION, **params)
    assert reply.status == 200, reply.text
    return reply.json


def test_insights_are_looked_up_counted_and_switched(ask, root):
    found = ask("LookupInsightEvents", MaxResults="2")
    more = ask("LookupInsightEvents", MaxResults="2", NextToken=found["NextToken"])
    ids = [event["eventId"] for event in found["Events"] + more["Events"]]
    assert sorted(ids) == ["insight0", "insight1", "insight2"] and not more.get("NextToken")
    of_type = ask("LookupInsightEvents", LookupAttribute=[{"Key": "InsightType", "Value": "AkInsight"}])
    assert [event["eventId"] for event in of_type["Events"]] == ["insight1"]
    counts = {entry["InsightType"]: entry["Count"] for entry in ask("GetInsightsEventsCount")["Data"]}
    assert counts == {"IpInsight": 2, "AkInsight": 1}
    assert by_hand(root, "GetInsightEventCount")["Count"] == 3
    assert by_hand(root, "GetInsightIpCount")["Count"] == 2

    ask("EnableInsight", InsightType="IpInsight")
    assert ask("GetInsightTypes")["InsightTypes"]["IpInsight"] == "Enable"
    ask("DisableInsight", InsightType="IpInsight")
    assert ask("GetInsightTypes")["InsightTypes"]["IpInsight"] == "Disable"
    with pytest.raises(AlibabaCloudException) as refused:
        ask("EnableInsight", InsightType="Weather")
    assert (refused.value.status_code, refused.value.code) == (400, "InsightTypeNotAvailable")


def test_events_are_counted_and_grouped(ask, root):
    user = {"LookupAttribute.1.Key": "User", "LookupAttribute.1.Value": "quinn"}
    assert by_hand(root, "GetEventsCount", **user)["Count"] == 30
    groups = by_hand(root, "LookupAggregationEvents", AggregateBy="ServiceName", **user)
    assert [(group["ServiceName"], group["Count"]) for group in groups["AggregationEvents"]] == [
        ("Oss", 15),
        ("Ecs", 15),
    ]
    logs = ask("DescribeUserLogCount")["Data"]
    assert len(logs["Dates"]) == len(logs["Counts"]) == 30 and sum(logs["Counts"]) >= 33
    assert sum(ask("DescribeUserAlertCount")["Data"]["Counts"]) == 3


def test_a_keys_last_use(ask):
    info = ask("GetAccessKeyLastUsedInfo", AccessKey=KEY)
    assert (info["UserName"], info["ServiceNameEn"], info["Source"]) == (
        "quinn",
        "Object Storage Service",
        "ManagementEvent",
    )
    assert json.loads(info["Detail"])["eventId"] == "q29"
    products = ask("GetAccessKeyLastUsedProducts", AccessKey=KEY)["Products"]
    assert [product["ServiceName"] for product in products] == ["Oss", "Ecs"]
    found, token = [], None
    while True:
        page = ask("GetAccessKeyLastUsedIps", AccessKey=KEY, ServiceName="Ecs", PageSize="1", NextToken=token)
        found += [entry["Ip"] for entry in page["Ips"]]
        token = page.get("NextToken")
        if not token:
            break
    assert found == ["10.9.8.0", "10.9.8.2"]
    events = ask("GetAccessKeyLastUsedEvents", AccessKey=KEY, ServiceName="Ecs")["Events"]
    assert {event["EventName"] for event in events} == {"RunInstances", "PutBucket", "DeleteInstance"}
    resources = ask("GetAccessKeyLastUsedResources", AccessKey=KEY, ServiceName="Ecs")["Resources"]
    assert {resource["ResourceType"] for resource in resources} == {"ACS::ECS::Instance"} and len(resources) == 5


def test_templates_history_and_scenes(ask):
    made = ask("CreateAdvancedQueryTemplate", SimpleQuery=True, TemplateName="Mine", TemplateSql="event.eventName: *")
    ask("UpdateAdvancedQueryTemplate", TemplateId=made["TemplateId"], SimpleQuery=False, TemplateSql="a | SELECT 1")
    got = ask("GetAdvancedQueryTemplate", TemplateId=made["TemplateId"])
    assert (got["TemplateName"], got["SimpleQuery"], got["TemplateSql"]) == ("Mine", False, "a | SELECT 1")
    assert "TemplateId" not in ask("GetAdvancedQueryTemplate", TemplateId="utpl-none")
    page = ask("DescribeAdvancedQueryTemplate", TemplateName="mine")["TemplatePage"]
    assert page["Total"] == 1 and page["TemplateList"][0]["TemplateId"] == made["TemplateId"]
    ask("DeleteAdvancedQueryTemplate", TemplateId=made["TemplateId"])
    kept = ask("CreateAdvancedQueryHistory", SimpleQuery=True, QuerySql="event.eventRW: Write")
    assert [query["QueryId"] for query in ask("DescribeAdvancedQueryHistory")["QueryHistoryList"]] == [kept["QueryId"]]
    ask("DeleteAdvancedQueryHistory", QueryId=kept["QueryId"])
    scenes = ask("DescribeScenes")["SceneList"]
    templates = ask("DescribeSearchTemplates", SceneId=scenes[0]["SceneId"])["TemplateList"]
    assert templates and all(json.loads(template["Params"]) for template in templates)


def test_the_catalogue_knows_and_learns(ask, root):
    tree = json.loads(ask("DescribeResourceLifeCycleEvents", ServiceName="Ecs")["Data"])
    kinds = {kind["value"]: kind["children"] for kind in tree[0]["children"]}
    assert "RunInstances" in kinds["ACS::ECS::Instance"][0]["value"]
    names = {entry["EventName"] for entry in by_hand(root, "ListEventNames", ServiceName="Oss")["EventNames"]}
    assert {"PutBucketAcl", "RunInstances"} <= names
    services = ask("ListDataEventServices", MaxResults=100)["Data"]["ServiceInfos"]
    assert {"Oss", "Cms", "PDS", "Push"} <= {service["ServiceName"] for service in services}


def test_selectors_decide_what_is_delivered_and_global_events_lie_where_they_are_told(ask, root, bucket: FolderBucket):
    root.cairn("CreateBucket", Name="questions", Url=bucket.url)
    ask("CreateTrail", Name="questions-trail", OssBucketName="questions")
    ask("StartLogging", Name="questions-trail")
    selectors = json.dumps([{"ServiceName": "Oss", "EventName": {"Equals": ["GetObject"]}}])
    put = {"TrailName": "questions-trail", "EventSelectors": selectors, "TrailRegionIds": "cn-hangzhou"}
    ask("PutDataEventSelector", **put)
    ask("PutInsightSelectors", TrailName="questions-trail", InsightSelectors='[{"insightType":"AkInsight"}]')
    ask("UpdateGlobalEventsStorageRegion", StorageRegion="ap-southeast-1")
    assert ask("GetGlobalEventsStorageRegion")["StorageRegion"] == "ap-southeast-1"
    assert (
        json.loads(ask("GetDataEventSelector", TrailName="questions-trail")["DataEventSelectors"])[0]["ServiceName"]
        == "Oss"
    )
    assert ask("GetInsightSelectors", TrailName="questions-trail")["InsightSelectors"] == [
        '{"insightType":"AkInsight"}'
    ]

    def data(name, region, operation):
        common = {"eventId": name, "eventTime": stamp(), "eventCategory": "Data", "serviceName": "Oss"}
        return json.dumps(common | {"acsRegion": region, "eventName": operation}).encode()

    def insight(name, kind):
        common = {"eventId": name, "eventTime": stamp(), "eventType": "ActionTrailInsight", "acsRegion": "cn-hangzhou"}
        return json.dumps(common | {"insightDetails": {"insightType": kind}}).encode()

    everywhere = {"eventId": "everywhere", "eventTime": stamp(), "acsRegion": "cn-beijing", "isGlobal": True}
    lines = [data("wanted", "cn-hangzhou", "GetObject"), data("other-name", "cn-hangzhou", "PutObject")]
    lines += [data("other-region", "cn-beijing", "GetObject"), insight("ak", "AkInsight"), insight("ip", "IpInsight")]
    root.put_lines([*lines, json.dumps(everywhere).encode()])
    put_ids = {"wanted", "other-name", "other-region", "ak", "ip", "everywhere"}

    def delivered():
        return {event["eventId"]: name for name, events in objects(bucket).items() for event in events}

    wait_until(lambda: {"wanted", "ak", "everywhere"} <= set(delivered()), "the selected events are delivered")
    time.sleep(2)
    lie = delivered()
    assert put_ids & set(lie) == {"wanted", "ak", "everywhere"}
    assert "/ap-southeast-1/" in lie["everywhere"] and "/cn-hangzhou/" in lie["wanted"]
    score = ask("GetGovernanceMetrics")["Data"]["GovernanceMetrics"][0]
    assert score["GovernanceScore"] == "100" and json.loads(score["ColumnsSchema"])["trailName"] == "questions-trail"


def objects(bucket: FolderBucket) -> dict:
    """The events of each object by its key."""
    return {"/" + key: json.loads(text) for key, text in bucket.objects().items()}


def test_the_sdk_of_2017(root, ask, tmp_path):
    client = Client2017(tea_config(root))
    bucket = FolderBucket(tmp_path / "bucket-2017")
    root.cairn("CreateBucket", Name="archive-2017", Url=bucket.url)
    create = {"Name": "trail-2017", "OssBucketName": "archive-2017", "RoleName": "AliyunActionTrailDefaultRole"}
    made = client.create_trail(models_2017.CreateTrailRequest().from_map(create)).body.to_map()
    assert (made["EventRW"], made["HomeRegion"]) == ("Write", "cn-hangzhou")
    client.start_logging(models_2017.StartLoggingRequest(name="trail-2017"))
    status = client.get_trail_status(models_2017.GetTrailStatusRequest(name="trail-2017")).body.to_map()
    assert status["IsLogging"] is True
    trails = client.describe_trails(models_2017.DescribeTrailsRequest(name_list="trail-2017")).body.to_map()
    assert [trail["Status"] for trail in trails["TrailList"]] == ["Enable"]
    flat = {"User": "quinn", "ServiceName": "Ecs", "EventName": "RunInstances", "MaxResults": "3"}
    first = client.lookup_events(models_2017.LookupEventsRequest().from_map(flat)).body.to_map()
    rest = client.lookup_events(models_2017.LookupEventsRequest().from_map(flat | {"NextToken": first["NextToken"]}))
    ids = [event["eventId"] for event in first["Events"] + rest.body.to_map()["Events"]]
    assert ids == ["q24", "q18", "q12", "q6", "q0"]
    assert client.describe_regions().body.to_map()["Regions"]["Region"]
    client.stop_logging(models_2017.StopLoggingRequest(name="trail-2017"))
    client.delete_trail(models_2017.DeleteTrailRequest(name="trail-2017"))
    with pytest.raises(AlibabaCloudException) as refused:
        client.delete_trail(models_2017.DeleteTrailRequest(name="trail-2017"))
    assert refused.value.code == "TrailNotFoundException"
