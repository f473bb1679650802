//! An error as clients see it: code, status, sentence, and its JSON and XML.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::json;

use crate::reply::Format;
use crate::xml;

/// An error on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct WireError {
    /// The text clients match on.
    pub code: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// A sentence that names the field, the value and the fix.
    pub message: String,
    /// Who was denied what; only for denials.
    pub denied: Option<Box<AccessDenied>>,
    /// When to try again; only when that can help.
    pub retry_after: Option<Duration>,
}

/// The `AccessDeniedDetail` of a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDenied {
    /// The permission asked for.
    pub action: String,
    /// The account of the caller.
    pub owner: String,
    /// The caller's name.
    pub principal: String,
    /// `SubUser`, `AssumedRoleUser`, `AccountRoot` or `IngestToken`.
    pub principal_type: String,
    /// Whether a policy says Deny, or none says Allow.
    pub explicit: bool,
    /// Whether it is the policy of the caller's session that does not allow it.
    pub by_session: bool,
}

impl WireError {
    /// An error with a code from elsewhere; those of the table have [`crate::ErrorCode::because`].
    pub fn new(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        WireError { code: code.into(), status, message: message.into(), denied: None, retry_after: None }
    }

    /// The same with the time to try again.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// The same with who was denied what.
    #[must_use]
    pub fn denied(mut self, detail: AccessDenied) -> Self {
        self.denied = Some(Box::new(detail));
        self
    }

    /// The body. `host` is what the client called us, `recommend` the address of the page to read.
    pub fn body(&self, format: Format, request_id: &str, host: &str, recommend: &str) -> String {
        let mut body = json!({
            "RequestId": request_id,
            "HostId": host,
            "Code": self.code,
            "Message": self.message,
            "Recommend": recommend,
        });
        if let Some(denied) = &self.denied {
            body["AccessDeniedDetail"] = json!({
                "AuthAction": denied.action,
                "AuthPrincipalOwnerId": denied.owner,
                "AuthPrincipalDisplayName": denied.principal,
                "AuthPrincipalType": denied.principal_type,
                "NoPermissionType": if denied.explicit { "ExplicitDeny" } else { "ImplicitDeny" },
                "PolicyType": if denied.by_session { "SessionPolicy" } else { "AccountLevelIdentityBasedPolicy" },
            });
        }
        match format {
            Format::Json => body.to_string(),
            Format::Xml => xml::document("Error", &body.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    #[test]
    fn both_formats_carry_the_same_fields() {
        let error = codes::TRAIL_NOT_FOUND.because("no trail \"<a>\"");
        assert_eq!(
            error.body(Format::Json, "R1", "h:1", "http://h:1/docs"),
            r#"{"Code":"TrailNotFoundException","HostId":"h:1","Message":"no trail \"<a>\"","Recommend":"http://h:1/docs","RequestId":"R1"}"#
        );
        assert_eq!(
            error.body(Format::Xml, "R1", "h:1", "http://h:1/docs"),
            "<?xml version='1.0' encoding='UTF-8'?><Error><Code>TrailNotFoundException</Code><HostId>h:1</HostId>\
             <Message>no trail &quot;&lt;a&gt;&quot;</Message><Recommend>http://h:1/docs</Recommend>\
             <RequestId>R1</RequestId></Error>"
        );
    }

    #[test]
    fn a_denial_says_who_and_what() {
        let error = codes::NO_PERMISSION.because("no").denied(AccessDenied {
            action: "actiontrail:StopLogging".into(),
            owner: "100".into(),
            principal: "alice".into(),
            principal_type: "SubUser".into(),
            explicit: true,
            by_session: false,
        });
        let body: serde_json::Value =
            serde_json::from_str(&error.body(Format::Json, "R", "h", "")).expect("an error body is JSON");
        assert_eq!(body["AccessDeniedDetail"]["NoPermissionType"], "ExplicitDeny");
        assert_eq!(body["AccessDeniedDetail"]["AuthPrincipalDisplayName"], "alice");
    }
}
