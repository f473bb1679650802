//! Which operation a method and a path mean, what permission it needs and on what.

use alert::records::resource_named;
use percent_encoding::percent_decode_str;
use sls::{Fault, fault};

use super::address::Address;
use crate::request::Request;

macro_rules! operations {
    ($($name:ident $permission:literal $change:literal;)*) => {
        /// An operation of Log Service.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Operation { $($name),* }

        impl Operation {
            /// Its name in records and metrics.
            pub(super) fn name(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name)),* }
            }

            /// The permission behind `log:`.
            pub(super) fn permission(self) -> &'static str {
                match self { $(Operation::$name => $permission),* }
            }

            /// Whether it changes settings and so leaves an event.
            pub(super) fn is_change(self) -> bool {
                match self { $(Operation::$name => $change),* }
            }
        }
    };
}

operations! {
    ListProject "ListProject" false;
    CreateProject "CreateProject" true;
    GetProject "GetProject" false;
    UpdateProject "UpdateProject" true;
    DeleteProject "DeleteProject" true;
    ListLogStores "ListLogStores" false;
    CreateLogStore "CreateLogStore" true;
    GetLogStore "GetLogStore" false;
    UpdateLogStore "UpdateLogStore" true;
    DeleteLogStore "DeleteLogStore" true;
    PostLogStoreLogs "PostLogStoreLogs" false;
    GetIndex "GetIndex" false;
    CreateIndex "CreateIndex" true;
    UpdateIndex "UpdateIndex" true;
    DeleteIndex "DeleteIndex" true;
    ListShards "ListShards" false;
    ChangeShard "SplitShard" true;
    GetCursor "GetCursorOrData" false;
    GetCursorTime "GetCursorOrData" false;
    PullLogs "GetCursorOrData" false;
    GetLogStoreLogs "GetLogStoreLogs" false;
    GetLogsV2 "GetLogStoreLogs" false;
    GetLogStoreHistogram "GetLogStoreHistogram" false;
    GetLogStoreContextLogs "GetLogStoreContextLogs" false;
    ListTopics "GetLogStoreLogs" false;
    GetProjectLogs "GetProjectLogs" false;
    ListConsumerGroup "ListConsumerGroup" false;
    CreateConsumerGroup "CreateConsumerGroup" true;
    UpdateConsumerGroup "UpdateConsumerGroup" true;
    DeleteConsumerGroup "DeleteConsumerGroup" true;
    ConsumerGroupHeartBeat "ConsumerGroupHeartBeat" false;
    ConsumerGroupUpdateCheckPoint "ConsumerGroupUpdateCheckPoint" false;
    GetConsumerGroupCheckPoint "GetConsumerGroupCheckPoint" false;
    ListSavedSearch "ListSavedSearch" false;
    CreateSavedSearch "CreateSavedSearch" true;
    GetSavedSearch "GetSavedSearch" false;
    UpdateSavedSearch "UpdateSavedSearch" true;
    DeleteSavedSearch "DeleteSavedSearch" true;
    ListDashboard "ListDashboard" false;
    CreateDashboard "CreateDashboard" true;
    GetDashboard "GetDashboard" false;
    UpdateDashboard "UpdateDashboard" true;
    DeleteDashboard "DeleteDashboard" true;
    ListJobs "ListJobs" false;
    CreateJob "CreateJob" true;
    GetJob "GetJob" false;
    UpdateJob "UpdateJob" true;
    EnableJob "UpdateJob" true;
    DisableJob "UpdateJob" true;
    DeleteJob "DeleteJob" true;
    ListAlerts "ListAlerts" false;
    CreateAlert "CreateAlert" true;
    GetAlert "GetAlert" false;
    UpdateAlert "UpdateAlert" true;
    EnableAlert "EnableAlert" true;
    DisableAlert "DisableAlert" true;
    DeleteAlert "DeleteAlert" true;
    ListResources "ListResources" false;
    CreateResource "CreateResource" true;
    GetResource "GetResource" false;
    UpdateResource "UpdateResource" true;
    DeleteResource "DeleteResource" true;
    ListResourceRecords "ListResourceRecords" false;
    ListNextResourceRecords "ListResourceRecords" false;
    CreateResourceRecord "CreateResourceRecord" true;
    UpsertResourceRecord "UpsertResourceRecord" true;
    GetResourceRecord "GetResourceRecord" false;
    UpdateResourceRecord "UpdateResourceRecord" true;
    DeleteResourceRecord "DeleteResourceRecord" true;
}

