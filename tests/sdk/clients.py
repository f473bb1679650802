"""The two official SDKs behind one small face, so that each test runs with both.

Nothing of the SDKs is changed: they get an endpoint, a protocol and a key, as any user would give them.
"""

import json

from alibabacloud_actiontrail20200706 import models
from alibabacloud_actiontrail20200706.client import Client as TeaActionTrail
from alibabacloud_ram20150501.client import Client as TeaRam
from alibabacloud_sts20150401.client import Client as TeaSts
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkactiontrail.request.v20200706 import (
    CreateTrailRequest,
    DeleteTrailRequest,
    DescribeRegionsRequest,
    DescribeTrailsRequest,
    GetTrailStatusRequest,
    LookupEventsRequest,
    StartLoggingRequest,
    StopLoggingRequest,
    UpdateTrailRequest,
)
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient

from calls import Key

REGION = "cn-hangzhou"


class Refused(Exception):
    """An error reply, however the SDK tells it."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Sdk:
    """What both have in common: paging."""

    def __init__(self, key: Key):
        self.key = key

    def call(self, operation: str, **params) -> dict:
        raise NotImplementedError

    def lookup(self, attributes=(), limit=50, **params):
        """Every event, asking for pages until there is no token; each page is within the limit."""
        following = {}
        while True:
            conditions = [{"Key": name, "Value": value} for name, value in attributes]
            more = {"LookupAttribute": conditions} if conditions else {}
            page = self.call("LookupEvents", MaxResults=str(limit), **more, **params, **following)
            assert len(page["Events"]) <= limit
            yield from page["Events"]
            if not page.get("NextToken"):
                return
            following = {"NextToken": page["NextToken"]}


def tea_config(key: Key, **more) -> Config:
    return Config(
        access_key_id=key.id,
        access_key_secret=key.secret,
        security_token=key.token or None,
        region_id=REGION,
        endpoint=f"127.0.0.1:{key.port}",
        protocol="HTTP",
        **more,
    )


class NewSdk(Sdk):
    """alibabacloud_actiontrail20200706: ACS3-HMAC-SHA256 over tea-openapi."""

    name = "alibabacloud_actiontrail20200706"

    METHODS = {
        "CreateTrail": "create_trail",
        "UpdateTrail": "update_trail",
        "DeleteTrail": "delete_trail",
        "DescribeTrails": "describe_trails",
        "GetTrailStatus": "get_trail_status",
        "StartLogging": "start_logging",
        "StopLogging": "stop_logging",
        "DescribeRegions": "describe_regions",
        "LookupEvents": "lookup_events",
        "CreateDeliveryHistoryJob": "create_delivery_history_job",
        "GetDeliveryHistoryJob": "get_delivery_history_job",
        "ListDeliveryHistoryJobs": "list_delivery_history_jobs",
        "DeleteDeliveryHistoryJob": "delete_delivery_history_job",
    }

    def __init__(self, key: Key, **config):
        super().__init__(key)
        self.client = TeaActionTrail(tea_config(key, **config))

    def call(self, operation: str, **params) -> dict:
        request = getattr(models, operation + "Request")().from_map(params)
        try:
            reply = getattr(self.client, self.METHODS[operation])(request)
        except AlibabaCloudException as error:
            raise Refused(error.status_code, error.code, error.message) from error
        assert reply.status_code == 200
        return reply.body.to_map()


class OldSdk(Sdk):
    """aliyun-python-sdk-actiontrail: HMAC-SHA1 over aliyun-python-sdk-core."""

    name = "aliyun-python-sdk-actiontrail"

    REQUESTS = {
        "CreateTrail": CreateTrailRequest.CreateTrailRequest,
        "UpdateTrail": UpdateTrailRequest.UpdateTrailRequest,
        "DeleteTrail": DeleteTrailRequest.DeleteTrailRequest,
        "DescribeTrails": DescribeTrailsRequest.DescribeTrailsRequest,
        "GetTrailStatus": GetTrailStatusRequest.GetTrailStatusRequest,
        "StartLogging": StartLoggingRequest.StartLoggingRequest,
        "StopLogging": StopLoggingRequest.StopLoggingRequest,
        "DescribeRegions": DescribeRegionsRequest.DescribeRegionsRequest,
        "LookupEvents": LookupEventsRequest.LookupEventsRequest,
    }

    def __init__(self, key: Key):
        super().__init__(key)
        more = {"port": key.port, "auto_retry": False}
        if key.token:
            credential = StsTokenCredential(key.id, key.secret, key.token)
            self.client = AcsClient(region_id=REGION, credential=credential, **more)
        else:
            self.client = AcsClient(key.id, key.secret, REGION, **more)

    def request(self, operation: str, **params):
        request = self.REQUESTS[operation]()
        request.set_endpoint("127.0.0.1")
        request.set_protocol_type("http")
        for name, value in params.items():
            if name == "LookupAttribute":
                request.set_LookupAttributes(value)
            else:
                getattr(request, "set_" + name)(value)
        return request

    def call(self, operation: str, **params) -> dict:
        try:
            return json.loads(self.client.do_action_with_exception(self.request(operation, **params)))
        except ServerException as error:
            raise Refused(error.get_http_status(), error.get_error_code(), error.get_error_msg()) from error


SDKS = [NewSdk, OldSdk]


def ram(key: Key) -> TeaRam:
    """alibabacloud_ram20150501."""
    return TeaRam(tea_config(key))


def sts(key: Key) -> TeaSts:
    """alibabacloud_sts20150401."""
    return TeaSts(tea_config(key))
