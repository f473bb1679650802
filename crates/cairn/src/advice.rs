//! Errors as people need them: what failed, why, and what to do next.

use client::{ClientError, Refusal};
use node::{ConfigError, FoundationError, StartCode, StartError};

/// The text for standard error: the error, its causes, advice, and the request id for the server's log.
pub(crate) fn report(error: &anyhow::Error) -> String {
    let mut text = format!("cairn: {error}\n");
    let mut before = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Libraries often repeat a cause in their own sentence.
        if !before.contains(&cause) {
            text.push_str(&format!("  because: {cause}\n"));
            before = cause;
        }
    }
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<ClientError>());
    let start = error.chain().find_map(start_code);
    if let Some(advice) = failure.and_then(advice).or_else(|| start.map(StartCode::advice)) {
        text.push_str(&format!("  {advice}\n"));
    }
    if let Some(code) = start {
        text.push_str(&format!("  code: {} (docs/book/errors.md)\n", code.as_str()));
    }
    if let Some(ClientError::Refused(refusal)) = failure
        && !refusal.request_id.is_empty()
    {
        text.push_str(&format!("  request id: {}\n", refusal.request_id));
    }
    text
}

fn advice(error: &ClientError) -> Option<&'static str> {
    Some(match error {
        ClientError::Unreachable { refused: true, .. } => {
            "Is the node running? Start it with `cairn serve --data DIR`, or say where it is with --endpoint or \
             CAIRN_ENDPOINT."
        }
        ClientError::Unreachable { .. } => {
            "Check the host name and the port, that a firewall lets you through, and whether the node speaks http or \
             https; --ca-file names a certificate authority of your own."
        }
        ClientError::TimedOut { .. } => "The node may be busy; its log and /metrics say with what.",
        ClientError::Broken { .. } => {
            "The node may have been stopped, or it speaks https and you said http (or the other way round)."
        }
        ClientError::NotCairn { .. } => "Check --endpoint: another server seems to listen there.",
        ClientError::NoAccessKey => {
            "An ingest token puts events and nothing else; set ALIBABA_CLOUD_ACCESS_KEY_ID and \
             ALIBABA_CLOUD_ACCESS_KEY_SECRET, or use --profile."
        }
        ClientError::Refused(refusal) => return refusal_advice(refusal),
        ClientError::InvalidEndpoint(_) | ClientError::SetUp(_) => return None,
    })
}

fn start_code(cause: &(dyn std::error::Error + 'static)) -> Option<StartCode> {
    let start = cause.downcast_ref::<StartError>().map(StartError::code);
    let foundation = || cause.downcast_ref::<FoundationError>().map(FoundationError::code);
    start.or_else(foundation).or_else(|| cause.downcast_ref::<ConfigError>().map(ConfigError::code))
}

fn refusal_advice(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal.code.as_str() {
        "SignatureDoesNotMatch" | "IncompleteSignature" => {
            "Check the access key secret: it must be the one of this access key id, without spaces around it."
        }
        "InvalidAccessKeyId.NotFound" => {
            "This node does not know the key. Check --endpoint and --profile, and that ALIBABA_CLOUD_ACCESS_KEY_ID is not \
             left over from elsewhere."
        }
        "InvalidAccessKeyId.Inactive" => {
            "Someone disabled the key; another key of the account can enable it with `cairn key enable`."
        }
        "InvalidTimeStamp.Expired" | "IllegalTimestamp" => {
            "Compare this machine's clock with the node's: they may differ by 15 minutes at most."
        }
        "NoPermission" | "Forbidden" | "Forbidden.RAM" => {
            "Someone with full access can attach a policy to you: `cairn policy attach NAME --user YOU`; `cairn policy \
             list` shows the built-in ones."
        }
        "BucketDoesNotExistException" => "Make it known first: `cairn bucket add NAME --url file:///folder`.",
        "InsufficientBucketPolicyException" => "`cairn bucket check NAME` says what the storage answers.",
        "BucketInUse" => "`cairn trail list` shows which trail names it; delete or update that one first.",
        "TrailNotFoundException" => "`cairn trail list` shows the trails there are.",
        "MaximumNumberOfTrailsExceededException" => {
            "Delete a trail you do not need, or create this one in another --region."
        }
        "EntityNotExist.User" => "`cairn user list` shows the users there are.",
        "EntityNotExist.Policy" => "`cairn policy list` shows the policies there are.",
        "DeleteConflict.User.AccessKey" => "Delete its keys first: `cairn key list --user NAME`.",
        "DeleteConflict.User.Policy" => "Detach its policies first: `cairn policy list --user NAME`.",
        "DeleteConflict.Policy.User" => "Detach it from its users first: `cairn policy detach NAME --user USER`.",
        "LimitExceeded.User.AccessKey" => "Delete a key that is no longer used: `cairn key list`.",
        "InvalidParameterStartTime" => {
            "The node keeps a limited history; its operator sets [history] days (0 keeps everything)."
        }
        _ if refusal.is_throttled() => "The node has too much to do; try again later, or with fewer calls at once.",
        _ if refusal.status >= 500 => "The node's log says more under the request id.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, status: u16) -> String {
        let refusal =
            Refusal { status, code: code.into(), message: "no.".into(), request_id: "R-1".into(), retry_after: None };
        report(&anyhow::Error::new(ClientError::Refused(Box::new(refusal))).context("could not create the trail"))
    }

    #[test]
    fn what_failed_why_and_what_to_do_next() {
        assert_eq!(
            refused("SignatureDoesNotMatch", 400),
            "cairn: could not create the trail\n  because: SignatureDoesNotMatch: no.\n  Check the access key secret: it \
             must be the one of this access key id, without spaces around it.\n  request id: R-1\n"
        );
        assert!(refused("BucketDoesNotExistException", 404).contains("cairn bucket add"));
        assert!(refused("Throttling.User", 400).contains("too much to do"));
        assert!(refused("InternalError", 500).contains("log"));
    }
}
