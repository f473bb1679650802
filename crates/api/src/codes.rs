//! Every error code the gateway answers with, and its HTTP status.
//!
//! The codes are those the official clients know; where several statuses are published for one code, the comment says
//! which was taken and why. Codes of RAM and of signatures that `identity` gives come with their own status.

use model::ErrorKind;

use crate::error::WireError;

/// A code and the status it is sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// The text clients match on.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
}

impl ErrorCode {
    const fn new(status: u16, code: &'static str) -> Self {
        ErrorCode { code, status }
    }

    /// An error with this code.
    pub fn because(self, message: impl Into<String>) -> WireError {
        WireError::new(self.code, self.status, message)
    }

    /// The code for a failure that no operation has a code of its own for.
    pub fn of_kind(kind: ErrorKind) -> ErrorCode {
        match kind {
            ErrorKind::Invalid => INVALID_PARAMETER,
            ErrorKind::Denied => NO_PERMISSION,
            ErrorKind::NotFound => RESOURCE_NOT_FOUND,
            ErrorKind::Conflict => OPERATION_CONFLICT,
            ErrorKind::Throttled => THROTTLING,
            ErrorKind::Unavailable => SERVICE_UNAVAILABLE,
            ErrorKind::Corrupt | ErrorKind::Bug => INTERNAL_ERROR,
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $status:literal $code:literal;)+) => {
        $($(#[$doc])+ pub const $name: ErrorCode = ErrorCode::new($status, $code);)+
    };
}

codes! {
    /// A required parameter was not sent, or is empty.
    MISSING_PARAMETER = 400 "MissingParameter";
    /// A value outside its parameter's rule.
    INVALID_PARAMETER = 400 "InvalidParameter";
    /// A published parameter that is not built yet: refused rather than ignored.
    UNSUPPORTED_PARAMETER = 400 "UnsupportedParameter";
    /// No service has this version.
    NO_SUCH_VERSION = 400 "NoSuchVersion";
    /// No such operation.
    INVALID_ACTION_NOT_FOUND = 404 "InvalidAction.NotFound";
    /// Neither GET nor POST.
    UNSUPPORTED_HTTP_METHOD = 403 "UnsupportedHTTPMethod";
    /// The caller's policies do not allow it.
    NO_PERMISSION = 403 "NoPermission";
    /// The named thing does not exist.
    RESOURCE_NOT_FOUND = 404 "ResourceNotFound";
    /// The request contradicts the present state.
    OPERATION_CONFLICT = 409 "OperationConflict";
    /// Too much at once. REST clients expect 429; the old table's 400 would hide it from every proxy and retry policy.
    THROTTLING = 429 "Throttling";
    /// One account calls too often; 400 is what RPC clients know for it.
    THROTTLING_USER = 400 "Throttling.User";
    /// Our own mistake; the log has the chain of causes under the request id.
    INTERNAL_ERROR = 500 "InternalError";
    /// Something outside failed, or the node is stopping.
    SERVICE_UNAVAILABLE = 503 "ServiceUnavailable";
    /// The body is longer than the limit.
    REQUEST_TOO_LARGE = 413 "RequestTooLarge";
    /// The body cannot be read as what its headers say.
    MALFORMED_BODY = 400 "MalformedBody";
    /// A content type we do not take.
    UNSUPPORTED_MEDIA_TYPE = 415 "UnsupportedMediaType";
    /// The body did not arrive in time.
    REQUEST_TIMEOUT = 408 "RequestTimeout";
    /// No such path.
    PATH_NOT_FOUND = 404 "InvalidPath.NotFound";

    /// There is no such type of insights to put on.
    INSIGHT_TYPE_NOT_AVAILABLE = 400 "InsightTypeNotAvailable";
    /// There is no such type of insights to put off.
    INSIGHT_TYPE_NOT_VALID = 400 "InsightTypeNotValid";
    /// A trail cannot deliver such insights, because there is no such type.
    INSIGHT_SELECTOR_DOES_NOT_EXIST = 404 "InsightSelectorDoesNotExistException";
    /// The account has as many query templates as it may have.
    MAXIMUM_NUMBER_OF_TEMPLATES_EXCEEDED = 403 "MaximumNumberOfTemplatesExceededException";
    /// A window that cannot be, in the words of older versions.
    INVALID_TIME_RANGE = 400 "InvalidTimeRangeException";
    /// A value outside its rule, in the words of older versions.
    INVALID_PARAMETER_VALUE = 400 "InvalidParameterValue";

    /// A trail's name breaks the rule.
    INVALID_TRAIL_NAME = 400 "InvalidTrailNameException";
    /// An object key prefix breaks the rule.
    INVALID_PREFIX = 400 "InvalidPrefixException";
    /// A parameter of ActionTrail breaks its rule, or two lookup keys do not go together.
    INVALID_QUERY_PARAMETER = 400 "InvalidQueryParameter";
    /// The window ends before it starts, or has one end only.
    INVALID_PARAMETER_COMBINATION = 400 "InvalidParameterCombination";
    /// A statement or a query that cannot be read, names what is not there, or would change something.
    INVALID_QUERY = 400 "InvalidQuery";
    /// A query that reached a limit before its first row.
    QUERY_LIMIT = 400 "QueryLimitExceeded";
    /// The window's start is no time, or lies before the history.
    INVALID_PARAMETER_START_TIME = 400 "InvalidParameterStartTime";
    /// The window's end is no time.
    INVALID_PARAMETER_END_TIME = 400 "InvalidParameterEndTime";
    /// A trail without destination, or with one that cannot be.
    INVALID_DELIVERY_CONFIGURATION = 400 "InvalidDeliveryConfigurationException";
    /// No Logstore project can be reached.
    SLS_PROJECT_DOES_NOT_EXIST = 400 "SlsProjectDoesNotExistException";
    /// The account may not create trails of an organization.
    NOT_ALLOW_CREATE_ORGANIZATION_TRAIL = 400 "NotAllowCreateOrganizationTrail";
    /// The name is taken.
    TRAIL_ALREADY_EXISTS = 400 "TrailAlreadyExistsException";
    /// The region holds as many trails of the account as it may.
    MAXIMUM_NUMBER_OF_TRAILS_EXCEEDED = 403 "MaximumNumberOfTrailsExceededException";
    /// The project cannot be written to: the role does not admit the trail, or none was given for another account's.
    INSUFFICIENT_SLS_POLICY = 403 "InsufficientSlsPolicyException";
    /// The bucket is there and cannot be written.
    INSUFFICIENT_BUCKET_POLICY = 403 "InsufficientBucketPolicyException";
    /// No bucket of this name.
    BUCKET_DOES_NOT_EXIST = 404 "BucketDoesNotExistException";
    /// No trail of this name.
    TRAIL_NOT_FOUND = 404 "TrailNotFoundException";

    /// No delivery history job of this number.
    DELIVERY_HISTORY_JOB_NOT_FOUND = 404 "DeliveryHistoryJobNotFound";
    /// The account has as many unfinished delivery history jobs as it may; the name follows that of trails.
    MAXIMUM_NUMBER_OF_DELIVERY_HISTORY_JOBS_EXCEEDED = 403 "MaximumNumberOfDeliveryHistoryJobsExceededException";
    /// The token was used for another call.
    IDEMPOTENT_PARAMETER_MISMATCH = 400 "IdempotentParameterMismatch";
    /// The account has its inner trail already.
    MAXIMUM_NUMBER_OF_INNER_TRAILS_EXCEEDED = 403 "MaximumNumberOfInnerTrailsExceededException";
    /// Retention of a bucket cannot be made shorter.
    RETENTION_CANNOT_BE_SHORTENED = 409 "RetentionCannotBeShortened";

    /// No RAM user of this name.
    ENTITY_NOT_EXIST_USER = 404 "EntityNotExist.User";
    /// The RAM user's name is taken.
    ENTITY_ALREADY_EXISTS_USER = 409 "EntityAlreadyExists.User";
    /// The RAM user still has keys.
    DELETE_CONFLICT_USER_ACCESS_KEY = 409 "DeleteConflict.User.AccessKey";
    /// The RAM user still has policies.
    DELETE_CONFLICT_USER_POLICY = 409 "DeleteConflict.User.Policy";
    /// No access key of this id.
    ENTITY_NOT_EXIST_ACCESS_KEY = 404 "EntityNotExist.User.AccessKey";
    /// The user has as many access keys as it may.
    LIMIT_EXCEEDED_ACCESS_KEY = 409 "LimitExceeded.User.AccessKey";
    /// No policy of this name.
    ENTITY_NOT_EXIST_POLICY = 404 "EntityNotExist.Policy";
    /// The policy's name is taken.
    ENTITY_ALREADY_EXISTS_POLICY = 409 "EntityAlreadyExists.Policy";
    /// The policy is attached to someone.
    DELETE_CONFLICT_POLICY_USER = 409 "DeleteConflict.Policy.User";
    /// The policy is attached already.
    ENTITY_ALREADY_EXISTS_USER_POLICY = 409 "EntityAlreadyExists.User.Policy";
    /// The policy is not attached.
    ENTITY_NOT_EXIST_USER_POLICY = 404 "EntityNotExist.User.Policy";
    /// The policy document cannot be read.
    MALFORMED_POLICY_DOCUMENT = 400 "MalformedPolicyDocument";

    /// No group of this name.
    ENTITY_NOT_EXIST_GROUP = 404 "EntityNotExist.Group";
    /// The group's name is taken.
    ENTITY_ALREADY_EXISTS_GROUP = 409 "EntityAlreadyExists.Group";
    /// The group still has users.
    DELETE_CONFLICT_GROUP_USER = 409 "DeleteConflict.Group.User";
    /// The group still has policies.
    DELETE_CONFLICT_GROUP_POLICY = 409 "DeleteConflict.Group.Policy";
    /// The user is in the group already.
    ENTITY_ALREADY_EXISTS_USER_GROUP = 409 "EntityAlreadyExists.User.Group";
    /// The user is not in the group.
    ENTITY_NOT_EXIST_USER_GROUP = 404 "EntityNotExist.User.Group";
    /// The group has the policy already.
    ENTITY_ALREADY_EXISTS_GROUP_POLICY = 409 "EntityAlreadyExists.Group.Policy";
    /// The group does not have the policy.
    ENTITY_NOT_EXIST_GROUP_POLICY = 404 "EntityNotExist.Group.Policy";
    /// The user is still in a group.
    DELETE_CONFLICT_USER_GROUP = 409 "DeleteConflict.User.Group";
    /// The user still has a second factor.
    DELETE_CONFLICT_USER_MFA_DEVICE = 409 "DeleteConflict.User.MFADevice";
    /// The user still has a password.
    DELETE_CONFLICT_USER_LOGIN_PROFILE = 409 "DeleteConflict.User.LoginProfile";
    /// The policy is attached to a group.
    DELETE_CONFLICT_POLICY_GROUP = 409 "DeleteConflict.Policy.Group";
    /// The policy is attached to a role.
    DELETE_CONFLICT_POLICY_ROLE = 409 "DeleteConflict.Policy.Role";
    /// The policy has no such version.
    ENTITY_NOT_EXIST_POLICY_VERSION = 404 "EntityNotExist.Policy.Version";
    /// The policy has as many versions as it may.
    LIMIT_EXCEEDED_POLICY_VERSION = 409 "LimitExceeded.Policy.Version";
    /// The version is the one that counts.
    DELETE_CONFLICT_POLICY_VERSION_DEFAULT = 409 "DeleteConflict.PolicyVersion.Default";
    /// No role of this name.
    ENTITY_NOT_EXIST_ROLE = 404 "EntityNotExist.Role";
    /// The role's name is taken.
    ENTITY_ALREADY_EXISTS_ROLE = 409 "EntityAlreadyExists.Role";
    /// The role still has policies.
    DELETE_CONFLICT_ROLE_POLICY = 409 "DeleteConflict.Role.Policy";
    /// The role has the policy already.
    ENTITY_ALREADY_EXISTS_ROLE_POLICY = 409 "EntityAlreadyExists.Role.Policy";
    /// The role does not have the policy.
    ENTITY_NOT_EXIST_ROLE_POLICY = 404 "EntityNotExist.Role.Policy";
    /// The role or policy belongs to a service.
    SERVICE_LINKED_ROLE = 403 "InvalidOperation.ServiceLinkedRole";
    /// The user has a password already.
    ENTITY_ALREADY_EXISTS_LOGIN_PROFILE = 409 "EntityAlreadyExists.User.LoginProfile";
    /// The user has no password.
    ENTITY_NOT_EXIST_LOGIN_PROFILE = 404 "EntityNotExist.User.LoginProfile";
    /// The password breaks the account's rules.
    INVALID_PASSWORD = 400 "InvalidPassword";
    /// The present password is another one.
    INVALID_OLD_PASSWORD = 403 "InvalidPassword.OldPassword";
    /// The second factor's name is taken.
    ENTITY_ALREADY_EXISTS_MFA_DEVICE = 409 "EntityAlreadyExists.VirtualMFADevice";
    /// No free second factor of this serial number.
    ENTITY_NOT_EXIST_MFA_DEVICE = 404 "EntityNotExist.VirtualMFADevice";
    /// The user has a second factor already.
    ENTITY_ALREADY_EXISTS_USER_MFA_DEVICE = 409 "EntityAlreadyExists.User.MFADevice";
    /// The user has no second factor.
    ENTITY_NOT_EXIST_USER_MFA_DEVICE = 404 "EntityNotExist.User.MFADevice";
    /// The codes are not two in a row of this device.
    INVALID_AUTHENTICATION_CODE = 400 "InvalidAuthenticationCode";
    /// The second factor is a user's.
    DELETE_CONFLICT_MFA_DEVICE_USER = 409 "DeleteConflict.VirtualMFADevice.User";
    /// Another account has the alias.
    ENTITY_ALREADY_EXISTS_ACCOUNT_ALIAS = 409 "EntityAlreadyExists.AccountAlias";
    /// Not a role's ARN.
    INVALID_PARAMETER_ROLE_ARN = 400 "InvalidParameter.RoleArn";
    /// Not a session's name.
    INVALID_PARAMETER_ROLE_SESSION_NAME = 400 "InvalidParameter.RoleSessionName";
    /// Shorter or longer than a session may last.
    INVALID_PARAMETER_DURATION_SECONDS = 400 "InvalidParameter.DurationSeconds";
    /// The session's policy cannot be read.
    INVALID_PARAMETER_POLICY_GRAMMAR = 400 "InvalidParameter.PolicyGrammar";

    /// Account, user or password is wrong.
    INVALID_CREDENTIALS = 401 "InvalidCredentials";
    /// A second factor is bound and its code was not given, or must be bound first.
    MFA_REQUIRED = 401 "MFARequired";
    /// The password must be changed.
    PASSWORD_RESET_REQUIRED = 403 "PasswordResetRequired";
    /// The password has expired for good.
    PASSWORD_EXPIRED = 403 "PasswordExpired";

    /// No account of this id.
    ACCOUNT_NOT_FOUND = 404 "AccountNotFound";
    /// The account's id is taken.
    ACCOUNT_ALREADY_EXISTS = 409 "AccountAlreadyExists";
    /// The project's name is taken.
    PROJECT_ALREADY_EXISTS = 409 "ProjectAlreadyExist";
    /// No remote project of this name.
    PROJECT_NOT_FOUND = 404 "ProjectNotExist";
    /// A trail names the project.
    PROJECT_IN_USE = 409 "ProjectInUse";
    /// The project's endpoint or settings cannot be used.
    INVALID_PROJECT_CONFIGURATION = 400 "InvalidProjectConfiguration";
    /// The project has no such alert rule.
    ALERT_RULE_NOT_FOUND = 404 "AlertRuleNotFound";
    /// The rule cannot be run.
    INVALID_ALERT_RULE = 400 "InvalidAlertRule";
    /// The action policy's script or graph means nothing.
    INVALID_ALERT_POLICY = 400 "InvalidAlertPolicy";
    /// The account has no such incident, or it is over.
    ALERT_INCIDENT_NOT_FOUND = 404 "AlertIncidentNotFound";
    /// The account has no such silence.
    ALERT_SILENCE_NOT_FOUND = 404 "AlertSilenceNotFound";
    /// The silence means nothing.
    INVALID_ALERT_SILENCE = 400 "InvalidAlertSilence";
    /// The account has as many silences as it may.
    LIMIT_EXCEEDED_ALERT_SILENCE = 409 "LimitExceeded.AlertSilence";
    /// The account has no such content template.
    ALERT_TEMPLATE_NOT_FOUND = 404 "AlertTemplateNotFound";
    /// The content template cannot be used.
    INVALID_ALERT_TEMPLATE = 400 "InvalidAlertTemplate";
    /// A line is no user.
    INVALID_ALERT_USERS = 400 "InvalidAlertUsers";
    /// The account has as many users as it may.
    LIMIT_EXCEEDED_ALERT_USER = 409 "LimitExceeded.AlertUser";
    /// The bucket's name is taken.
    BUCKET_ALREADY_EXISTS = 409 "BucketAlreadyExists";
    /// A trail names the bucket.
    BUCKET_IN_USE = 409 "BucketInUse";
    /// The bucket's address or settings cannot be used.
    INVALID_BUCKET_CONFIGURATION = 400 "InvalidBucketConfiguration";
    /// The ingest token's name is taken.
    ENTITY_ALREADY_EXISTS_INGEST_TOKEN = 409 "EntityAlreadyExists.IngestToken";
    /// No ingest token of this id.
    INGEST_TOKEN_NOT_FOUND = 404 "IngestTokenNotFound";

    /// The directory has its trail already.
    MAXIMUM_NUMBER_OF_ORGANIZATION_TRAIL_EXCEEDED = 400 "MaximumNumberOfOrganizationTrailExceeded";
    /// The caller's account belongs to no resource directory.
    RESOURCE_DIRECTORY_NOT_IN_USE = 404 "ResourceDirectoryNotInUse";
    /// The caller's account belongs to a resource directory already.
    ENTITY_ALREADY_EXISTS_RESOURCE_DIRECTORY = 409 "EntityAlreadyExists.ResourceDirectory";
    /// The directory has members, folders or a trail.
    DELETE_CONFLICT_RESOURCE_DIRECTORY = 409 "DeleteConflict.ResourceDirectory";
    /// The directory has no such member.
    ENTITY_NOT_EXISTS_ACCOUNT = 404 "EntityNotExists.Account";
    /// The account belongs to a directory already, or is invited.
    ENTITY_ALREADY_EXISTS_ACCOUNT = 409 "EntityAlreadyExists.Account";
    /// The member manages the directory or administers a service.
    DELETE_CONFLICT_ACCOUNT = 409 "DeleteConflict.Account";
    /// The directory has no such folder.
    ENTITY_NOT_EXISTS_FOLDER = 404 "EntityNotExists.Folder";
    /// The folder's name is taken beside it.
    ENTITY_ALREADY_EXISTS_FOLDER = 409 "EntityAlreadyExists.Folder";
    /// The directory has as many folders or levels as it may.
    LIMIT_EXCEEDED_FOLDER = 409 "LimitExceeded.Folder";
    /// The folder is not empty.
    DELETE_CONFLICT_FOLDER = 409 "DeleteConflict.Folder";
    /// No invitation of this id that concerns the caller.
    ENTITY_NOT_EXISTS_HANDSHAKE = 404 "EntityNotExists.Handshake";
    /// The invitation was answered, or has expired.
    INVALID_STATUS_HANDSHAKE = 409 "InvalidStatus.Handshake";
    /// The member does not administer the service.
    ENTITY_NOT_EXISTS_DELEGATED_ADMINISTRATOR = 404 "EntityNotExists.DelegatedAdministrator";
    /// The member administers the service already.
    ENTITY_ALREADY_EXISTS_DELEGATED_ADMINISTRATOR = 409 "EntityAlreadyExists.DelegatedAdministrator";
    /// The service has as many administrators as it may.
    LIMIT_EXCEEDED_DELEGATED_ADMINISTRATOR = 409 "LimitExceeded.DelegatedAdministrator";
    /// The account has a trail of the organization.
    DELETE_CONFLICT_DELEGATED_ADMINISTRATOR = 409 "DeleteConflict.DelegatedAdministrator";
}
