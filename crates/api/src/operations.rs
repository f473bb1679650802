//! The table: every RPC operation, one row each.
//!
//! To add one, write its row in the file of its service, name it in the list below and write its handler: leaving any
//! of the three out does not compile. Everything around the handler follows from the row.

mod actiontrail;
mod alert_incidents;
mod alert_messages;
mod alert_rules;
mod cairn;
mod delivery;
mod inner_trails;
mod older;
mod organization;
mod ram;
mod remote_projects;
mod settings;
mod sts;

pub use older::OLDER_OPERATIONS;

use crate::format;
use crate::operation::Operation;
use crate::param::Param;

macro_rules! operations {
    ($($group:literal $file:ident: $($id:ident = $row:ident),+;)+) => {
        /// The number of an operation in [`OPERATIONS`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the rows say what each is")]
        pub enum OperationId { $($($id,)+)+ }

        /// Every operation, in the order of [`OperationId`].
        pub const OPERATIONS: &[Operation] = &[$($($file::$row,)+)+];

        /// The operations by what they are about, for people. Neighbours of one name are one group.
        pub(crate) const GROUPS: &[(&str, &[OperationId])] = &[$(($group, &[$(OperationId::$id),+]),)+];
    };
}

// A call without a version means the first operation of its name.
operations! {
    "Trails" actiontrail:
        CreateTrail = CREATE_TRAIL,
        UpdateTrail = UPDATE_TRAIL,
        DeleteTrail = DELETE_TRAIL,
        DescribeTrails = DESCRIBE_TRAILS,
        GetTrailStatus = GET_TRAIL_STATUS,
        StartLogging = START_LOGGING,
        StopLogging = STOP_LOGGING,
        DescribeRegions = DESCRIBE_REGIONS;
    "Trails" settings:
        ListServiceTrail = LIST_SERVICE_TRAIL,
        GetDefaultTrail = GET_DEFAULT_TRAIL,
        SetDefaultTrail = SET_DEFAULT_TRAIL,
        RemoveDefaultTrail = REMOVE_DEFAULT_TRAIL;
    "Delivery" delivery:
        CreateDeliveryHistoryJob = CREATE_DELIVERY_HISTORY_JOB,
        GetDeliveryHistoryJob = GET_DELIVERY_HISTORY_JOB,
        ListDeliveryHistoryJobs = LIST_DELIVERY_HISTORY_JOBS,
        DeleteDeliveryHistoryJob = DELETE_DELIVERY_HISTORY_JOB,
        DescribeTrailDeliveryMetricData = DESCRIBE_TRAIL_DELIVERY_METRIC_DATA,
        CheckOssConfig = CHECK_OSS_CONFIG;
    "Platform events" inner_trails:
        CreateInnerTrail = CREATE_INNER_TRAIL,
        UpdateInnerTrail = UPDATE_INNER_TRAIL,
        DeleteInnerTrail = DELETE_INNER_TRAIL,
        DescribeInnerTrails = DESCRIBE_INNER_TRAILS,
        StartInnerTrailLogging = START_INNER_TRAIL_LOGGING,
        StopInnerTrailLogging = STOP_INNER_TRAIL_LOGGING;
    "Lookups and counts" actiontrail:
        LookupEvents = LOOKUP_EVENTS,
        LookupAggregationEvents = LOOKUP_AGGREGATION_EVENTS,
        GetEventsCount = GET_EVENTS_COUNT,
        DescribeUserAlertCount = DESCRIBE_USER_ALERT_COUNT,
        DescribeUserLogCount = DESCRIBE_USER_LOG_COUNT,
        DescribeUserTrailCount = DESCRIBE_USER_TRAIL_COUNT;
    "Insights" actiontrail:
        LookupInsightEvents = LOOKUP_INSIGHT_EVENTS,
        GetInsightsEventsCount = GET_INSIGHTS_EVENTS_COUNT,
        GetInsightEventCount = GET_INSIGHT_EVENT_COUNT,
        GetInsightIpCount = GET_INSIGHT_IP_COUNT,
        DescribeInsightIpList = DESCRIBE_INSIGHT_IP_LIST,
        DescribeInsightMetricData = DESCRIBE_INSIGHT_METRIC_DATA,
        DescribeInsightEnabledTrails = DESCRIBE_INSIGHT_ENABLED_TRAILS,
        DescribeInsightStrategy = DESCRIBE_INSIGHT_STRATEGY,
        ModifyInsightStrategy = MODIFY_INSIGHT_STRATEGY,
        EnableInsight = ENABLE_INSIGHT,
        DisableInsight = DISABLE_INSIGHT,
        GetInsightTypes = GET_INSIGHT_TYPES,
        GetInsightSelectors = GET_INSIGHT_SELECTORS,
        PutInsightSelectors = PUT_INSIGHT_SELECTORS;
    "Data events" actiontrail:
        PutDataEventSelector = PUT_DATA_EVENT_SELECTOR,
        GetDataEventSelector = GET_DATA_EVENT_SELECTOR,
        DeleteDataEventSelector = DELETE_DATA_EVENT_SELECTOR,
        ListDataEventSelectors = LIST_DATA_EVENT_SELECTORS,
        ListDataEventServices = LIST_DATA_EVENT_SERVICES;
    "Catalogue" actiontrail:
        ListEventNames = LIST_EVENT_NAMES,
        DescribeSupportedServices = DESCRIBE_SUPPORTED_SERVICES,
        ListProductResourceType = LIST_PRODUCT_RESOURCE_TYPE,
        DescribeResourceLifeCycleEvents = DESCRIBE_RESOURCE_LIFE_CYCLE_EVENTS;
    "Queries" actiontrail:
        CreateAdvancedQueryTemplate = CREATE_ADVANCED_QUERY_TEMPLATE,
        UpdateAdvancedQueryTemplate = UPDATE_ADVANCED_QUERY_TEMPLATE,
        DeleteAdvancedQueryTemplate = DELETE_ADVANCED_QUERY_TEMPLATE,
        GetAdvancedQueryTemplate = GET_ADVANCED_QUERY_TEMPLATE,
        DescribeAdvancedQueryTemplate = DESCRIBE_ADVANCED_QUERY_TEMPLATE,
        CreateAdvancedQueryHistory = CREATE_ADVANCED_QUERY_HISTORY,
        DescribeAdvancedQueryHistory = DESCRIBE_ADVANCED_QUERY_HISTORY,
        DeleteAdvancedQueryHistory = DELETE_ADVANCED_QUERY_HISTORY,
        DescribeScenes = DESCRIBE_SCENES,
        DescribeSearchTemplates = DESCRIBE_SEARCH_TEMPLATES;
    "Access keys in use" actiontrail:
        GetAccessKeyLastUsedInfo = GET_ACCESS_KEY_LAST_USED_INFO,
        GetAccessKeyLastUsedProducts = GET_ACCESS_KEY_LAST_USED_PRODUCTS,
        GetAccessKeyLastUsedEvents = GET_ACCESS_KEY_LAST_USED_EVENTS,
        GetAccessKeyLastUsedIps = GET_ACCESS_KEY_LAST_USED_IPS,
        GetAccessKeyLastUsedResources = GET_ACCESS_KEY_LAST_USED_RESOURCES;
    "Settings and governance" actiontrail:
        GetGovernanceMetrics = GET_GOVERNANCE_METRICS,
        GetGlobalEventsStorageRegion = GET_GLOBAL_EVENTS_STORAGE_REGION,
        UpdateGlobalEventsStorageRegion = UPDATE_GLOBAL_EVENTS_STORAGE_REGION;
    "Settings and governance" settings:
        CreateServiceLinkedRole = CREATE_SERVICE_LINKED_ROLE,
        OpenService = OPEN_SERVICE;
    "RAM" ram:
        CreateUser = CREATE_USER,
        GetUser = GET_USER,
        ListUsers = LIST_USERS,
        DeleteUser = DELETE_USER,
        CreateAccessKey = CREATE_ACCESS_KEY,
        UpdateAccessKey = UPDATE_ACCESS_KEY,
        DeleteAccessKey = DELETE_ACCESS_KEY,
        ListAccessKeys = LIST_ACCESS_KEYS,
        CreatePolicy = CREATE_POLICY,
        GetPolicy = GET_POLICY,
        DeletePolicy = DELETE_POLICY,
        ListPolicies = LIST_POLICIES,
        AttachPolicyToUser = ATTACH_POLICY_TO_USER,
        DetachPolicyFromUser = DETACH_POLICY_FROM_USER,
        ListPoliciesForUser = LIST_POLICIES_FOR_USER,
        CreateGroup = CREATE_GROUP,
        GetGroup = GET_GROUP,
        UpdateGroup = UPDATE_GROUP,
        ListGroups = LIST_GROUPS,
        DeleteGroup = DELETE_GROUP,
        AddUserToGroup = ADD_USER_TO_GROUP,
        RemoveUserFromGroup = REMOVE_USER_FROM_GROUP,
        ListGroupsForUser = LIST_GROUPS_FOR_USER,
        ListUsersForGroup = LIST_USERS_FOR_GROUP,
        AttachPolicyToGroup = ATTACH_POLICY_TO_GROUP,
        DetachPolicyFromGroup = DETACH_POLICY_FROM_GROUP,
        ListPoliciesForGroup = LIST_POLICIES_FOR_GROUP,
        CreateRole = CREATE_ROLE,
        GetRole = GET_ROLE,
        UpdateRole = UPDATE_ROLE,
        ListRoles = LIST_ROLES,
        DeleteRole = DELETE_ROLE,
        AttachPolicyToRole = ATTACH_POLICY_TO_ROLE,
        DetachPolicyFromRole = DETACH_POLICY_FROM_ROLE,
        ListPoliciesForRole = LIST_POLICIES_FOR_ROLE,
        ListEntitiesForPolicy = LIST_ENTITIES_FOR_POLICY,
        CreatePolicyVersion = CREATE_POLICY_VERSION,
        GetPolicyVersion = GET_POLICY_VERSION,
        ListPolicyVersions = LIST_POLICY_VERSIONS,
        SetDefaultPolicyVersion = SET_DEFAULT_POLICY_VERSION,
        DeletePolicyVersion = DELETE_POLICY_VERSION,
        UpdateUser = UPDATE_USER,
        GetAccessKeyLastUsed = GET_ACCESS_KEY_LAST_USED,
        CreateLoginProfile = CREATE_LOGIN_PROFILE,
        GetLoginProfile = GET_LOGIN_PROFILE,
        UpdateLoginProfile = UPDATE_LOGIN_PROFILE,
        DeleteLoginProfile = DELETE_LOGIN_PROFILE,
        GetPasswordPolicy = GET_PASSWORD_POLICY,
        SetPasswordPolicy = SET_PASSWORD_POLICY,
        CreateVirtualMFADevice = CREATE_VIRTUAL_MFA_DEVICE,
        BindMFADevice = BIND_MFA_DEVICE,
        UnbindMFADevice = UNBIND_MFA_DEVICE,
        ListVirtualMFADevices = LIST_VIRTUAL_MFA_DEVICES,
        GetUserMFAInfo = GET_USER_MFA_INFO,
        DeleteVirtualMFADevice = DELETE_VIRTUAL_MFA_DEVICE,
        SetAccountAlias = SET_ACCOUNT_ALIAS,
        GetAccountAlias = GET_ACCOUNT_ALIAS,
        ClearAccountAlias = CLEAR_ACCOUNT_ALIAS,
        ChangePassword = CHANGE_PASSWORD;
    "Cairn" cairn:
        CreateAccount = CREATE_ACCOUNT,
        ListAccounts = LIST_ACCOUNTS,
        CreateBucket = CREATE_BUCKET,
        ListBuckets = LIST_BUCKETS,
        DeleteBucket = DELETE_BUCKET,
        CheckBucket = CHECK_BUCKET,
        CreateIngestToken = CREATE_INGEST_TOKEN,
        ListIngestTokens = LIST_INGEST_TOKENS,
        DeleteIngestToken = DELETE_INGEST_TOKEN,
        SetAccountPassword = SET_ACCOUNT_PASSWORD;
    "Cairn" remote_projects:
        CreateRemoteProject = CREATE_REMOTE_PROJECT,
        DescribeRemoteProjects = DESCRIBE_REMOTE_PROJECTS,
        DeleteRemoteProject = DELETE_REMOTE_PROJECT;
    "Cairn" delivery:
        UpdateBucket = UPDATE_BUCKET;
    "Alerting" alert_rules:
        ListAlertRules = LIST_ALERT_RULES,
        GetAlertRule = GET_ALERT_RULE,
        EnableAlertRule = ENABLE_ALERT_RULE,
        DisableAlertRule = DISABLE_ALERT_RULE,
        TestAlertRule = TEST_ALERT_RULE,
        ExplainAlertRule = EXPLAIN_ALERT_RULE,
        DrawAlertActionPolicy = DRAW_ALERT_ACTION_POLICY;
    "Alerting" alert_incidents:
        ListAlertIncidents = LIST_ALERT_INCIDENTS,
        GetAlertIncident = GET_ALERT_INCIDENT,
        UpdateAlertIncident = UPDATE_ALERT_INCIDENT,
        CreateAlertSilence = CREATE_ALERT_SILENCE,
        ListAlertSilences = LIST_ALERT_SILENCES,
        DeleteAlertSilence = DELETE_ALERT_SILENCE;
    "Alerting" alert_messages:
        ListAlertNotifications = LIST_ALERT_NOTIFICATIONS,
        GetAlertNotificationAttempts = GET_ALERT_NOTIFICATION_ATTEMPTS,
        ListAlertMessages = LIST_ALERT_MESSAGES,
        MarkAlertMessagesRead = MARK_ALERT_MESSAGES_READ,
        PreviewAlertTemplate = PREVIEW_ALERT_TEMPLATE,
        SendAlertTestMessage = SEND_ALERT_TEST_MESSAGE,
        ExportAlertUsers = EXPORT_ALERT_USERS,
        ImportAlertUsers = IMPORT_ALERT_USERS;
    "STS" sts:
        AssumeRole = ASSUME_ROLE,
        GetCallerIdentity = GET_CALLER_IDENTITY;
    "Resource directories" organization:
        EnableResourceDirectory = ENABLE_RESOURCE_DIRECTORY,
        GetResourceDirectory = GET_RESOURCE_DIRECTORY,
        DestroyResourceDirectory = DESTROY_RESOURCE_DIRECTORY,
        CreateResourceAccount = CREATE_RESOURCE_ACCOUNT,
        InviteAccountToResourceDirectory = INVITE_ACCOUNT_TO_RESOURCE_DIRECTORY,
        AcceptHandshake = ACCEPT_HANDSHAKE,
        DeclineHandshake = DECLINE_HANDSHAKE,
        CancelHandshake = CANCEL_HANDSHAKE,
        GetHandshake = GET_HANDSHAKE,
        ListHandshakesForAccount = LIST_HANDSHAKES_FOR_ACCOUNT,
        ListHandshakesForResourceDirectory = LIST_HANDSHAKES_FOR_RESOURCE_DIRECTORY,
        RemoveCloudAccount = REMOVE_CLOUD_ACCOUNT,
        GetAccount = GET_ACCOUNT,
        ResourceManagerListAccounts = LIST_ACCOUNTS,
        ListAccountsForParent = LIST_ACCOUNTS_FOR_PARENT,
        UpdateAccount = UPDATE_ACCOUNT,
        MoveAccount = MOVE_ACCOUNT,
        CreateFolder = CREATE_FOLDER,
        GetFolder = GET_FOLDER,
        UpdateFolder = UPDATE_FOLDER,
        DeleteFolder = DELETE_FOLDER,
        ListFoldersForParent = LIST_FOLDERS_FOR_PARENT,
        RegisterDelegatedAdministrator = REGISTER_DELEGATED_ADMINISTRATOR,
        DeregisterDelegatedAdministrator = DEREGISTER_DELEGATED_ADMINISTRATOR,
        ListDelegatedAdministrators = LIST_DELEGATED_ADMINISTRATORS,
        ListDelegatedServicesForAccount = LIST_DELEGATED_SERVICES_FOR_ACCOUNT,
        ListTrustedServiceStatus = LIST_TRUSTED_SERVICE_STATUS;
    "Older versions" older:
        Echo = ECHO,
        Help = HELP;
}

impl OperationId {
    /// The row.
    pub fn operation(self) -> &'static Operation {
        &OPERATIONS[self as usize]
    }
}

// A row listed under another operation's name would be dispatched to the wrong handler.
const _: () = {
    let mut place = 0;
    while place < OPERATIONS.len() {
        assert!(OPERATIONS[place].id as usize == place, "the row's id is not the one it is listed under");
        place += 1;
    }
};

/// The account acted on, for operations of [`crate::Scope::Named`].
const ACCOUNT_ID: Param = Param::text(
    "AccountId",
    format::ACCOUNT_ID,
    "account to act on instead of the caller's; for the management account only",
);

#[cfg(test)]
mod tests;
