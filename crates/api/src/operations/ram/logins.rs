//! Signing in: passwords and their rules, second factors, the account's alias.

use super::super::{ACCOUNT_ID, OperationId};
use super::{ROW, USER, USER_NAME};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Touched};
use crate::param::Param;

const ACCOUNT_ARN: &[&str] = &["acs:ram:*:{account}:*"];
const DEVICES_ARN: &[&str] = &["acs:ram:*:{account}:mfa/*"];
const DEVICE: Touched = Touched { kind: "ACS::RAM::MFADevice", param: "SerialNumber" };
const SERIAL_NUMBER: Param =
    Param::text("SerialNumber", format::ANY, "the device, as CreateVirtualMFADevice shows it").required();
const PASSWORD: Param = Param::text("Password", format::ANY, "the password").secret();
const RESET_REQUIRED: Param = Param::boolean("PasswordResetRequired", "whether it must be changed at the next sign-in");
const MFA_REQUIRED: Param = Param::boolean("MFABindRequired", "whether signing in takes a second factor");
const POLICY_FIELDS: &[&str] = &[
    "PasswordPolicy.MinimumPasswordLength",
    "PasswordPolicy.RequireLowercaseCharacters",
    "PasswordPolicy.RequireUppercaseCharacters",
    "PasswordPolicy.RequireNumbers",
    "PasswordPolicy.RequireSymbols",
    "PasswordPolicy.HardExpiry",
    "PasswordPolicy.MaxLoginAttemps",
    "PasswordPolicy.MaxPasswordAge",
    "PasswordPolicy.PasswordReusePrevention",
];

pub(in crate::operations) const CREATE_LOGIN_PROFILE: Operation = Operation {
    id: OperationId::CreateLoginProfile,
    name: "CreateLoginProfile",
    sensitive: true,
    params: &[USER_NAME.required(), PASSWORD.required(), RESET_REQUIRED, MFA_REQUIRED, ACCOUNT_ID],
    returns: &[
        "LoginProfile.UserName",
        "LoginProfile.PasswordResetRequired",
        "LoginProfile.MFABindRequired",
        "LoginProfile.CreateDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_ALREADY_EXISTS_LOGIN_PROFILE, codes::INVALID_PASSWORD],
    summary: "Lets a user sign in with a password.",
    ..ROW
};

pub(in crate::operations) const GET_LOGIN_PROFILE: Operation = Operation {
    id: OperationId::GetLoginProfile,
    name: "GetLoginProfile",
    access: Access::Read,
    params: &[USER_NAME.required(), ACCOUNT_ID],
    returns: &[
        "LoginProfile.UserName",
        "LoginProfile.PasswordResetRequired",
        "LoginProfile.MFABindRequired",
        "LoginProfile.CreateDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_LOGIN_PROFILE],
    summary: "Shows how a user signs in.",
    ..ROW
};

pub(in crate::operations) const UPDATE_LOGIN_PROFILE: Operation = Operation {
    id: OperationId::UpdateLoginProfile,
    name: "UpdateLoginProfile",
    sensitive: true,
    params: &[USER_NAME.required(), PASSWORD, RESET_REQUIRED, MFA_REQUIRED, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_LOGIN_PROFILE, codes::INVALID_PASSWORD],
    summary: "Changes how a user signs in. A new password ends the sessions that began with the one before.",
    ..ROW
};

pub(in crate::operations) const DELETE_LOGIN_PROFILE: Operation = Operation {
    id: OperationId::DeleteLoginProfile,
    name: "DeleteLoginProfile",
    params: &[USER_NAME.required(), ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_LOGIN_PROFILE],
    summary: "Takes a user's password away, and ends the sessions that began with it.",
    ..ROW
};

pub(in crate::operations) const GET_PASSWORD_POLICY: Operation = Operation {
    id: OperationId::GetPasswordPolicy,
    name: "GetPasswordPolicy",
    access: Access::Read,
    resources: ACCOUNT_ARN,
    touches: &[],
    params: &[ACCOUNT_ID],
    returns: POLICY_FIELDS,
    summary: "Shows the account's rules for passwords.",
    ..ROW
};

pub(in crate::operations) const SET_PASSWORD_POLICY: Operation = Operation {
    id: OperationId::SetPasswordPolicy,
    name: "SetPasswordPolicy",
    resources: ACCOUNT_ARN,
    touches: &[],
    params: &[
        Param::integer("MinimumPasswordLength", 8, 32, "characters at least"),
        Param::boolean("RequireLowercaseCharacters", "one of a to z"),
        Param::boolean("RequireUppercaseCharacters", "one of A to Z"),
        Param::boolean("RequireNumbers", "one of 0 to 9"),
        Param::boolean("RequireSymbols", "one that is neither letter nor digit"),
        Param::boolean("HardExpiry", "whether an expired password cannot be used to set a new one"),
        Param::integer(
            "MaxLoginAttemps",
            0,
            32,
            "failed sign-ins within an hour before the next are refused; 0 for no limit",
        ),
        Param::integer("MaxPasswordAge", 0, 1095, "days a password may be used; 0 for ever"),
        Param::integer("PasswordReusePrevention", 0, 24, "former passwords that may not come back"),
        ACCOUNT_ID,
    ],
    returns: POLICY_FIELDS,
    summary: "Sets the account's rules for passwords, each if it is given. They count for the next ones.",
    ..ROW
};

pub(in crate::operations) const CREATE_VIRTUAL_MFA_DEVICE: Operation = Operation {
    id: OperationId::CreateVirtualMFADevice,
    name: "CreateVirtualMFADevice",
    resources: &["acs:ram:*:{account}:mfa/{VirtualMFADeviceName}"],
    touches: &[],
    params: &[Param::text("VirtualMFADeviceName", format::ANY, "its name").required(), ACCOUNT_ID],
    returns: &["VirtualMFADevice.SerialNumber", "VirtualMFADevice.Base32StringSeed"],
    errors: &[codes::ENTITY_ALREADY_EXISTS_MFA_DEVICE],
    summary: "Creates a second factor. Its seed is shown this once, to be typed into an authenticator.",
    ..ROW
};

pub(in crate::operations) const BIND_MFA_DEVICE: Operation = Operation {
    id: OperationId::BindMFADevice,
    name: "BindMFADevice",
    touches: &[USER, DEVICE],
    params: &[
        SERIAL_NUMBER,
        USER_NAME.required(),
        Param::text("AuthenticationCode1", format::ANY, "a code the device shows").required().secret(),
        Param::text("AuthenticationCode2", format::ANY, "the next one").required().secret(),
        ACCOUNT_ID,
    ],
    errors: &[
        codes::ENTITY_NOT_EXIST_USER,
        codes::ENTITY_NOT_EXIST_MFA_DEVICE,
        codes::ENTITY_ALREADY_EXISTS_USER_MFA_DEVICE,
        codes::INVALID_AUTHENTICATION_CODE,
    ],
    summary: "Gives a user a second factor.",
    ..ROW
};

pub(in crate::operations) const UNBIND_MFA_DEVICE: Operation = Operation {
    id: OperationId::UnbindMFADevice,
    name: "UnbindMFADevice",
    touches: &[USER],
    params: &[USER_NAME.required(), ACCOUNT_ID],
    returns: &["MFADevice.SerialNumber"],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_USER_MFA_DEVICE],
    summary: "Takes a user's second factor away and forgets it.",
    ..ROW
};

pub(in crate::operations) const LIST_VIRTUAL_MFA_DEVICES: Operation = Operation {
    id: OperationId::ListVirtualMFADevices,
    name: "ListVirtualMFADevices",
    access: Access::Read,
    resources: DEVICES_ARN,
    touches: &[],
    params: &[ACCOUNT_ID],
    returns: &["VirtualMFADevices.VirtualMFADevice[].SerialNumber"],
    summary: "Lists the second factors, and which user has which.",
    ..ROW
};

pub(in crate::operations) const GET_USER_MFA_INFO: Operation = Operation {
    id: OperationId::GetUserMFAInfo,
    name: "GetUserMFAInfo",
    access: Access::Read,
    touches: &[USER],
    params: &[USER_NAME.required(), ACCOUNT_ID],
    returns: &["MFADevice.SerialNumber", "MFADevice.Type"],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_USER_MFA_DEVICE],
    summary: "Shows a user's second factor.",
    ..ROW
};

