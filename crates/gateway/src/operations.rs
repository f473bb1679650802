//! The handlers of the table's operations: one file per noun, each translating between wire and domain.
//!
//! When a handler runs, the caller is known, the arguments are checked and the call is allowed; what it returns is
//! recorded and answered by others.

mod access_keys;
mod account_settings;
mod accounts;
mod alert_incidents;
mod alert_messages;
mod alert_policies;
mod alert_rules;
mod alert_users;
mod bucket_check;
mod buckets;
mod catalogue;
mod counts;
mod data_events;
mod delivery_jobs;
mod delivery_metrics;
mod governance;
mod inner_trails;
mod insight_settings;
mod insights;
mod lookup;
pub(crate) mod older;
mod organization;
mod organization_delegations;
mod organization_folders;
mod organization_handshakes;
mod organization_members;
mod queries;
mod ram_groups;
mod ram_keys;
mod ram_logins;
mod ram_policies;
mod ram_roles;
mod ram_users;
mod ram_versions;
mod regions;
mod remote_projects;
mod sts;
mod tokens;
mod trail_destinations;
mod trails;
mod windows;

use api::{Arguments, Operation, OperationId, Success, WireError};
use catalog::HolderKind;
use identity::Caller;
use model::AccountId;
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::request::Request;

/// What a handler works with.
pub(crate) struct Call<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) request: &'a Request,
    pub(crate) caller: &'a Caller,
    /// What is called, in the version it is called in.
    pub(crate) row: &'static Operation,
    /// The account acted on; usually the caller's.
    pub(crate) account: AccountId,
    pub(crate) arguments: Arguments,
}

pub(crate) type Outcome = Result<Success, WireError>;

/// Writes [`run`] from the list below, which is as long as the table and no function to be read.
macro_rules! handlers {
    ($call:ident: $($row:pat $(if $older:expr)? => $handler:expr,)+) => {
        /// Runs an operation. A row without a handler does not compile.
        pub(crate) async fn run(id: OperationId, $call: &Call<'_>) -> Outcome {
            match id {
                $($row $(if $older)? => $handler,)+
            }
        }
    };
}

