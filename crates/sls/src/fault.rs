//! Failures as Log Service tells them: a status, a code, a text.
//!
//! The codes and most texts are those its SDKs and their tests compare with. A permanent failure never has a status
//! of 5xx: the SDKs repeat such a request.

use std::borrow::Cow;

/// A code and the status it comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultCode {
    /// As clients compare it.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
}

/// A failure, ready for the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name)]
pub struct Fault {
    /// Its code.
    pub code: FaultCode,
    /// What is wrong.
    pub message: Cow<'static, str>,
}

impl FaultCode {
    /// The failure with this text.
    pub fn because(self, message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { code: self, message: message.into() }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $text:literal;)*) => {
        $($(#[$doc])* pub const $name: FaultCode = FaultCode { name: $text, status: $status };)*
        /// Every code.
        pub const ALL: &[FaultCode] = &[$($name),*];
    };
}

codes! {
    /// Something in the address or the body is not what it should be.
    PARAMETER_INVALID = 400 "ParameterInvalid";
    /// The body is not what it should be.
    POST_BODY_INVALID = 400 "PostBodyInvalid";
    /// The body is too long.
    POST_BODY_TOO_LARGE = 400 "PostBodyTooLarge";
    /// The body did not arrive.
    REQUEST_TIMEOUT = 400 "RequestTimeout";
    /// There is no such project.
    PROJECT_NOT_EXIST = 404 "ProjectNotExist";
    /// The project is there already.
    PROJECT_ALREADY_EXIST = 400 "ProjectAlreadyExist";
    /// Something is still in it.
    PROJECT_NOT_EMPTY = 400 "ProjectNotEmpty";
    /// There is no such Logstore.
    LOGSTORE_NOT_EXIST = 404 "LogStoreNotExist";
    /// The Logstore is there already.
    LOGSTORE_ALREADY_EXIST = 400 "LogStoreAlreadyExist";
    /// A Logstore cannot be as asked for.
    LOGSTORE_INFO_INVALID = 400 "LogstoreInfoInvalid";
    /// There is no such shard.
    SHARD_NOT_EXIST = 404 "ShardNotExist";
    /// The cursor is not one.
    INVALID_CURSOR = 400 "InvalidCursor";
    /// There is an index already.
    INDEX_ALREADY_EXIST = 400 "IndexAlreadyExist";
    /// There is no such consumer group.
    CONSUMER_GROUP_NOT_EXIST = 404 "ConsumerGroupNotExist";
    /// The consumer group is there already.
    CONSUMER_GROUP_ALREADY_EXIST = 400 "ConsumerGroupAlreadyExist";
    /// The consumer does not hold the shard.
    CONSUMER_NOT_EXIST = 400 "NotExistConsumerWithBody";
    /// There is no such saved search.
    SAVED_SEARCH_NOT_EXIST = 404 "SavedSearchNotExist";
    /// There is no such dashboard.
    DASHBOARD_NOT_EXIST = 404 "DashboardNotExist";
    /// There is no such alert rule.
    JOB_NOT_EXIST = 404 "JobNotExist";
    /// The alert rule is there already.
    JOB_ALREADY_EXIST = 400 "JobAlreadyExist";
    /// There is no such resource.
    RESOURCE_NOT_EXIST = 404 "ResourceNotExist";
    /// The resource is there already.
    RESOURCE_ALREADY_EXIST = 400 "ResourceAlreadyExist";
    /// There is no such record.
    RESOURCE_RECORD_NOT_EXIST = 404 "ResourceRecordNotExist";
    /// The record is there already.
    RESOURCE_RECORD_ALREADY_EXIST = 400 "ResourceRecordAlreadyExist";
    /// There are as many as may be.
    EXCEED_QUOTA = 400 "ExceedQuota";
    /// Too many questions at once.
    READ_QUOTA_EXCEED = 403 "ReadQuotaExceed";
    /// The caller may not.
    UNAUTHORIZED = 403 "Unauthorized";
    /// The request is not signed, or not by a scheme we know.
    NOT_SIGNED = 401 "Unauthorized";
    /// There is no such key, or it may not be used.
    INVALID_ACCESS_KEY_ID = 401 "InvalidAccessKeyId";
    /// The signature is another one.
    SIGNATURE_NOT_MATCH = 401 "SignatureNotMatch";
    /// The clocks differ.
    REQUEST_TIME_TOO_SKEWED = 400 "RequestTimeTooSkewed";
    /// The session is over.
    SECURITY_TOKEN_EXPIRED = 401 "SecurityTokenExpired";
    /// The security token is not one.
    SECURITY_TOKEN_INVALID = 401 "SecurityTokenInvalid";
    /// No date, or one that cannot be read.
    INVALID_DATE = 400 "InvalidDateFormat";
    /// Another version of the API.
    INVALID_API_VERSION = 400 "InvalidAPIVersion";
    /// Another way to sign.
    INVALID_SIGNATURE_METHOD = 400 "InvalidSignatureMethod";
    /// The hash is not the body's.
    INVALID_CONTENT_HASH = 400 "InvalidContentMD5";
    /// A compression we do not know.
    INVALID_COMPRESS_TYPE = 400 "InvalidCompressType";
    /// There is nothing at this path.
    INVALID_PATH = 404 "InvalidPath";
    /// The path has no such method.
    INVALID_METHOD = 405 "MethodNotSupported";
    /// What is asked for is not offered.
    NOT_SUPPORTED = 400 "NotSupported";
    /// Our fault.
    INTERNAL_SERVER_ERROR = 500 "InternalServerError";
    /// Not now.
    SERVER_BUSY = 503 "ServerBusy";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_has_a_status_that_clients_repeat() {
        let repeated: Vec<&str> = ALL.iter().filter(|code| code.status >= 500).map(|code| code.name).collect();
        assert_eq!(repeated, ["InternalServerError", "ServerBusy"]);
        let fault = PROJECT_NOT_EXIST.because("The Project does not exist : x");
        assert_eq!(fault.to_string(), "ProjectNotExist: The Project does not exist : x");
    }
}