pub(in crate::operations) const DELETE_VIRTUAL_MFA_DEVICE: Operation = Operation {
    id: OperationId::DeleteVirtualMFADevice,
    name: "DeleteVirtualMFADevice",
    resources: DEVICES_ARN,
    touches: &[DEVICE],
    params: &[SERIAL_NUMBER, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_MFA_DEVICE, codes::DELETE_CONFLICT_MFA_DEVICE_USER],
    summary: "Deletes a second factor nobody has.",
    ..ROW
};

pub(in crate::operations) const SET_ACCOUNT_ALIAS: Operation = Operation {
    id: OperationId::SetAccountAlias,
    name: "SetAccountAlias",
    resources: ACCOUNT_ARN,
    touches: &[],
    params: &[
        Param::text("AccountAlias", format::ANY, "3 to 32 lower-case letters, digits and hyphens").required(),
        ACCOUNT_ID,
    ],
    errors: &[codes::ENTITY_ALREADY_EXISTS_ACCOUNT_ALIAS],
    summary: "Gives the account a name to sign in by.",
    ..ROW
};

pub(in crate::operations) const GET_ACCOUNT_ALIAS: Operation = Operation {
    id: OperationId::GetAccountAlias,
    name: "GetAccountAlias",
    access: Access::Read,
    resources: ACCOUNT_ARN,
    touches: &[],
    params: &[ACCOUNT_ID],
    returns: &["AccountAlias"],
    summary: "Shows the name the account signs in by; its id when it has none.",
    ..ROW
};

pub(in crate::operations) const CLEAR_ACCOUNT_ALIAS: Operation = Operation {
    id: OperationId::ClearAccountAlias,
    name: "ClearAccountAlias",
    resources: ACCOUNT_ARN,
    touches: &[],
    params: &[ACCOUNT_ID],
    summary: "Takes the account's alias away.",
    ..ROW
};
