//! STS: temporary credentials. Shapes and codes are those of API version 2015-04-01.

use super::OperationId;
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const ROLE: Touched = Touched { kind: "ACS::RAM::Role", param: "RoleArn" };

pub(in crate::operations) const ASSUME_ROLE: Operation = Operation {
    id: OperationId::AssumeRole,
    service: Service::Sts,
    name: "AssumeRole",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Own,
    resources: &["{RoleArn}"],
    touches: &[ROLE],
    params: &[
        Param::text("RoleArn", format::ROLE_ARN, "the role").required().refused_as(codes::INVALID_PARAMETER_ROLE_ARN),
        Param::text("RoleSessionName", format::SESSION_NAME, "what the session is called in events")
            .required()
            .refused_as(codes::INVALID_PARAMETER_ROLE_SESSION_NAME),
        Param::integer("DurationSeconds", 900, 43_200, "how long the session lasts; at most what the role allows")
            .or("3600")
            .refused_as(codes::INVALID_PARAMETER_DURATION_SECONDS),
        Param::text("Policy", format::DOCUMENT, "what the session may do at most, in RAM's language"),
        Param::text("ExternalId", format::EXTERNAL_ID, "what the role's trust policy may ask for (`sts:ExternalId`)"),
        Param::unsupported("SourceIdentity", "sessions carry their own name only"),
    ],
    returns: &[
        "Credentials.AccessKeyId",
        "Credentials.AccessKeySecret",
        "Credentials.SecurityToken",
        "Credentials.Expiration",
        "AssumedRoleUser.AssumedRoleId",
        "AssumedRoleUser.Arn",
    ],
    errors: &[
        codes::ENTITY_NOT_EXIST_ROLE,
        codes::INVALID_PARAMETER_ROLE_ARN,
        codes::INVALID_PARAMETER_ROLE_SESSION_NAME,
        codes::INVALID_PARAMETER_DURATION_SECONDS,
        codes::INVALID_PARAMETER_POLICY_GRAMMAR,
    ],
    summary: "Makes a RAM user or a role another role for a while. The role's trust policy must admit the caller, and the caller's policies must allow `sts:AssumeRole` on the role.",
};

pub(in crate::operations) const GET_CALLER_IDENTITY: Operation = Operation {
    id: OperationId::GetCallerIdentity,
    service: Service::Sts,
    name: "GetCallerIdentity",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Own,
    // Who one is, everybody may know.
    resources: &[],
    touches: &[],
    params: &[],
    returns: &["AccountId", "IdentityType", "PrincipalId", "Arn"],
    errors: &[],
    summary: "Shows who the caller is. It needs no permission.",
};
