//! Which account each event goes to, and whether the caller may put it there.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;

use api::rest::PUT_EVENTS;
use api::{WireError, codes, fill_arn};
use identity::Caller;
use journal::Entry;
use model::event::Refusal;
use model::{AccountId, Event};

use super::put::Refused;
use crate::authorize;
use crate::fault::unexpected;
use crate::gateway::Gateway;
use crate::request::Request;

/// Whom the events of a request are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    /// All for one account, which exists and which the caller may write for.
    Account(AccountId),
    /// Each says it itself.
    FromEvent,
}

/// Reads the parameter `account` and decides what can be decided before the events are looked at.
pub(super) async fn addressee(
    gateway: &Gateway,
    request: &Request,
    caller: &Caller,
    parameter: Option<&str>,
) -> Result<Addressee, WireError> {
    let account = match parameter {
        Some("from-event") => return Ok(Addressee::FromEvent),
        None => caller.account,
        Some(id) => id.parse::<AccountId>().map_err(|error| {
            codes::INVALID_PARAMETER.because(format!("The parameter account: {error}, or `from-event`."))
        })?,
    };
    may_put(gateway, request, caller, account)?;
    if !known(gateway, account).await? {
        let message = Refusal::UnknownAccount { account: account.to_string() }.to_string();
        return Err(codes::ACCOUNT_NOT_FOUND.because(message));
    }
    Ok(Addressee::Account(account))
}

/// Sorts events by the account each states; those that cannot be sorted join the refused ones.
pub(super) async fn by_event(
    gateway: &Gateway,
    request: &Request,
    caller: &Caller,
    events: Vec<(usize, Event)>,
    refused: &mut Vec<Refused>,
) -> Result<Vec<Entry>, WireError> {
    let mut verdicts: HashMap<AccountId, Option<Refusal>> = HashMap::new();
    let mut entries = Vec::with_capacity(events.len());
    for (index, event) in events {
        let Some(account) = event.stated_account() else {
            refused.push(Refused::known(index, &event, Refusal::NoAccount));
            continue;
        };
        let verdict = match verdicts.entry(account) {
            MapEntry::Occupied(known) => known.into_mut(),
            MapEntry::Vacant(new) => new.insert(verdict(gateway, request, caller, account).await?),
        };
        match verdict {
            None => entries.push(Entry { account, event }),
            Some(refusal) => refused.push(Refused::known(index, &event, refusal.clone())),
        }
    }
    Ok(entries)
}

/// Permission first: whether an account exists is not for everyone to know.
async fn verdict(
    gateway: &Gateway,
    request: &Request,
    caller: &Caller,
    account: AccountId,
) -> Result<Option<Refusal>, WireError> {
    if may_put(gateway, request, caller, account).is_err() {
        return Ok(Some(Refusal::AccountNotAllowed { account: account.to_string() }));
    }
    let known = known(gateway, account).await?;
    Ok((!known).then(|| Refusal::UnknownAccount { account: account.to_string() }))
}

fn may_put(gateway: &Gateway, request: &Request, caller: &Caller, account: AccountId) -> Result<(), WireError> {
    let arn = fill_arn(PUT_EVENTS.resource, |name| (name == "account").then(|| account.as_str().to_owned()));
    authorize::allowed(gateway, request, caller, PUT_EVENTS.permission, &arn)
}

/// Whether the account exists; it is made to where the operator said so.
async fn known(gateway: &Gateway, account: AccountId) -> Result<bool, WireError> {
    if gateway.identity.account_exists(account) {
        return Ok(true);
    }
    if gateway.config.create_accounts {
        gateway.identity.ensure_account(account).await.map_err(|error| unexpected(&error, error.kind()))?;
        return Ok(true);
    }
    Ok(false)
}
