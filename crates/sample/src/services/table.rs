//! The table itself: twelve services, about ninety operations.

use super::Concerns::{Existing, New, Nothing};
use super::Value::{Address, Guid, Number, OneOf, Policy, RoleArn, Time, Zone};
use super::{Field, Id, Kind, Service, Value, call, of};

const fn kind(name: &'static str, field: &'static str, id: Id) -> Kind {
    Kind { name, field, id }
}

static INSTANCE: Kind = kind("ACS::ECS::Instance", "InstanceId", Id::Prefixed("i-bp1"));
static DISK: Kind = kind("ACS::ECS::Disk", "DiskId", Id::Prefixed("d-bp1"));
static SECURITY_GROUP: Kind = kind("ACS::ECS::SecurityGroup", "SecurityGroupId", Id::Prefixed("sg-bp1"));
static SNAPSHOT: Kind = kind("ACS::ECS::Snapshot", "SnapshotId", Id::Prefixed("s-bp1"));
static BUCKET: Kind = kind("ACS::OSS::Bucket", "BucketName", Id::Words);
static DATABASE: Kind = kind("ACS::RDS::DBInstance", "DBInstanceId", Id::Prefixed("rm-bp1"));
static NETWORK: Kind = kind("ACS::VPC::VPC", "VpcId", Id::Prefixed("vpc-bp1"));
static SWITCH: Kind = kind("ACS::VPC::VSwitch", "VSwitchId", Id::Prefixed("vsw-bp1"));
static BALANCER: Kind = kind("ACS::SLB::LoadBalancer", "LoadBalancerId", Id::Prefixed("lb-bp1"));
static KEY: Kind = kind("ACS::KMS::Key", "KeyId", Id::Guid);
static SECRET: Kind = kind("ACS::KMS::Secret", "SecretName", Id::Words);
static USER: Kind = kind("ACS::RAM::User", "UserName", Id::Person);
static ROLE: Kind = kind("ACS::RAM::Role", "RoleName", Id::Words);
static POLICY: Kind = kind("ACS::RAM::Policy", "PolicyName", Id::Words);
static PROJECT: Kind = kind("ACS::SLS::Project", "ProjectName", Id::Words);
static TRAIL: Kind = kind("ACS::ActionTrail::Trail", "Name", Id::Words);
static CLUSTER: Kind = kind("ACS::ACK::Cluster", "ClusterId", Id::Prefixed("c"));
static FUNCTION: Kind = kind("ACS::FC::Function", "FunctionName", Id::Words);

static PAGES: [Field; 3] = [
    of("PageNumber", Number(1, 9)),
    of("PageSize", OneOf(&["10", "50", "100"])),
    of("AcceptLanguage", OneOf(&["en-US", "zh-CN"])),
];
static FOUND: [Field; 3] =
    [of("TotalCount", Number(0, 400)), of("PageNumber", Number(1, 9)), of("PageSize", OneOf(&["10", "50", "100"]))];
static DRY_RUN: [Field; 2] = [of("DryRun", OneOf(&["false"])), of("ClientToken", Guid)];
static RULE: [Field; 6] = [
    of("IpProtocol", OneOf(&["tcp", "udp", "icmp", "all"])),
    of("PortRange", OneOf(&["22/22", "443/443", "80/80", "3306/3306", "-1/-1"])),
    of("SourceCidrIp", Address),
    of("Policy", OneOf(&["accept", "drop"])),
    of("Priority", Number(1, 100)),
    of("NicType", OneOf(&["intranet", "internet"])),
];
static LAUNCH: [Field; 8] = [
    of(
        "InstanceType",
        OneOf(&["ecs.g7.large", "ecs.c7.xlarge", "ecs.r7.2xlarge", "ecs.g8i.xlarge", "ecs.t6-c1m2.large"]),
    ),
    of("ImageId", Value::Id("m-bp1")),
    of("ZoneId", Zone),
    of("VSwitchId", Value::Id("vsw-bp1")),
    of("Amount", Number(1, 8)),
    of("InstanceChargeType", OneOf(&["PostPaid", "PrePaid"])),
    of("SystemDisk.Category", OneOf(&["cloud_essd", "cloud_efficiency", "cloud_auto"])),
    of("ClientToken", Guid),
];
static SESSION: [Field; 3] = [
    of("RoleArn", RoleArn),
    of("DurationSeconds", OneOf(&["900", "3600", "43200"])),
    of("RoleSessionName", Value::Id("session-")),
];
static OBJECT_ACCESS: [Field; 2] = [
    of("x-oss-acl", OneOf(&["private", "public-read", "public-read-write"])),
    of("x-oss-storage-class", OneOf(&["Standard", "IA", "Archive"])),
];
static LISTING: [Field; 3] =
    [of("max-keys", OneOf(&["100", "1000"])), of("delimiter", OneOf(&["/"])), of("encoding-type", OneOf(&["url"]))];
