"""An organization through the official SDK: members join and leave, and its trail delivers whose events are its own."""

import json

import pytest
from alibabacloud_resourcedirectorymaster20220419 import models
from alibabacloud_resourcedirectorymaster20220419.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

from bucket import FolderBucket
from calls import Key
from clients import NewSdk, Refused, tea_config
from conftest import root_key
from node import wait_until

ACTIONTRAIL = "actiontrail.aliyuncs.com"


def directory(key: Key) -> Client:
    """alibabacloud_resourcedirectorymaster20220419."""
    return Client(tea_config(key))


def account(root: Key, name: str) -> tuple[str, Key]:
    made = root.cairn("CreateAccount", Name=name)
    key = made["AccessKey"]
    return made["Account"]["AccountId"], Key(root.port, key["AccessKeyId"], key["AccessKeySecret"])


def join(root: Key, member: str, key: Key):
    invitation = models.InviteAccountToResourceDirectoryRequest(
        target_entity=member, target_type="Account", note="come"
    )
    handshake = directory(root).invite_account_to_resource_directory(invitation).body.handshake
    assert handshake.status == "Pending" and handshake.target_entity == member
    accept = models.AcceptHandshakeRequest(handshake_id=handshake.handshake_id)
    assert directory(key).accept_handshake(accept).body.handshake.status == "Accepted"


def event(event_id: str) -> bytes:
    fields = {"eventId": event_id, "eventTime": "2026-01-15T08:30:00Z", "acsRegion": "cn-beijing", "eventRW": "Write"}
    return json.dumps(fields).encode()


def test_an_organization_lives(start_node, tmp_path):
    root = root_key(start_node())
    bucket = FolderBucket(tmp_path / "bucket")
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    (early_id, early), (late_id, late) = account(root, "early"), account(root, "late")

    made = directory(root).enable_resource_directory(
        models.EnableResourceDirectoryRequest(enable_mode="CurrentAccount")
    )
    rd = made.body.resource_directory
    assert (
        directory(root).get_resource_directory().body.resource_directory.resource_directory_id
        == rd.resource_directory_id
    )
    join(root, early_id, early)

    owner, member = NewSdk(root), NewSdk(early)
    wanted = {"Name": "trail-of-all", "OssBucketName": "audit-archive", "IsOrganizationTrail": True}
    with pytest.raises(Refused) as refused:
        member.call("CreateTrail", **wanted)
    assert (refused.value.status, refused.value.code) == (400, "NotAllowCreateOrganizationTrail")
    owner.call("CreateTrail", **wanted)
    with pytest.raises(Refused) as refused:
        owner.call("CreateTrail", **wanted | {"Name": "trail-of-two"})
    assert (refused.value.status, refused.value.code) == (400, "MaximumNumberOfOrganizationTrailExceeded")
    owner.call("StartLogging", Name="trail-of-all")

    early.put_lines([event("early-in")])
    late.put_lines([event("late-out")])
    join(root, late_id, late)
    late.put_lines([event("late-in")])
    directory(root).remove_cloud_account(models.RemoveCloudAccountRequest(account_id=early_id))
    early.put_lines([event("early-out")])

    def delivered():
        found = {}
        for key, text in bucket.objects().items():
            found |= {each["eventId"]: key for each in json.loads(text)}
        return found if {"early-in", "late-in"} <= found.keys() else None

    found = wait_until(delivered, "the members' events are delivered")
    assert not {"early-out", "late-out"} & found.keys()
    for event_id, of in [("early-in", early_id), ("late-in", late_id)]:
        assert found[event_id].startswith(f"AliyunLogs/Actiontrail/{rd.resource_directory_id}/{of}/cn-beijing/")

    seen = NewSdk(late).call("DescribeTrails", IncludeOrganizationTrail=True)["TrailList"]
    assert [(trail["Name"], trail["IsOrganizationTrail"]) for trail in seen] == [("trail-of-all", True)]
    assert NewSdk(late).call("GetTrailStatus", Name="trail-of-all", IsOrganizationTrail=True)["IsLogging"] is True
    with pytest.raises(Refused) as refused:
        NewSdk(late).call("StopLogging", Name="trail-of-all")
    assert refused.value.code == "TrailNotFoundException"


def test_members_folders_and_administrators(node, root):
    client = directory(root)
    client.enable_resource_directory(models.EnableResourceDirectoryRequest(enable_mode="CurrentAccount"))
    folder = client.create_folder(models.CreateFolderRequest(folder_name="payments")).body.folder
    wanted = models.CreateResourceAccountRequest(display_name="ledger", parent_folder_id=folder.folder_id)
    ledger = client.create_resource_account(wanted).body.account
    listed = client.list_accounts(models.ListAccountsRequest(page_size=100)).body
    assert listed.total_count == 2 and ledger.account_id in {each.account_id for each in listed.accounts.account}
    within = client.list_accounts_for_parent(
        models.ListAccountsForParentRequest(parent_folder_id=folder.folder_id)
    ).body
    assert [each.display_name for each in within.accounts.account] == ["ledger"]
    client.register_delegated_administrator(
        models.RegisterDelegatedAdministratorRequest(account_id=ledger.account_id, service_principal=ACTIONTRAIL)
    )
    administrators = client.list_delegated_administrators(models.ListDelegatedAdministratorsRequest()).body
    assert [each.account_id for each in administrators.accounts.account] == [ledger.account_id]
    with pytest.raises(AlibabaCloudException) as refused:
        client.remove_cloud_account(models.RemoveCloudAccountRequest(account_id=ledger.account_id))
    assert (refused.value.status_code, refused.value.code) == (409, "DeleteConflict.Account")
    with pytest.raises(AlibabaCloudException) as refused:
        client.delete_folder(models.DeleteFolderRequest(folder_id=folder.folder_id))
    assert (refused.value.status_code, refused.value.code) == (409, "DeleteConflict.Folder")