impl Operation {
    /// Whether it is about an account's table of records.
    fn is_of_account(self) -> bool {
        matches!(
            self,
            Operation::ListResources
                | Operation::CreateResource
                | Operation::GetResource
                | Operation::UpdateResource
                | Operation::DeleteResource
        ) || self.is_about_records()
    }

    /// Whether it is about records, whose values are people's addresses and secrets.
    pub(super) fn is_about_records(self) -> bool {
        matches!(
            self,
            Operation::ListResourceRecords
                | Operation::ListNextResourceRecords
                | Operation::CreateResourceRecord
                | Operation::UpsertResourceRecord
                | Operation::GetResourceRecord
                | Operation::UpdateResourceRecord
                | Operation::DeleteResourceRecord
        )
    }
}

/// An operation and what the path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) logstore: Option<String>,
    /// A table of records, which belongs to the account and not to a project.
    pub(super) resource: Option<String>,
    /// A consumer group, a saved search, a dashboard, a shard, an alert rule or a record.
    pub(super) name: Option<String>,
}

impl Route {
    /// What the operation is about, as ARNs say it behind the account.
    pub(super) fn target(&self, project: &str) -> String {
        if self.operation.is_of_account() {
            // A policy names a table of records, not one of them.
            return format!("resource/{}", self.resource.as_deref().unwrap_or("*"));
        }
        format!("project/{project}{}", self.within_project())
    }

    /// Whether rules were asked for as jobs.
    pub(super) fn is_jobs(&self) -> bool {
        self.operation == Operation::ListJobs
    }

    fn within_project(&self) -> String {
        use Operation as O;
        let name = self.name.as_deref().unwrap_or("*");
        let logstore = || format!("/logstore/{}", self.logstore.as_deref().unwrap_or("*"));
        match self.operation {
            O::ListProject | O::CreateProject | O::GetProject | O::UpdateProject | O::DeleteProject => String::new(),
            O::ListSavedSearch
            | O::CreateSavedSearch
            | O::GetSavedSearch
            | O::UpdateSavedSearch
            | O::DeleteSavedSearch => {
                format!("/savedsearch/{name}")
            }
            O::ListDashboard | O::CreateDashboard | O::GetDashboard | O::UpdateDashboard | O::DeleteDashboard => {
                format!("/dashboard/{name}")
            }
            O::ListConsumerGroup
            | O::CreateConsumerGroup
            | O::UpdateConsumerGroup
            | O::DeleteConsumerGroup
            | O::ConsumerGroupHeartBeat
            | O::ConsumerGroupUpdateCheckPoint
            | O::GetConsumerGroupCheckPoint => format!("{}/consumergroup/{name}", logstore()),
            O::ListJobs | O::CreateJob | O::GetJob | O::UpdateJob | O::EnableJob | O::DisableJob | O::DeleteJob => {
                format!("/job/{name}")
            }
            O::ListAlerts
            | O::CreateAlert
            | O::GetAlert
            | O::UpdateAlert
            | O::EnableAlert
            | O::DisableAlert
            | O::DeleteAlert => format!("/alert/{name}"),
            _ => logstore(),
        }
    }
}

/// Whether it is a request to put logs.
pub(super) fn is_put_logs(method: &str, path: &str) -> bool {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    method == "POST" && matches!(segments[..], ["logstores", _] | ["logstores", _, "shards", "lb" | "route"])
}

