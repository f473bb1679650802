//! Passwords and their rules, second factors, aliases.

use api::{Success, codes};
use catalog::{LoginProfile, MfaDevice};
use identity::{LoginChange, ManageError, PasswordPolicy, mfa_serial};
use model::AccountId;
use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::fault::managed;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let (user, password) = (call.arguments.required("UserName"), call.arguments.required("Password"));
    let identity = &call.gateway.identity;
    let login = identity.create_login(call.account, Some(user), password, wanted(call)).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "LoginProfile": shown(&login) })))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    let login = call.gateway.identity.get_login(call.account, Some(user)).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "LoginProfile": shown(&login) })))
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    call.gateway.identity.update_login(call.account, Some(user), wanted(call)).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    call.gateway.identity.delete_login(call.account, Some(user)).await.map_err(managed)?;
    Ok(Success::empty())
}

/// The password of the account itself, made or changed.
pub(super) async fn set_for_account(call: &Call<'_>) -> Outcome {
    let password = call.arguments.required("Password");
    let identity = &call.gateway.identity;
    let change = LoginChange { password: Some(password), ..LoginChange::default() };
    match identity.update_login(call.account, None, change).await {
        Err(ManageError::NotFound { .. }) => {
            let made = identity.create_login(call.account, None, password, LoginChange::default()).await;
            made.map_err(managed)?;
        }
        other => other.map(|_| ()).map_err(managed)?,
    }
    Ok(Success::empty())
}

pub(super) async fn get_policy(call: &Call<'_>) -> Outcome {
    let policy = call.gateway.identity.password_policy(call.account).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "PasswordPolicy": rules(&policy) })))
}

pub(super) async fn set_policy(call: &Call<'_>) -> Outcome {
    let identity = &call.gateway.identity;
    let mut policy = identity.password_policy(call.account).await.map_err(managed)?;
    for (name, rule) in [
        ("MinimumPasswordLength", &mut policy.minimum_length),
        ("MaxLoginAttemps", &mut policy.login_attempts_max),
        ("MaxPasswordAge", &mut policy.age_days_max),
        ("PasswordReusePrevention", &mut policy.reuse_prevention),
    ] {
        *rule = call.arguments.integer(name).unwrap_or(*rule);
    }
    for (name, rule) in [
        ("RequireLowercaseCharacters", &mut policy.require_lowercase),
        ("RequireUppercaseCharacters", &mut policy.require_uppercase),
        ("RequireNumbers", &mut policy.require_numbers),
        ("RequireSymbols", &mut policy.require_symbols),
        ("HardExpiry", &mut policy.hard_expiry),
    ] {
        *rule = if call.arguments.has(name) { call.arguments.flag(name) } else { *rule };
    }
    identity.set_password_policy(call.account, &policy).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "PasswordPolicy": rules(&policy) })))
}

pub(super) async fn create_device(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("VirtualMFADeviceName");
    let (device, seed) = call.gateway.identity.create_mfa_device(call.account, name).await.map_err(managed)?;
    let serial = mfa_serial(call.account, &device.name);
    let shown = json!({ "SerialNumber": serial, "Base32StringSeed": seed.expose() });
    Ok(Success::from_object(&json!({ "VirtualMFADevice": shown })))
}

pub(super) async fn bind_device(call: &Call<'_>) -> Outcome {
    let (serial, user) = (call.arguments.required("SerialNumber"), call.arguments.required("UserName"));
    let codes = ["AuthenticationCode1", "AuthenticationCode2"].map(|name| call.arguments.required(name));
    call.gateway.identity.bind_mfa_device(call.account, serial, user, codes).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn unbind_device(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    let serial = call.gateway.identity.unbind_mfa_device(call.account, user).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "MFADevice": { "SerialNumber": serial } })))
}

pub(super) async fn list_devices(call: &Call<'_>) -> Outcome {
    let identity = &call.gateway.identity;
    let devices = identity.list_mfa_devices(call.account).await.map_err(managed)?;
    let users = identity.list_users(call.account).await.map_err(managed)?;
    let shown = |device: &MfaDevice| {
        let mut fields = json!({ "SerialNumber": mfa_serial(call.account, &device.name) });
        let user = users.iter().find(|user| Some(&user.name) == device.user.as_ref());
        if let (Some(user), Some(activated)) = (user, device.activated) {
            fields["ActivateDate"] = activated.to_string().into();
            fields["User"] = json!({ "UserId": user.user_id, "UserName": user.name, "DisplayName": user.display_name });
        }
        fields
    };
    let devices: Vec<Value> = devices.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "VirtualMFADevices": { "VirtualMFADevice": devices } })))
}

pub(super) async fn user_device(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    let device = call.gateway.identity.mfa_of_user(call.account, user).await.map_err(managed)?;
    let none = || codes::ENTITY_NOT_EXIST_USER_MFA_DEVICE.because(format!("The user {user} has no second factor."));
    let serial = mfa_serial(call.account, &device.ok_or_else(none)?.name);
    Ok(Success::from_object(&json!({ "MFADevice": { "SerialNumber": serial, "Type": "VMFA" } })))
}

pub(super) async fn delete_device(call: &Call<'_>) -> Outcome {
    let serial = call.arguments.required("SerialNumber");
    call.gateway.identity.delete_mfa_device(call.account, serial).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn set_alias(call: &Call<'_>) -> Outcome {
    let alias = call.arguments.required("AccountAlias");
    call.gateway.identity.set_account_alias(call.account, Some(alias)).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn get_alias(call: &Call<'_>) -> Outcome {
    let alias = call.gateway.identity.account_alias(call.account).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "AccountAlias": alias.unwrap_or_else(|| own_id(call.account)) })))
}

pub(super) async fn clear_alias(call: &Call<'_>) -> Outcome {
    call.gateway.identity.set_account_alias(call.account, None).await.map_err(managed)?;
    Ok(Success::empty())
}

/// What an account without an alias is called.
fn own_id(account: AccountId) -> String {
    account.as_str().to_owned()
}

fn wanted<'a>(call: &'a Call<'_>) -> LoginChange<'a> {
    let flag = |name| call.arguments.has(name).then(|| call.arguments.flag(name));
    LoginChange {
        password: call.arguments.text("Password"),
        reset_required: flag("PasswordResetRequired"),
        mfa_required: flag("MFABindRequired"),
    }
}

fn shown(login: &LoginProfile) -> Value {
    json!({
        "UserName": login.user.as_deref().unwrap_or("root"),
        "PasswordResetRequired": login.reset_required,
        "MFABindRequired": login.mfa_required,
        "CreateDate": login.created.to_string(),
    })
}

/// `MaxLoginAttemps` is how RAM spells it.
fn rules(policy: &PasswordPolicy) -> Value {
    json!({
        "MinimumPasswordLength": policy.minimum_length,
        "RequireLowercaseCharacters": policy.require_lowercase,
        "RequireUppercaseCharacters": policy.require_uppercase,
        "RequireNumbers": policy.require_numbers,
        "RequireSymbols": policy.require_symbols,
        "HardExpiry": policy.hard_expiry,
        "MaxLoginAttemps": policy.login_attempts_max,
        "MaxPasswordAge": policy.age_days_max,
        "PasswordReusePrevention": policy.reuse_prevention,
    })
}
