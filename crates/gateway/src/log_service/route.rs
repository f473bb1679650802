//! Which operation a method and a path mean, what permission it needs and on what.

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
}

/// An operation and what the path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) logstore: Option<String>,
    /// A consumer group, a saved search, a dashboard or a shard.
    pub(super) name: Option<String>,
}

impl Route {
    /// The end of the ARN, behind the project.
    pub(super) fn resource(&self) -> String {
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
        ["savedsearches" | "dashboards", name] => (None, Some(name)),
        _ => (None, None),
    };
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
        _ => {
            let message =
                "There is nothing at this path. This node serves the parts of Log Service that an audit trail needs.";
            return Err(fault::INVALID_PATH.because(message));
        }
    };
    let refused = || fault::INVALID_METHOD.because(format!("The method {method} is not supported at this path."));
    let operation = operation.ok_or_else(refused)?;
    Ok(Route { operation, logstore: logstore.map(str::to_owned), name: name.map(str::to_owned) })
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