/// The operation a request asks for.
pub(super) fn find(request: &Request, address: &Address) -> Result<Route, Fault> {
    let decoded = address.path.trim_matches('/').split('/');
    let decoded: Vec<String> =
        decoded.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    let kind = request.given.get("type").unwrap_or_default();
    let (logstore, name) = match segments[..] {
        ["logstores", logstore, "shards" | "consumergroups", name] => (Some(logstore), Some(name)),
        ["logstores", logstore, ..] => (Some(logstore), None),
        ["savedsearches" | "dashboards" | "jobs" | "alerts", name] => (None, Some(name)),
        ["resources", _, "records", name] => (None, Some(name)),
        _ => (None, None),
    };
    let resource = match segments[..] {
        ["resources", resource, ..] => Some(resource_named(resource).to_owned()),
        _ => None,
    };
    let action = request.given.get("action").unwrap_or_default();
    let operation = match segments[..] {
        [""] => of_project(method, address.project.is_some()),
        ["logstores"] => of_collection(method, Operation::ListLogStores, Operation::CreateLogStore),
        ["logs"] => (method == "GET").then_some(Operation::GetProjectLogs),
        ["logstores", _] => of_logstore(method, kind),
        ["logstores", _, "logs"] => (method == "POST").then_some(Operation::GetLogsV2),
        ["logstores", _, "index"] => of_index(method, kind),
        ["logstores", _, "shards"] => (method == "GET").then_some(Operation::ListShards),
        ["logstores", _, "shards", _] => of_shard(method, &segments, kind)?,
        ["logstores", _, "consumergroups"] => {
            of_collection(method, Operation::ListConsumerGroup, Operation::CreateConsumerGroup)
        }
        ["logstores", _, "consumergroups", _] => of_consumer_group(method, kind),
        ["savedsearches"] => of_collection(method, Operation::ListSavedSearch, Operation::CreateSavedSearch),
        ["savedsearches", _] => match method {
            "GET" => Some(Operation::GetSavedSearch),
            "PUT" => Some(Operation::UpdateSavedSearch),
            "DELETE" => Some(Operation::DeleteSavedSearch),
            _ => None,
        },
        ["dashboards"] => of_collection(method, Operation::ListDashboard, Operation::CreateDashboard),
        ["dashboards", _] => match method {
            "GET" => Some(Operation::GetDashboard),
            "PUT" => Some(Operation::UpdateDashboard),
            "DELETE" => Some(Operation::DeleteDashboard),
            _ => None,
        },
        ["jobs"] => of_collection(method, Operation::ListJobs, Operation::CreateJob),
        ["jobs", _] => of_job(method, action),
        ["alerts"] => of_collection(method, Operation::ListAlerts, Operation::CreateAlert),
        ["alerts", _] => of_alert(method, action),
        ["resources"] => of_collection(method, Operation::ListResources, Operation::CreateResource),
        ["resources", _] => of_resource(method),
        ["resources", _, "next_records"] => (method == "GET").then_some(Operation::ListNextResourceRecords),
        ["resources", _, "records"] => of_records(method),
        ["resources", _, "records", _] => of_record(method),
        _ => {
            let message =
                "There is nothing at this path. This node serves the parts of Log Service that an audit trail needs.";
            return Err(fault::INVALID_PATH.because(message));
        }
    };
    let refused = || fault::INVALID_METHOD.because(format!("The method {method} is not supported at this path."));
    let operation = operation.ok_or_else(refused)?;
    Ok(Route { operation, logstore: logstore.map(str::to_owned), resource, name: name.map(str::to_owned) })
}

fn of_job(method: &str, action: &str) -> Option<Operation> {
    match (method, action) {
        ("GET", _) => Some(Operation::GetJob),
        ("PUT", "enable") => Some(Operation::EnableJob),
        ("PUT", "disable") => Some(Operation::DisableJob),
        ("PUT", "") => Some(Operation::UpdateJob),
        ("DELETE", _) => Some(Operation::DeleteJob),
        _ => None,
    }
}

fn of_alert(method: &str, action: &str) -> Option<Operation> {
    match (method, action) {
        ("GET", _) => Some(Operation::GetAlert),
        ("PUT", "enable") => Some(Operation::EnableAlert),
        ("PUT", "disable") => Some(Operation::DisableAlert),
        ("PUT", "") => Some(Operation::UpdateAlert),
        ("DELETE", _) => Some(Operation::DeleteAlert),
        _ => None,
    }
}