handlers! {
    call:
        OperationId::CreateTrail => trails::create(call).await,
        OperationId::UpdateTrail => trails::update(call).await,
        OperationId::DeleteTrail => trails::delete(call).await,
        OperationId::DescribeTrails => trails::describe(call).await,
        OperationId::GetTrailStatus => trails::status(call).await,
        OperationId::StartLogging => trails::start(call).await,
        OperationId::StopLogging => trails::stop(call).await,
        OperationId::DescribeRegions => regions::describe(call),
        OperationId::LookupEvents if call.row.is_older() => older::events(call).await,
        OperationId::LookupEvents => lookup::events(call).await,
        OperationId::CreateUser => ram_users::create(call).await,
        OperationId::GetUser => ram_users::get(call).await,
        OperationId::ListUsers => ram_users::list(call).await,
        OperationId::DeleteUser => ram_users::delete(call).await,
        OperationId::CreateAccessKey => ram_keys::create(call).await,
        OperationId::UpdateAccessKey => ram_keys::update(call).await,
        OperationId::DeleteAccessKey => ram_keys::delete(call).await,
        OperationId::ListAccessKeys => ram_keys::list(call).await,
        OperationId::CreatePolicy => ram_policies::create(call).await,
        OperationId::GetPolicy => ram_policies::get(call).await,
        OperationId::DeletePolicy => ram_policies::delete(call).await,
        OperationId::ListPolicies => ram_policies::list(call).await,
        OperationId::AttachPolicyToUser => ram_policies::attach(call, HolderKind::User).await,
        OperationId::DetachPolicyFromUser => ram_policies::detach(call, HolderKind::User).await,
        OperationId::ListPoliciesForUser => ram_policies::list_for(call, HolderKind::User).await,
        OperationId::CreateGroup => ram_groups::create(call).await,
        OperationId::GetGroup => ram_groups::get(call).await,
        OperationId::UpdateGroup => ram_groups::update(call).await,
        OperationId::ListGroups => ram_groups::list(call).await,
        OperationId::DeleteGroup => ram_groups::delete(call).await,
        OperationId::AddUserToGroup => ram_groups::add_user(call).await,
        OperationId::RemoveUserFromGroup => ram_groups::remove_user(call).await,
        OperationId::ListGroupsForUser => ram_groups::list_for_user(call).await,
        OperationId::ListUsersForGroup => ram_groups::list_users(call).await,
        OperationId::AttachPolicyToGroup => ram_policies::attach(call, HolderKind::Group).await,
        OperationId::DetachPolicyFromGroup => ram_policies::detach(call, HolderKind::Group).await,
        OperationId::ListPoliciesForGroup => ram_policies::list_for(call, HolderKind::Group).await,
        OperationId::CreateRole => ram_roles::create(call).await,
        OperationId::GetRole => ram_roles::get(call).await,
        OperationId::UpdateRole => ram_roles::update(call).await,
        OperationId::ListRoles => ram_roles::list(call).await,
        OperationId::DeleteRole => ram_roles::delete(call).await,
        OperationId::AttachPolicyToRole => ram_policies::attach(call, HolderKind::Role).await,
        OperationId::DetachPolicyFromRole => ram_policies::detach(call, HolderKind::Role).await,
        OperationId::ListPoliciesForRole => ram_policies::list_for(call, HolderKind::Role).await,
        OperationId::ListEntitiesForPolicy => ram_policies::list_entities(call).await,
        OperationId::CreatePolicyVersion => ram_versions::create(call).await,
        OperationId::GetPolicyVersion => ram_versions::get(call).await,
        OperationId::ListPolicyVersions => ram_versions::list(call).await,
        OperationId::SetDefaultPolicyVersion => ram_versions::set_default(call).await,
        OperationId::DeletePolicyVersion => ram_versions::delete(call).await,
        OperationId::UpdateUser => ram_users::update(call).await,
        OperationId::GetAccessKeyLastUsed => ram_keys::last_used(call).await,
        OperationId::CreateLoginProfile => ram_logins::create(call).await,
        OperationId::GetLoginProfile => ram_logins::get(call).await,
        OperationId::UpdateLoginProfile => ram_logins::update(call).await,
        OperationId::DeleteLoginProfile => ram_logins::delete(call).await,
        OperationId::GetPasswordPolicy => ram_logins::get_policy(call).await,
        OperationId::SetPasswordPolicy => ram_logins::set_policy(call).await,
        OperationId::CreateVirtualMFADevice => ram_logins::create_device(call).await,
        OperationId::BindMFADevice => ram_logins::bind_device(call).await,
        OperationId::UnbindMFADevice => ram_logins::unbind_device(call).await,
        OperationId::ListVirtualMFADevices => ram_logins::list_devices(call).await,
        OperationId::GetUserMFAInfo => ram_logins::user_device(call).await,
        OperationId::DeleteVirtualMFADevice => ram_logins::delete_device(call).await,
        OperationId::SetAccountAlias => ram_logins::set_alias(call).await,
        OperationId::GetAccountAlias => ram_logins::get_alias(call).await,
        OperationId::ClearAccountAlias => ram_logins::clear_alias(call).await,
        OperationId::ChangePassword => ram_logins::change_password(call).await,
        OperationId::CreateAccount => accounts::create(call).await,
        OperationId::ListAccounts => accounts::list(call).await,
        OperationId::CreateBucket => buckets::create(call).await,
        OperationId::ListBuckets => buckets::list(call).await,
        OperationId::DeleteBucket => buckets::delete(call).await,
        OperationId::CheckBucket => buckets::check(call).await,
        OperationId::CreateRemoteProject => remote_projects::create(call).await,
        OperationId::DescribeRemoteProjects => remote_projects::list(call).await,
        OperationId::DeleteRemoteProject => remote_projects::delete(call).await,
        OperationId::CreateIngestToken => tokens::create(call).await,
        OperationId::ListIngestTokens => tokens::list(call).await,
        OperationId::DeleteIngestToken => tokens::delete(call).await,
        OperationId::SetAccountPassword => ram_logins::set_for_account(call).await,
        OperationId::CreateDeliveryHistoryJob => delivery_jobs::create(call).await,
        OperationId::GetDeliveryHistoryJob => delivery_jobs::get(call).await,
        OperationId::ListDeliveryHistoryJobs => delivery_jobs::list(call).await,
        OperationId::DeleteDeliveryHistoryJob => delivery_jobs::delete(call).await,
        OperationId::DescribeTrailDeliveryMetricData => delivery_metrics::describe(call).await,
        OperationId::CheckOssConfig => bucket_check::check(call).await,
        OperationId::UpdateBucket => buckets::update(call).await,
        OperationId::CreateServiceLinkedRole => account_settings::create_role(call).await,
        OperationId::OpenService => account_settings::open(call).await,
        OperationId::ListServiceTrail => account_settings::list_service_trails(call).await,
        OperationId::GetDefaultTrail => account_settings::default_trail(call).await,
        OperationId::SetDefaultTrail => account_settings::set_default_trail(call).await,
        OperationId::RemoveDefaultTrail => account_settings::remove_default_trail(call).await,
        OperationId::CreateInnerTrail => inner_trails::create(call).await,
        OperationId::UpdateInnerTrail => inner_trails::update(call).await,
        OperationId::DeleteInnerTrail => inner_trails::delete(call).await,
        OperationId::DescribeInnerTrails => inner_trails::describe(call).await,
        OperationId::StartInnerTrailLogging => inner_trails::start(call).await,
        OperationId::StopInnerTrailLogging => inner_trails::stop(call).await,
        OperationId::AssumeRole => sts::assume_role(call),
        OperationId::GetCallerIdentity => sts::caller_identity(call),
        OperationId::LookupInsightEvents => insights::lookup(call).await,
        OperationId::GetInsightsEventsCount => insights::count_by_type(call).await,
        OperationId::GetInsightEventCount => insights::count(call).await,
        OperationId::GetInsightIpCount => insights::count_addresses(call).await,
        OperationId::DescribeInsightIpList => insights::list_addresses(call).await,
        OperationId::DescribeInsightMetricData => insights::metric_data(call).await,
        OperationId::DescribeInsightEnabledTrails => insight_settings::enabled_trails(call).await,
        OperationId::DescribeInsightStrategy => insight_settings::strategy(call).await,
        OperationId::ModifyInsightStrategy => insight_settings::modify_strategy(call).await,
        OperationId::EnableInsight => insight_settings::enable(call).await,
        OperationId::DisableInsight => insight_settings::disable(call).await,
        OperationId::GetInsightTypes => insight_settings::types(call).await,
        OperationId::GetInsightSelectors => insight_settings::selectors(call).await,
        OperationId::PutInsightSelectors => insight_settings::put_selectors(call).await,
        OperationId::LookupAggregationEvents => counts::aggregated(call).await,
        OperationId::GetEventsCount => counts::events(call).await,
        OperationId::ListEventNames => catalogue::event_names(call).await,
        OperationId::DescribeSupportedServices => catalogue::services(call).await,
        OperationId::ListProductResourceType => catalogue::resource_types(call).await,
        OperationId::DescribeResourceLifeCycleEvents => catalogue::life_cycle(call).await,
        OperationId::CreateAdvancedQueryTemplate => queries::create(call).await,
        OperationId::UpdateAdvancedQueryTemplate => queries::update(call).await,
        OperationId::DeleteAdvancedQueryTemplate => queries::delete(call).await,
        OperationId::GetAdvancedQueryTemplate => queries::get(call).await,
        OperationId::DescribeAdvancedQueryTemplate => queries::list(call).await,
        OperationId::CreateAdvancedQueryHistory => queries::remember(call).await,
        OperationId::DescribeAdvancedQueryHistory => queries::history(call).await,
        OperationId::DeleteAdvancedQueryHistory => queries::forget(call).await,
        OperationId::DescribeScenes => queries::scenes(call),
        OperationId::DescribeSearchTemplates => queries::search_templates(call),
        OperationId::GetAccessKeyLastUsedInfo => access_keys::info(call).await,
        OperationId::GetAccessKeyLastUsedProducts => access_keys::products(call).await,
        OperationId::GetAccessKeyLastUsedEvents => access_keys::events(call).await,
        OperationId::GetAccessKeyLastUsedIps => access_keys::addresses(call).await,
        OperationId::GetAccessKeyLastUsedResources => access_keys::resources(call).await,
        OperationId::DescribeUserAlertCount => counts::alerts_per_day(call).await,
        OperationId::DescribeUserLogCount => counts::per_day(call).await,
        OperationId::DescribeUserTrailCount => counts::trails_per_day(call).await,
        OperationId::GetGovernanceMetrics => governance::metrics(call).await,
        OperationId::GetGlobalEventsStorageRegion => governance::global_region(call).await,
        OperationId::UpdateGlobalEventsStorageRegion => governance::choose_global_region(call).await,
        OperationId::PutDataEventSelector => data_events::put(call).await,
        OperationId::GetDataEventSelector => data_events::get(call).await,
        OperationId::DeleteDataEventSelector => data_events::delete(call).await,
        OperationId::ListDataEventSelectors => data_events::list(call).await,
        OperationId::ListDataEventServices => catalogue::data_event_services(call).await,
        OperationId::Echo => older::echo(call),
        OperationId::Help => older::help(call),
        OperationId::ListAlertRules => alert_rules::list(call).await,
        OperationId::GetAlertRule => alert_rules::get(call).await,
        OperationId::EnableAlertRule => alert_rules::switch(call, true).await,
        OperationId::DisableAlertRule => alert_rules::switch(call, false).await,
        OperationId::TestAlertRule => alert_rules::test(call).await,
        OperationId::ExplainAlertRule => alert_rules::explain(call).await,
        OperationId::DrawAlertActionPolicy => alert_policies::draw(call),
        OperationId::ListAlertIncidents => alert_incidents::list(call).await,
        OperationId::GetAlertIncident => alert_incidents::get(call).await,
        OperationId::UpdateAlertIncident => alert_incidents::update(call).await,
        OperationId::CreateAlertSilence => alert_incidents::silence(call).await,
        OperationId::ListAlertSilences => alert_incidents::silences(call).await,
        OperationId::DeleteAlertSilence => alert_incidents::unsilence(call).await,
        OperationId::ListAlertNotifications => alert_messages::list(call).await,
        OperationId::GetAlertNotificationAttempts => alert_messages::attempts(call).await,
        OperationId::ListAlertMessages => alert_messages::inbox(call).await,
        OperationId::MarkAlertMessagesRead => alert_messages::mark_read(call).await,
        OperationId::PreviewAlertTemplate => alert_messages::preview(call).await,
        OperationId::SendAlertTestMessage => alert_messages::send_test(call).await,
        OperationId::ExportAlertUsers => alert_users::export(call).await,
        OperationId::ImportAlertUsers => alert_users::import(call).await,
        OperationId::EnableResourceDirectory => organization::enable(call).await,
        OperationId::GetResourceDirectory => organization::get(call).await,
        OperationId::DestroyResourceDirectory => organization::destroy(call).await,
        OperationId::CreateResourceAccount => organization_members::create(call).await,
        OperationId::InviteAccountToResourceDirectory => organization_handshakes::invite(call).await,
        OperationId::AcceptHandshake => organization_handshakes::accept(call).await,
        OperationId::DeclineHandshake => organization_handshakes::decline(call).await,
        OperationId::CancelHandshake => organization_handshakes::cancel(call).await,
        OperationId::GetHandshake => organization_handshakes::get(call).await,
        OperationId::ListHandshakesForAccount => organization_handshakes::list_for_account(call).await,
        OperationId::ListHandshakesForResourceDirectory => organization_handshakes::list_for_directory(call).await,
        OperationId::RemoveCloudAccount => organization_members::remove(call).await,
        OperationId::GetAccount => organization_members::get(call).await,
        OperationId::ResourceManagerListAccounts => organization_members::list(call).await,
        OperationId::ListAccountsForParent => organization_members::list_for_parent(call).await,
        OperationId::UpdateAccount => organization_members::update(call).await,
        OperationId::MoveAccount => organization_members::shift(call).await,
        OperationId::CreateFolder => organization_folders::create(call).await,
        OperationId::GetFolder => organization_folders::get(call).await,
        OperationId::UpdateFolder => organization_folders::update(call).await,
        OperationId::DeleteFolder => organization_folders::delete(call).await,
        OperationId::ListFoldersForParent => organization_folders::list(call).await,
        OperationId::RegisterDelegatedAdministrator => organization_delegations::register(call).await,
        OperationId::DeregisterDelegatedAdministrator => organization_delegations::deregister(call).await,
        OperationId::ListDelegatedAdministrators => organization_delegations::list(call).await,
        OperationId::ListDelegatedServicesForAccount => organization_delegations::list_for_account(call).await,
        OperationId::ListTrustedServiceStatus => organization_delegations::list_services(call).await,
}

