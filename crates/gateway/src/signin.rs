//! `POST /v1/signin`: a password, and perhaps the code of a second factor, for temporary credentials.
//!
//! Every attempt on an account that exists leaves a ConsoleSignin event in it before it is answered, also one that
//! fails; of those that are refused because there were too many, the first. Nothing is read from the address: a
//! password there would end up in every proxy's log.

use std::sync::Arc;
use std::time::Instant;

use api::rest::SIGN_IN;
use api::{Arguments, Success, WireError, codes};
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::Request as HttpRequest;
use identity::{Attempt, Principal, SessionKey, SignIn, SignInError};
use journal::Entry;
use model::{AccountId, ErrorKind, Event};
use serde_json::{Value, json};
use tracing::{Instrument, error, info_span};

use crate::fault::{chain, managed, unexpected};
use crate::gateway::Gateway;
use crate::request::Request;
use crate::taken::{Taken, take};
use crate::{reply, self_audit};

/// A form with two passwords is far below.
const BODY_BYTES_MAX: usize = 16 << 10;

/// `POST /v1/signin`.
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, http: HttpRequest<axum::body::Body>) -> Response {
    let started = Instant::now();
    let taken = take(&gateway, http, BODY_BYTES_MAX).await;
    let early = taken.error(&gateway);
    let Taken { request, place, .. } = taken;
    let span = info_span!("request", id = request.id);
    // In a task of its own: an attempt is recorded also when its client hangs up.
    let work = async move {
        let outcome = match early {
            Some(error) => Err(error),
            None => sign_in(&gateway, &request).await,
        };
        let response = match &outcome {
            Ok(success) => reply::json(&request, success),
            Err(error) => reply::error(&request, None, error),
        };
        gateway.metrics.answered("SignIn", response.status().as_u16(), started.elapsed());
        drop(place);
        response
    };
    tokio::spawn(work.instrument(span)).await.expect("the task is not cancelled and does not panic")
}

async fn sign_in(gateway: &Gateway, request: &Request) -> Result<Success, WireError> {
    if !request.query.is_empty() {
        return Err(codes::INVALID_PARAMETER.because("Send the parameters as a form in the body, not in the address."));
    }
    let arguments = Arguments::check(SIGN_IN.params, &request.given, codes::INVALID_PARAMETER, None)?;
    gateway.auditor.check_ready()?;
    let wish = SignIn {
        account: arguments.required("Account"),
        user: arguments.text("UserName"),
        password: arguments.required("Password"),
        code: arguments.text("AuthenticationCode"),
        new_password: arguments.text("NewPassword"),
        source: request.source,
    };
    let (attempt, outcome) = gateway.identity.sign_in(&wish).await;
    let is_told = !matches!(outcome, Err(SignInError::Throttled { is_first: false, .. }));
    let outcome = outcome.map_err(refused);
    if let Some(account) = attempt.account.filter(|_| is_told) {
        let entry = record(gateway, request, &wish, &attempt, outcome.as_ref().err(), account)?;
        if let Err(error) = gateway.auditor.write(entry).await {
            error!(error = chain(&error), "a sign-in could not be recorded");
            return Err(codes::SERVICE_UNAVAILABLE.because("The sign-in could not be recorded; try again later."));
        }
    }
    outcome.map(|key| shown(&key))
}

fn shown(key: &SessionKey) -> Success {
    Success::from_object(&json!({ "Credentials": {
        "AccessKeyId": key.access_key_id,
        "AccessKeySecret": key.access_key_secret.expose(),
        "SecurityToken": key.security_token.expose(),
        "Expiration": key.expires.to_string(),
    }}))
}

fn refused(error: SignInError) -> WireError {
    let code = match error {
        SignInError::Manage(error) => return managed(error),
        SignInError::Throttled { retry_after, .. } => {
            return codes::THROTTLING.because(error.to_string()).retry_after(retry_after);
        }
        SignInError::Refused => codes::INVALID_CREDENTIALS,
        SignInError::CodeNeeded | SignInError::FactorNeeded => codes::MFA_REQUIRED,
        SignInError::WrongCode => codes::INVALID_AUTHENTICATION_CODE,
        SignInError::ResetNeeded => codes::PASSWORD_RESET_REQUIRED,
        SignInError::Expired => codes::PASSWORD_EXPIRED,
    };
    code.because(error.to_string())
}

/// The event, in the shape of the published sample.
fn record(
    gateway: &Gateway,
    request: &Request,
    wish: &SignIn<'_>,
    attempt: &Attempt,
    refusal: Option<&WireError>,
    account: AccountId,
) -> Result<Entry, WireError> {
    let scheme = if request.secure { "https" } else { "http" };
    let mut event = json!({
        "eventId": gateway.random.uuid(),
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": "ConsoleSignin",
        "eventName": "ConsoleSignin",
        "eventRW": "Write",
        "eventSource": self_audit::shortened(&format!("{scheme}://{}{}", request.host, request.path)),
        "eventTime": request.received.to_string(),
        "serviceName": "AasCustomer",
        "acsRegion": request.region.id,
        "isGlobal": true,
        "requestId": request.id,
        "sourceIpAddress": request.source.map_or_else(|| "Internal".to_owned(), |address| address.to_string()),
        "userAgent": self_audit::shortened(request.user_agent()),
        "userIdentity": who(gateway, wish, attempt, account),
        "recipientAccountId": account.as_str(),
        "additionalEventData": {
            "loginAccount": self_audit::shortened(wish.user.unwrap_or(wish.account)),
            "isMFAChecked": attempt.mfa.to_string(),
        },
    });
    if let Some(error) = refusal {
        event["errorCode"] = json!(error.code);
        event["errorMessage"] = json!(error.message);
    }
    let event = Event::parse(Bytes::from(event.to_string()));
    let event = event.map_err(|refusal| unexpected(&refusal, ErrorKind::Bug))?;
    Ok(Entry { account, event })
}

fn who(gateway: &Gateway, wish: &SignIn<'_>, attempt: &Attempt, account: AccountId) -> Value {
    match &attempt.principal {
        Some(principal @ (Principal::Root | Principal::User { .. })) => {
            gateway.identity.signed_in(account, principal.clone()).identity_json()
        }
        _ => json!({
            "type": "ram-user",
            "accountId": account.as_str(),
            "userName": self_audit::shortened(wish.user.unwrap_or_default()),
        }),
    }
}
