//! What neither ActionTrail nor RAM has an operation for: accounts, buckets, ingest tokens.
//!
//! `AccessKeyId` and `RegionId` are parameters of every request's signature and address, so a bucket's own are called
//! `BucketAccessKeyId` and `BucketRegion`.

use super::{ACCOUNT_ID, OperationId};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const BUCKET_ARN: &[&str] = &["acs:cairn:*:{account}:bucket/{Name}"];
const TOUCHES_BUCKET: &[Touched] = &[Touched { kind: "ACS::Cairn::Bucket", param: "Name" }];
const BUCKET_NAME: Param = Param::text("Name", format::BUCKET_NAME, "the bucket's name, as trails call it").required();
const MARKER: Param = Param::text("Marker", format::ANY, "`Marker` of the page before");
const MAX_ITEMS: Param = Param::integer("MaxItems", 1, 1000, "entries in a page").or("100");

pub(super) const SERVER_SIDE_ENCRYPTION: Param =
    Param::choice("ServerSideEncryption", &["AES256", "KMS", "aws:kms", "None"], "asked for with every object");
pub(super) const RETENTION_DAYS: Param = Param::integer(
    "RetentionDays",
    1,
    36_500,
    "how long no object may be deleted or changed: a compliance lock on each object in S3, refused by Cairn in a local \
     folder, not to be had from OSS, where the bucket's own policy does it",
);
pub(super) const BUCKET_FIELDS: &[&str] = &[
    "Bucket.Name",
    "Bucket.Url",
    "Bucket.CreateTime",
    "Bucket.ServerSideEncryption",
    "Bucket.KmsKeyId",
    "Bucket.RetentionDays",
];

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::CreateAccount,
    service: Service::Cairn,
    name: "",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Named,
    resources: BUCKET_ARN,
    touches: &[],
    params: &[],
    returns: &[],
    errors: &[],
    summary: "",
};

pub(super) const CREATE_ACCOUNT: Operation = Operation {
    id: OperationId::CreateAccount,
    name: "CreateAccount",
    scope: Scope::Management,
    resources: &["acs:cairn:*:{account}:account/{AccountId}"],
    touches: &[Touched { kind: "ACS::Cairn::Account", param: "AccountId" }],
    params: &[
        Param::text("Name", format::DISPLAY_NAME, "the account's name").required(),
        Param::text("AccountId", format::ACCOUNT_ID, "its id; a free one of 16 digits when absent"),
    ],
    returns: &[
        "Account.AccountId",
        "Account.Name",
        "Account.IsManagement",
        "Account.CreateTime",
        "AccessKey.AccessKeyId",
        "AccessKey.AccessKeySecret",
        "AccessKey.Status",
        "AccessKey.CreateDate",
    ],
    errors: &[codes::ACCOUNT_ALREADY_EXISTS],
    summary: "Creates an account and its first access key. The secret is shown this once.",
    ..ROW
};

pub(super) const LIST_ACCOUNTS: Operation = Operation {
    id: OperationId::ListAccounts,
    name: "ListAccounts",
    access: Access::Read,
    scope: Scope::Management,
    resources: &["acs:cairn:*:{account}:account/*"],
    params: &[MARKER, MAX_ITEMS],
    returns: &[
        "IsTruncated",
        "Marker",
        "Accounts[].AccountId",
        "Accounts[].Name",
        "Accounts[].IsManagement",
        "Accounts[].CreateTime",
    ],
    summary: "Lists the accounts by id.",
    ..ROW
};

pub(super) const CREATE_BUCKET: Operation = Operation {
    id: OperationId::CreateBucket,
    name: "CreateBucket",
    touches: TOUCHES_BUCKET,
    params: &[
        BUCKET_NAME,
        Param::text(
            "Url",
            format::BUCKET_URL,
            "where it is: `s3://bucket[/prefix]`, `oss://bucket[/prefix]`, or `file:///folder` for the management account",
        )
        .required(),
        Param::text("BucketAccessKeyId", format::ANY, "the key that may write to it"),
        Param::text("BucketAccessKeySecret", format::ANY, "that key's secret; kept encrypted").secret(),
        Param::text("BucketSecurityToken", format::DOCUMENT, "a session token, where the key needs one").secret(),
        Param::text("Endpoint", format::ANY, "the address of the storage; by the scheme and region when absent"),
        Param::text("BucketRegion", format::ANY, "the region the bucket is in"),
        Param::boolean("PathStyle", "the bucket's name goes into the path and not into the host name"),
        Param::boolean("AllowHttp", "the endpoint may be plain HTTP"),
        SERVER_SIDE_ENCRYPTION,
        Param::text("KmsKeyId", format::ANY, "the key for KMS encryption"),
        RETENTION_DAYS,
        ACCOUNT_ID,
    ],
    returns: BUCKET_FIELDS,
    errors: &[codes::BUCKET_ALREADY_EXISTS, codes::INVALID_BUCKET_CONFIGURATION],
    summary: "Makes a bucket known to trails. Nothing is created in the storage; CheckBucket says whether it can be \
              written.",
    ..ROW
};