static CIPHER: [Field; 2] =
    [of("EncryptionContext", OneOf(&["{\"app\":\"billing\"}", "{\"app\":\"web\"}", "{}"])), of("KeyVersionId", Guid)];
static TRAIL_SETTINGS: [Field; 3] = [
    of("OssBucketName", Value::Id("audit-archive-")),
    of("EventRW", OneOf(&["All", "Write"])),
    of("TrailRegion", OneOf(&["All"])),
];
static POLICY_TEXT: [Field; 2] =
    [of("PolicyDocument", Policy), of("Description", OneOf(&["Read access of the build pipeline to one bucket"]))];
static CREATED: [Field; 1] = [of("CreateDate", Time)];
static MODIFIED: [Field; 2] = [of("TaskId", Number(10_000_000, 99_999_999)), of("UpdateDate", Time)];

/// Every service that is called.
pub(crate) static SERVICES: [Service; 12] = [
    Service {
        code: "Ecs",
        host: "ecs",
        version: "2014-05-26",
        is_global: false,
        weight: 30.0,
        reads: &[
            call("DescribeInstances", 30.0, Nothing, &PAGES, &FOUND),
            call("DescribeInstanceAttribute", 14.0, Existing(&INSTANCE), &[], &[]),
            call("DescribeDisks", 12.0, Existing(&INSTANCE), &PAGES, &FOUND),
            call("DescribeSecurityGroups", 9.0, Nothing, &PAGES, &FOUND),
            call("DescribeSecurityGroupAttribute", 8.0, Existing(&SECURITY_GROUP), &[], &[]),
            call("DescribeSnapshots", 5.0, Existing(&DISK), &PAGES, &FOUND),
            call("DescribeImages", 4.0, Nothing, &PAGES, &FOUND),
            call("DescribeInstanceStatus", 9.0, Existing(&INSTANCE), &[], &[]),
            call("DescribeNetworkInterfaces", 5.0, Nothing, &PAGES, &FOUND),
        ],
        writes: &[
            call("RunInstances", 10.0, New(&INSTANCE), &LAUNCH, &CREATED),
            call("StartInstance", 6.0, Existing(&INSTANCE), &DRY_RUN, &[]),
            call("StopInstance", 6.0, Existing(&INSTANCE), &DRY_RUN, &[]),
            call("RebootInstance", 4.0, Existing(&INSTANCE), &DRY_RUN, &[]),
            call("DeleteInstance", 3.0, Existing(&INSTANCE), &DRY_RUN, &[]),
            call("ModifyInstanceAttribute", 5.0, Existing(&INSTANCE), &DRY_RUN, &[]),
            call("AuthorizeSecurityGroup", 6.0, Existing(&SECURITY_GROUP), &RULE, &[]),
            call("RevokeSecurityGroup", 3.0, Existing(&SECURITY_GROUP), &RULE, &[]),
            call("CreateSnapshot", 7.0, New(&SNAPSHOT), &DRY_RUN, &CREATED),
            call("AttachDisk", 3.0, Existing(&DISK), &DRY_RUN, &[]),
            call("DeleteDisk", 2.0, Existing(&DISK), &[], &[]),
        ],
    },
    Service {
        code: "Oss",
        host: "oss",
        version: "2019-05-17",
        is_global: false,
        weight: 22.0,
        reads: &[
            call("ListObjectsV2", 20.0, Existing(&BUCKET), &LISTING, &[]),
            call("GetBucketInfo", 18.0, Existing(&BUCKET), &[], &[]),
            call("GetBucketAcl", 10.0, Existing(&BUCKET), &[], &[]),
            call("GetBucketPolicy", 9.0, Existing(&BUCKET), &[], &[]),
            call("GetBucketLifecycle", 6.0, Existing(&BUCKET), &[], &[]),
            call("GetBucketEncryption", 5.0, Existing(&BUCKET), &[], &[]),
            call("ListBuckets", 12.0, Nothing, &LISTING, &[]),
        ],
        writes: &[
            call("PutBucket", 4.0, Existing(&BUCKET), &OBJECT_ACCESS, &[]),
            call("PutBucketAcl", 3.0, Existing(&BUCKET), &OBJECT_ACCESS, &[]),
            call("PutBucketPolicy", 3.0, Existing(&BUCKET), &POLICY_TEXT, &[]),
            call("PutBucketLifecycle", 4.0, Existing(&BUCKET), &[], &[]),
            call("PutBucketLogging", 2.0, Existing(&BUCKET), &[], &[]),
            call("DeleteBucket", 1.0, Existing(&BUCKET), &[], &[]),
        ],
    },
    Service {
        code: "Sts",
        host: "sts",
        version: "2015-04-01",
        is_global: false,
        weight: 10.0,
        reads: &[call("GetCallerIdentity", 10.0, Nothing, &[], &[])],
        writes: &[call("AssumeRole", 10.0, Existing(&ROLE), &SESSION, &CREATED)],
    },
    Service {
        code: "Ram",
        host: "ram",
        version: "2015-05-01",
        is_global: true,
        weight: 9.0,
        reads: &[
            call("ListUsers", 8.0, Nothing, &PAGES, &[]),
            call("GetUser", 10.0, Existing(&USER), &[], &CREATED),
            call("ListAccessKeys", 8.0, Existing(&USER), &[], &[]),
            call("ListPoliciesForUser", 6.0, Existing(&USER), &[], &[]),
            call("GetRole", 9.0, Existing(&ROLE), &[], &CREATED),
            call("GetPolicy", 6.0, Existing(&POLICY), &[], &[]),
        ],
        writes: &[
            call("CreateUser", 3.0, Existing(&USER), &[], &CREATED),
            call("CreateAccessKey", 4.0, Existing(&USER), &[], &CREATED),
            call("UpdateAccessKey", 2.0, Existing(&USER), &[], &[]),
            call("DeleteAccessKey", 2.0, Existing(&USER), &[], &[]),
            call("CreatePolicy", 3.0, Existing(&POLICY), &POLICY_TEXT, &CREATED),
            call("AttachPolicyToUser", 4.0, Existing(&USER), &[of("PolicyType", OneOf(&["System", "Custom"]))], &[]),
            call("AttachPolicyToRole", 4.0, Existing(&ROLE), &[of("PolicyType", OneOf(&["System", "Custom"]))], &[]),
            call("DeleteUser", 1.0, Existing(&USER), &[], &[]),
        ],
    },
    Service {
        code: "Kms",
        host: "kms",
        version: "2016-01-20",
        is_global: false,
        weight: 9.0,
        reads: &[
            call("Decrypt", 30.0, Existing(&KEY), &CIPHER, &[]),
            call("GenerateDataKey", 16.0, Existing(&KEY), &CIPHER, &[]),
            call("DescribeKey", 8.0, Existing(&KEY), &[], &CREATED),
            call("GetSecretValue", 14.0, Existing(&SECRET), &[of("VersionStage", OneOf(&["ACSCurrent"]))], &CREATED),
        ],
        writes: &[
            call("Encrypt", 8.0, Existing(&KEY), &CIPHER, &[]),
            call("CreateKey", 1.0, New(&KEY), &[of("KeySpec", OneOf(&["Aliyun_AES_256"]))], &CREATED),
            call("PutSecretValue", 2.0, Existing(&SECRET), &[], &[]),
            call("ScheduleKeyDeletion", 1.0, Existing(&KEY), &[of("PendingWindowInDays", Number(7, 30))], &[]),
        ],
    },
    Service {
        code: "Rds",
        host: "rds",
        version: "2014-08-15",
        is_global: false,
        weight: 6.0,
        reads: &[
            call("DescribeDBInstances", 12.0, Nothing, &PAGES, &FOUND),
            call("DescribeDBInstanceAttribute", 9.0, Existing(&DATABASE), &[], &[]),
            call("DescribeDBInstancePerformance", 8.0, Existing(&DATABASE), &[of("StartTime", Time)], &[]),
            call("DescribeBackups", 5.0, Existing(&DATABASE), &PAGES, &FOUND),
        ],
        writes: &[
            call("CreateBackup", 5.0, Existing(&DATABASE), &[], &MODIFIED),
            call("ModifySecurityIps", 4.0, Existing(&DATABASE), &[of("SecurityIps", Address)], &MODIFIED),
            call("RestartDBInstance", 2.0, Existing(&DATABASE), &DRY_RUN, &[]),
            call("DeleteDBInstance", 1.0, Existing(&DATABASE), &[], &[]),
        ],
    },
    Service {
        code: "Vpc",
        host: "vpc",
        version: "2016-04-28",
        is_global: false,
        weight: 5.0,
        reads: &[
            call("DescribeVpcs", 8.0, Nothing, &PAGES, &FOUND),
            call("DescribeVSwitches", 8.0, Existing(&NETWORK), &PAGES, &FOUND),
            call("DescribeRouteTableList", 5.0, Existing(&NETWORK), &PAGES, &FOUND),
            call("DescribeEipAddresses", 5.0, Nothing, &PAGES, &FOUND),
        ],
        writes: &[
            call("CreateVSwitch", 3.0, New(&SWITCH), &[of("ZoneId", Zone), of("CidrBlock", Address)], &CREATED),
            call("ModifyVpcAttribute", 2.0, Existing(&NETWORK), &DRY_RUN, &[]),
            call("DeleteVSwitch", 1.0, Existing(&SWITCH), &[], &[]),
        ],
    },
    Service {
        code: "Slb",
        host: "slb",
        version: "2014-05-15",
        is_global: false,
        weight: 4.0,
        reads: &[
            call("DescribeLoadBalancers", 8.0, Nothing, &PAGES, &FOUND),
            call("DescribeHealthStatus", 9.0, Existing(&BALANCER), &[of("ListenerPort", Number(80, 8443))], &[]),
        ],
        writes: &[
            call("AddBackendServers", 4.0, Existing(&BALANCER), &DRY_RUN, &MODIFIED),
            call("RemoveBackendServers", 3.0, Existing(&BALANCER), &DRY_RUN, &MODIFIED),
            call("DeleteLoadBalancer", 1.0, Existing(&BALANCER), &[], &[]),
        ],
    },
    Service {
        code: "Sls",
        host: "sls",
        version: "2020-12-30",
        is_global: false,
        weight: 4.0,
        reads: &[
            call("ListLogStores", 6.0, Existing(&PROJECT), &PAGES, &FOUND),
            call("GetProject", 5.0, Existing(&PROJECT), &[], &CREATED),
        ],
        writes: &[
            call("CreateLogStore", 2.0, Existing(&PROJECT), &[of("ttl", OneOf(&["30", "90", "3650"]))], &[]),
            call("UpdateIndex", 2.0, Existing(&PROJECT), &[], &[]),
        ],
    },
    Service {
        code: "CS",
        host: "cs",
        version: "2015-12-15",
        is_global: false,
        weight: 4.0,
        reads: &[
            call("DescribeClusterDetail", 8.0, Existing(&CLUSTER), &[], &CREATED),
            call("DescribeClusterUserKubeconfig", 5.0, Existing(&CLUSTER), &[], &[]),
        ],
        writes: &[
            call("ScaleOutCluster", 3.0, Existing(&CLUSTER), &[of("count", Number(1, 20))], &MODIFIED),
            call("UpgradeCluster", 1.0, Existing(&CLUSTER), &[], &MODIFIED),
        ],
    },
    Service {
        code: "FC",
        host: "fc",
        version: "2023-03-30",
        is_global: false,
        weight: 3.0,
        reads: &[call("GetFunction", 8.0, Existing(&FUNCTION), &[], &CREATED)],
        writes: &[
            call("UpdateFunction", 4.0, Existing(&FUNCTION), &[of("memorySize", OneOf(&["512", "1024"]))], &MODIFIED),
            call("PublishFunctionVersion", 2.0, Existing(&FUNCTION), &[], &CREATED),
        ],
    },
    Service {
        code: "Actiontrail",
        host: "actiontrail",
        version: "2020-07-06",
        is_global: false,
        weight: 2.0,
        reads: &[
            call("LookupEvents", 10.0, Nothing, &[of("MaxResults", OneOf(&["20", "50"])), of("StartTime", Time)], &[]),
            call("DescribeTrails", 6.0, Nothing, &[], &[]),
            call("GetTrailStatus", 5.0, Existing(&TRAIL), &[], &CREATED),
        ],
        writes: &[
            call("CreateTrail", 2.0, Existing(&TRAIL), &TRAIL_SETTINGS, &CREATED),
            call("UpdateTrail", 2.0, Existing(&TRAIL), &TRAIL_SETTINGS, &[]),
            call("StopLogging", 1.0, Existing(&TRAIL), &[], &[]),
            call("DeleteTrail", 1.0, Existing(&TRAIL), &[], &[]),
        ],
    },
];