/// A page of a list, and where the next one starts.
pub(crate) struct Listed<T> {
    entries: Vec<T>,
    marker: Option<String>,
}

/// Orders a list by its key, which is unique, and takes the part after `Marker`, at most `MaxItems` long.
pub(crate) fn paged<T>(call: &Call<'_>, mut all: Vec<T>, key: impl Fn(&T) -> &str) -> Listed<T> {
    let most = call.arguments.integer("MaxItems").and_then(|most| usize::try_from(most).ok()).unwrap_or(1);
    let marker = call.arguments.text("Marker");
    all.sort_by(|one, other| key(one).cmp(key(other)));
    all.retain(|each| marker.is_none_or(|marker| key(each) > marker));
    let is_cut = all.len() > most;
    all.truncate(most);
    let marker = all.last().filter(|_| is_cut).map(|last| key(last).to_owned());
    Listed { entries: all, marker }
}

impl<T> Listed<T> {
    /// What is on the page.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    /// The reply: the entries under `name` as `wrap` has them, and the marker when there are more.
    pub(crate) fn reply(
        &self,
        name: &str,
        wrap: impl FnOnce(Vec<Value>) -> Value,
        shown: impl Fn(&T) -> Value,
    ) -> Success {
        let mut fields = json!({ "IsTruncated": self.marker.is_some() });
        fields[name] = wrap(self.entries.iter().map(shown).collect());
        if let Some(marker) = &self.marker {
            fields["Marker"] = marker.as_str().into();
        }
        Success::from_object(&fields)
    }
}
