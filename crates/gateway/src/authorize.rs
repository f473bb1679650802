//! Whether a call may be made: whose things it is about, and what the caller's policies say.

use api::{AccessDenied, Arguments, Operation, Scope, WireError, codes, fill_arn};
use identity::{Caller, Context, Decision, Denial, Principal};
use model::AccountId;
use model::trail::TrailName;

use crate::fault::unexpected;
use crate::gateway::Gateway;
use crate::request::Request;

/// The account a call acts on. Whether it exists is only told to those who may ask.
pub(crate) fn account_of(row: &Operation, caller: &Caller, arguments: &Arguments) -> Result<AccountId, WireError> {
    match row.scope {
        Scope::Own => Ok(caller.account),
        Scope::Management if caller.is_management => Ok(caller.account),
        Scope::Management => {
            Err(codes::NO_PERMISSION.because(format!("{} is for callers of the management account only.", row.name)))
        }
        Scope::Named => {
            let named = arguments.text("AccountId").and_then(|id| id.parse().ok()).unwrap_or(caller.account);
            if named != caller.account && !caller.is_management {
                return Err(codes::NO_PERMISSION
                    .because("Only callers of the management account may name another account; leave AccountId out."));
            }
            Ok(named)
        }
    }
}

/// Decides a call of the table: the caller must be allowed on each of its resources.
pub(crate) async fn decide(
    gateway: &Gateway,
    request: &Request,
    caller: &Caller,
    row: &Operation,
    account: AccountId,
    arguments: &Arguments,
) -> Result<(), WireError> {
    let permission = row.permission();
    for template in row.resources {
        let home = if template.contains("{home}") { home_region(gateway, account, arguments).await? } else { None };
        let arn = fill_arn(template, |name| match name {
            "region" => Some(request.region.id.clone()),
            "account" => Some(account.as_str().to_owned()),
            "home" => Some(home.clone().unwrap_or_else(|| request.region.id.clone())),
            parameter => arguments.text(parameter).map(str::to_owned),
        });
        allowed(gateway, request, caller, &permission, &arn)?;
    }
    if account != caller.account && !gateway.identity.account_exists(account) {
        return Err(codes::ACCOUNT_NOT_FOUND.because(format!("There is no account {account}.")));
    }
    Ok(())
}

/// A trail's ARN has the region it was created in, wherever the request comes in: a policy that denies it there must
/// not be avoided by asking elsewhere.
async fn home_region(
    gateway: &Gateway,
    account: AccountId,
    arguments: &Arguments,
) -> Result<Option<String>, WireError> {
    let named = arguments.text("Name").or_else(|| arguments.text("TrailName"));
    let Some(name) = named.and_then(|name| name.parse::<TrailName>().ok()) else { return Ok(None) };
    let trail = gateway.catalog.trail_find(account, &name).await.map_err(|error| {
        let kind = error.kind();
        unexpected(&error, kind)
    })?;
    Ok(trail.map(|trail| trail.home_region))
}

/// Whether the caller's policies allow one permission on one resource.
pub(crate) fn allowed(
    gateway: &Gateway,
    request: &Request,
    caller: &Caller,
    permission: &str,
    arn: &str,
) -> Result<(), WireError> {
    let context = Context { source_ip: request.source, now: request.received, secure_transport: request.secure };
    let because = match gateway.identity.decide(caller, permission, arn, &context) {
        Decision::Allow => return Ok(()),
        Decision::Deny { because } => because,
    };
    let reason = match &because {
        Denial::ExplicitDeny { policy } => format!("the policy {policy} denies it"),
        Denial::NoPolicy => "no policy allows it".to_owned(),
        Denial::Session { explicit: true } => "the policy of the session denies it".to_owned(),
        Denial::Session { explicit: false } => "the policy of the session does not allow it".to_owned(),
    };
    let (principal, principal_type) = match &caller.principal {
        Principal::Root => ("root".to_owned(), "AccountRoot"),
        Principal::User { name, .. } => (name.clone(), "SubUser"),
        Principal::Role { name, session_name, .. } => (format!("{name}:{session_name}"), "AssumedRoleUser"),
        Principal::IngestToken { name, .. } => (name.clone(), "IngestToken"),
    };
    let detail = AccessDenied {
        action: permission.to_owned(),
        owner: caller.account.as_str().to_owned(),
        principal,
        principal_type: principal_type.to_owned(),
        explicit: matches!(because, Denial::ExplicitDeny { .. } | Denial::Session { explicit: true }),
        by_session: matches!(because, Denial::Session { .. }),
    };
    let message = format!("You are not authorized to do {permission} on {arn}: {reason}.");
    Err(codes::NO_PERMISSION.because(message).denied(detail))
}