pub(super) const LIST_BUCKETS: Operation = Operation {
    id: OperationId::ListBuckets,
    name: "ListBuckets",
    access: Access::Read,
    resources: &["acs:cairn:*:{account}:bucket/*"],
    params: &[MARKER, MAX_ITEMS, ACCOUNT_ID],
    returns: &[
        "IsTruncated",
        "Marker",
        "Buckets[].Name",
        "Buckets[].Url",
        "Buckets[].CreateTime",
        "Buckets[].ServerSideEncryption",
        "Buckets[].KmsKeyId",
        "Buckets[].RetentionDays",
    ],
    summary: "Lists the account's buckets by name, without their secrets.",
    ..ROW
};

pub(super) const DELETE_BUCKET: Operation = Operation {
    id: OperationId::DeleteBucket,
    name: "DeleteBucket",
    touches: TOUCHES_BUCKET,
    params: &[BUCKET_NAME, ACCOUNT_ID],
    errors: &[codes::BUCKET_DOES_NOT_EXIST, codes::BUCKET_IN_USE],
    summary: "Forgets a bucket that no trail names. What is in it stays.",
    ..ROW
};

pub(super) const CHECK_BUCKET: Operation = Operation {
    id: OperationId::CheckBucket,
    name: "CheckBucket",
    access: Access::Read,
    touches: TOUCHES_BUCKET,
    params: &[BUCKET_NAME, ACCOUNT_ID],
    returns: &["Bucket.Name", "Bucket.Url", "Bucket.CreateTime", "Writable", "Error"],
    errors: &[codes::BUCKET_DOES_NOT_EXIST],
    summary: "Tries to write to a bucket and says what happened.",
    ..ROW
};

const TOKEN_ARN: &[&str] = &["acs:cairn:*:{account}:ingesttoken/{IngestTokenId}"];

pub(super) const CREATE_INGEST_TOKEN: Operation = Operation {
    id: OperationId::CreateIngestToken,
    name: "CreateIngestToken",
    sensitive: true,
    resources: &["acs:cairn:*:{account}:ingesttoken/*"],
    params: &[
        Param::text("Name", format::DISPLAY_NAME, "what the token is for").required(),
        Param::boolean(
            "FromEvent",
            "it may put events for every account, sorted by what they say; for tokens of the management account only",
        ),
        ACCOUNT_ID,
    ],
    returns: &[
        "IngestToken.IngestTokenId",
        "IngestToken.Name",
        "IngestToken.FromEvent",
        "IngestToken.CreateTime",
        "Token",
    ],
    errors: &[codes::ENTITY_ALREADY_EXISTS_INGEST_TOKEN],
    summary: "Creates a token that may put events and nothing else. It is shown this once.",
    ..ROW
};

pub(super) const LIST_INGEST_TOKENS: Operation = Operation {
    id: OperationId::ListIngestTokens,
    name: "ListIngestTokens",
    access: Access::Read,
    resources: &["acs:cairn:*:{account}:ingesttoken/*"],
    params: &[MARKER, MAX_ITEMS, ACCOUNT_ID],
    returns: &[
        "IsTruncated",
        "Marker",
        "IngestTokens[].IngestTokenId",
        "IngestTokens[].Name",
        "IngestTokens[].FromEvent",
        "IngestTokens[].CreateTime",
    ],
    summary: "Lists the account's ingest tokens, without the tokens themselves.",
    ..ROW
};

pub(super) const DELETE_INGEST_TOKEN: Operation = Operation {
    id: OperationId::DeleteIngestToken,
    name: "DeleteIngestToken",
    resources: TOKEN_ARN,
    touches: &[Touched { kind: "ACS::Cairn::IngestToken", param: "IngestTokenId" }],
    params: &[Param::text("IngestTokenId", format::ANY, "the token's id").required(), ACCOUNT_ID],
    errors: &[codes::INGEST_TOKEN_NOT_FOUND],
    summary: "Deletes an ingest token; it opens nothing from the next request on.",
    ..ROW
};

pub(super) const SET_ACCOUNT_PASSWORD: Operation = Operation {
    id: OperationId::SetAccountPassword,
    service: Service::Cairn,
    name: "SetAccountPassword",
    access: Access::Write,
    sensitive: true,
    scope: Scope::Named,
    resources: &["acs:cairn:*:{account}:account/{account}"],
    touches: &[],
    params: &[
        Param::text("Password", format::ANY, "the new password of the account itself").required().secret(),
        ACCOUNT_ID,
    ],
    returns: &[],
    errors: &[codes::INVALID_PASSWORD],
    summary: "Lets the account itself sign in with a password, in place of the one before. Sessions that began with that end.",
};