fn of_resource(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::GetResource),
        "PUT" => Some(Operation::UpdateResource),
        "DELETE" => Some(Operation::DeleteResource),
        _ => None,
    }
}

fn of_records(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::ListResourceRecords),
        "POST" => Some(Operation::CreateResourceRecord),
        "PUT" => Some(Operation::UpsertResourceRecord),
        "DELETE" => Some(Operation::DeleteResourceRecord),
        _ => None,
    }
}

fn of_record(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::GetResourceRecord),
        "PUT" => Some(Operation::UpdateResourceRecord),
        "DELETE" => Some(Operation::DeleteResourceRecord),
        _ => None,
    }
}

fn of_project(method: &str, is_named: bool) -> Option<Operation> {
    match (method, is_named) {
        ("GET", false) => Some(Operation::ListProject),
        ("POST", _) => Some(Operation::CreateProject),
        ("GET", true) => Some(Operation::GetProject),
        ("PUT", true) => Some(Operation::UpdateProject),
        ("DELETE", true) => Some(Operation::DeleteProject),
        _ => None,
    }
}

fn of_collection(method: &str, list: Operation, create: Operation) -> Option<Operation> {
    match method {
        "GET" => Some(list),
        "POST" => Some(create),
        _ => None,
    }
}

fn of_logstore(method: &str, kind: &str) -> Option<Operation> {
    match (method, kind) {
        ("GET", "log") => Some(Operation::GetLogStoreLogs),
        ("GET", "histogram") => Some(Operation::GetLogStoreHistogram),
        ("GET", "context_log") => Some(Operation::GetLogStoreContextLogs),
        ("GET", "topic") => Some(Operation::ListTopics),
        ("GET", _) => Some(Operation::GetLogStore),
        ("PUT", _) => Some(Operation::UpdateLogStore),
        ("DELETE", _) => Some(Operation::DeleteLogStore),
        ("POST", _) => Some(Operation::PostLogStoreLogs),
        _ => None,
    }
}

fn of_index(method: &str, kind: &str) -> Option<Operation> {
    match (method, kind) {
        // The OpenAPI clients ask for a histogram here.
        ("GET", "histogram") => Some(Operation::GetLogStoreHistogram),
        ("GET", _) => Some(Operation::GetIndex),
        ("POST", _) => Some(Operation::CreateIndex),
        ("PUT", _) => Some(Operation::UpdateIndex),
        ("DELETE", _) => Some(Operation::DeleteIndex),
        _ => None,
    }
}

fn of_shard(method: &str, segments: &[&str], kind: &str) -> Result<Option<Operation>, Fault> {
    match (method, segments.last().copied().unwrap_or_default(), kind) {
        ("POST", "lb" | "route", _) => Ok(Some(Operation::PostLogStoreLogs)),
        ("GET", _, "cursor") => Ok(Some(Operation::GetCursor)),
        ("GET", _, "cursor_time") => Ok(Some(Operation::GetCursorTime)),
        ("GET", _, "log" | "logs") => Ok(Some(Operation::PullLogs)),
        ("GET", _, other) => {
            let message = format!("The parameter type is {other:?}; it must be cursor, cursor_time or log.");
            Err(fault::PARAMETER_INVALID.because(message))
        }
        ("POST" | "DELETE", ..) => Ok(Some(Operation::ChangeShard)),
        _ => Ok(None),
    }
}

fn of_consumer_group(method: &str, kind: &str) -> Option<Operation> {
    match (method, kind) {
        ("GET", _) => Some(Operation::GetConsumerGroupCheckPoint),
        ("PUT", _) => Some(Operation::UpdateConsumerGroup),
        ("DELETE", _) => Some(Operation::DeleteConsumerGroup),
        ("POST", "heartbeat") => Some(Operation::ConsumerGroupHeartBeat),
        ("POST", "checkpoint") => Some(Operation::ConsumerGroupUpdateCheckPoint),
        _ => None,
    }
}
