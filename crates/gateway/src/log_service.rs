//! Log Service's own API: projects, Logstores, GetLogs, PullLogs, consumer groups, saved searches, dashboards, alert
//! rules, and the records alerting reads.
//!
//! It shares the listener with the RPC. A request is meant for it when it is signed as Log Service's clients sign, or when
//! its path begins with `/sls/`. Then: whose project (`address`), which operation (`route`), who calls (`identity`), may
//! they, do it, record it if it changes something (`record`), answer (`reply`). Logstores are views, so nothing here
//! writes events. See decision 19.

mod address;
mod alert_rules;
mod consumer_groups;
mod consumers;
mod documents;
mod histograms;
mod index;
mod logs;
mod logstores;
mod projects;
mod pull;
mod question;
mod record;
mod reply;
mod resource_records;
mod resources;
mod route;
mod shards;
mod statement;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use catalog::{CatalogError, Logstore, LogstoreName, Project};
use futures::FutureExt;
use http::Request as HttpRequest;
use identity::Caller;
use model::ErrorKind;
use model::logstore::View;
use sls::{Fault, FaultCode, fault};
use tracing::{Instrument, debug, error, info_span};

use crate::authorize;
use crate::fault::{chain, unexpected};
use crate::gateway::Gateway;
use crate::request::{BodyFault, Request};
use crate::taken::{Refused, Taken, take};
use address::Address;
pub(crate) use consumers::Consumers;
use reply::Reply;
use route::{Operation, Route};

/// Bytes of a request's body: a dashboard with many charts is the largest.
const BODY_BYTES_MAX: usize = 1 << 20;
const HEX: &[u8] = b"0123456789ABCDEF";

/// A call whose caller is known and may make it.
struct Call<'a> {
    gateway: &'a Gateway,
    request: &'a Request,
    caller: &'a Caller,
    /// The project of the host or the path.
    project: Option<&'a str>,
    route: &'a Route,
}

/// Sends what is meant for Log Service there, and the rest on.
pub(crate) async fn divert(State(gateway): State<Arc<Gateway>>, http: HttpRequest<Body>, next: Next) -> Response {
    if is_meant(&http) { answer(gateway, http).await } else { next.run(http).await }
}

fn is_meant(http: &HttpRequest<Body>) -> bool {
    let authorization = http.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    authorization.is_some_and(sls::signature::is_log_service) || address::is_prefixed(http.uri().path())
}

async fn answer(gateway: Arc<Gateway>, http: HttpRequest<Body>) -> Response {
    let started = Instant::now();
    let Taken { mut request, refused, place, .. } = take(&gateway, http, BODY_BYTES_MAX).await;
    request.id = gateway.random.text(24, HEX);
    let address = Address::of(&request.host, &request.path, &gateway.config.log_service_hosts);
    request.region = address.region();
    let is_reading = request.method == "GET" || address.path.ends_with("/logs");
    let early = refused.map(|refused| match refused {
        Refused::Busy => fault::SERVER_BUSY.because("The node has as many requests as it takes; try again."),
        Refused::Body(fault) => body_fault(fault, &request, &address),
    });
    let span = info_span!("request", id = request.id);
    let work = async move {
        let outcome = match early {
            Some(fault) => (None, Err(fault)),
            None => called(&gateway, &request, &address).await,
        };
        let (operation, outcome) = outcome;
        let response = reply::response(&request, outcome);
        let name = operation.map_or("none", Operation::name);
        debug!(operation = name, status = response.status().as_u16(), "answered");
        gateway.metrics.answered(name, response.status().as_u16(), started.elapsed());
        drop(place);
        response
    };
    let work = work.instrument(span);
    if is_reading {
        // A question whose client hangs up ends here.
        return work.await;
    }
    // In a task of its own: a change is recorded also when its client hangs up.
    tokio::spawn(work).await.expect("the task is not cancelled and handlers' panics are caught")
}

fn body_fault(body: BodyFault, request: &Request, address: &Address) -> Fault {
    match body {
        // The only large bodies clients send are logs.
        BodyFault::TooLarge if route::is_put_logs(&request.method, &address.path) => logstores::read_only(),
        BodyFault::TooLarge => fault::POST_BODY_TOO_LARGE
            .because(format!("Body size {} must little than {BODY_BYTES_MAX}.", request.body.len())),
        BodyFault::TooSlow => fault::REQUEST_TIMEOUT.because("The request's body did not arrive in time."),
        BodyFault::Broken => fault::POST_BODY_INVALID.because("The request's body broke off."),
    }
}

type Outcome = Result<Reply, Fault>;

async fn called(gateway: &Gateway, request: &Request, address: &Address) -> (Option<Operation>, Outcome) {
    let paths = [request.path.as_str(), address.path.as_str()];
    let paths = &paths[..if address.may_leave_out_prefix { 2 } else { 1 }];
    let caller = match gateway.identity.authenticate_log_service(&request.signed(), paths) {
        Ok(caller) => caller,
        Err(error) => return (None, Err(error.fault())),
    };
    let route = match route::find(request, address) {
        Ok(route) => route,
        Err(fault) => return (None, Err(fault)),
    };
    let operation = route.operation;
    let call = Call { gateway, request, caller: &caller, project: address.project.as_deref(), route: &route };
    if operation.is_change()
        && let Err(error) = gateway.auditor.check_ready()
    {
        return (Some(operation), Err(fault::SERVER_BUSY.because(error.message)));
    }
    let work = AssertUnwindSafe(call.perform()).catch_unwind();
    let outcome = work.await.unwrap_or_else(|_| {
        error!(operation = operation.name(), "an operation panicked");
        Err(fault::INTERNAL_SERVER_ERROR
            .because("The call failed; the node's log has the reason under this request id."))
    });
    let outcome = if operation.is_change() { call.recorded(outcome).await } else { outcome };
    (Some(operation), outcome)
}

impl Call<'_> {
    async fn perform(&self) -> Outcome {
        self.authorize()?;
        match self.route.operation {
            Operation::ListProject => projects::list(self).await,
            Operation::CreateProject => projects::create(self).await,
            Operation::GetProject => projects::get(self).await,
            Operation::UpdateProject => projects::update(self).await,
            Operation::DeleteProject => projects::delete(self).await,
            Operation::ListLogStores => logstores::list(self).await,
            Operation::CreateLogStore => logstores::create(self).await,
            Operation::GetLogStore => logstores::get(self).await,
            Operation::UpdateLogStore => logstores::update(self).await,
            Operation::DeleteLogStore => logstores::delete(self).await,
            Operation::PostLogStoreLogs => Err(logstores::read_only()),
            Operation::GetIndex => index::get(self).await,
            Operation::CreateIndex => index::create(self).await,
            Operation::UpdateIndex => index::update(self).await,
            Operation::DeleteIndex => index::delete(self).await,
            Operation::ListShards => shards::list(self).await,
            Operation::ChangeShard => shards::refuse_change(self).await,
            Operation::GetCursor => shards::cursor(self).await,
            Operation::GetCursorTime => shards::cursor_time(self).await,
            Operation::PullLogs => pull::answer(self).await,
            Operation::GetLogStoreLogs => logs::first_version(self).await,
            Operation::GetLogsV2 => logs::second_version(self).await,
            Operation::GetLogStoreHistogram => histograms::answer(self).await,
            Operation::GetLogStoreContextLogs => logs::context(self).await,
            Operation::ListTopics => logs::topics(self).await,
            Operation::GetProjectLogs => statement::of_project(self).await,
            Operation::ListConsumerGroup => consumer_groups::list(self).await,
            Operation::CreateConsumerGroup => consumer_groups::create(self).await,
            Operation::UpdateConsumerGroup => consumer_groups::update(self).await,
            Operation::DeleteConsumerGroup => consumer_groups::delete(self).await,
            Operation::ConsumerGroupHeartBeat => consumer_groups::heartbeat(self).await,
            Operation::ConsumerGroupUpdateCheckPoint => consumer_groups::put_checkpoint(self).await,
            Operation::GetConsumerGroupCheckPoint => consumer_groups::checkpoints(self).await,
            Operation::ListSavedSearch | Operation::ListDashboard => documents::list(self).await,
            Operation::CreateSavedSearch | Operation::CreateDashboard => documents::create(self).await,
            Operation::GetSavedSearch | Operation::GetDashboard => documents::get(self).await,
            Operation::UpdateSavedSearch | Operation::UpdateDashboard => documents::update(self).await,
            Operation::DeleteSavedSearch | Operation::DeleteDashboard => documents::delete(self).await,
            Operation::ListJobs | Operation::ListAlerts => alert_rules::list(self).await,
            Operation::CreateJob | Operation::CreateAlert => alert_rules::create(self).await,
            Operation::GetJob | Operation::GetAlert => alert_rules::get(self).await,
            Operation::UpdateJob | Operation::UpdateAlert => alert_rules::update(self).await,
            Operation::EnableJob | Operation::EnableAlert => alert_rules::switch(self, true).await,
            Operation::DisableJob | Operation::DisableAlert => alert_rules::switch(self, false).await,
            Operation::DeleteJob | Operation::DeleteAlert => alert_rules::delete(self).await,
            Operation::ListResources => resources::list(self).await,
            Operation::CreateResource => resources::create(self).await,
            Operation::GetResource => resources::get(self).await,
            Operation::UpdateResource => resources::update(self).await,
            Operation::DeleteResource => resources::delete(self).await,
            Operation::ListResourceRecords => resource_records::list(self).await,
            Operation::ListNextResourceRecords => resource_records::list_on(self).await,
            Operation::CreateResourceRecord => resource_records::create(self).await,
            Operation::UpsertResourceRecord => resource_records::put(self).await,
            Operation::GetResourceRecord => resource_records::get(self).await,
            Operation::UpdateResourceRecord => resource_records::update(self).await,
            Operation::DeleteResourceRecord => resource_records::delete(self).await,
        }
    }

    /// Whether the caller's policies allow it, on a resource of the caller's account.
    fn authorize(&self) -> Result<(), Fault> {
        let permission = format!("log:{}", self.route.operation.permission());
        let project = self.project_named().unwrap_or_else(|| "*".to_owned());
        let (region, account) = (&self.request.region.id, self.caller.account);
        let arn = format!("acs:log:{region}:{account}:{}", self.route.target(&project));
        let denied = authorize::allowed(self.gateway, self.request, self.caller, &permission, &arn);
        denied.map_err(|_| {
            fault::UNAUTHORIZED.because(format!("denied by sts or ram, action: {permission}, resource: {arn}"))
        })
    }

    /// The project of the address, or of the body of CreateProject on the bare endpoint.
    fn project_named(&self) -> Option<String> {
        let of_body =
            || projects::name_in_body(self.request).filter(|_| self.route.operation == Operation::CreateProject);
        of_body().or_else(|| self.project.map(str::to_owned))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.request.given.get(name).filter(|value| !value.is_empty())
    }

    /// The caller's project of the address.
    async fn project(&self) -> Result<Project, Fault> {
        let Some(name) = self.project else {
            let message = "The request names no project: put it before the host name, or use /sls/<project>/.";
            return Err(fault::PARAMETER_INVALID.because(message));
        };
        let found = self.gateway.catalog.project_find(self.caller.account, name).await.map_err(ours)?;
        found.ok_or_else(|| fault::PROJECT_NOT_EXIST.because(format!("The Project does not exist : {name}")))
    }

    fn logstore_name(&self, project: &Project) -> LogstoreName {
        LogstoreName {
            account: self.caller.account,
            project: project.name.clone(),
            logstore: self.route.logstore.clone().unwrap_or_default(),
        }
    }

    /// The Logstore of the path.
    async fn logstore(&self) -> Result<(LogstoreName, Logstore), Fault> {
        let of = self.logstore_name(&self.project().await?);
        let found = self.gateway.catalog.logstore_find(of.account, &of.project, &of.logstore).await.map_err(ours)?;
        let missing = || fault::LOGSTORE_NOT_EXIST.because(format!("logstore {} does not exist", of.logstore));
        let found = found.ok_or_else(missing)?;
        Ok((of, found))
    }

    /// What the Logstore of the path shows now.
    async fn view(&self) -> Result<View, Fault> {
        let (_, logstore) = self.logstore().await?;
        self.gateway.catalog.logstore_view(&logstore, self.request.received).await.map_err(ours)
    }

    async fn recorded(&self, outcome: Outcome) -> Outcome {
        let name = self.route.operation.name();
        let entry = match record::entry(self, outcome.as_ref().err()) {
            Ok(entry) => entry,
            Err(refusal) => return Err(failed(&refusal, ErrorKind::Bug)),
        };
        if let Err(error) = self.gateway.auditor.write(entry).await {
            error!(operation = name, error = chain(&error), "a changing call could not be recorded");
            let done = if outcome.is_ok() { "was done, but it" } else { "failed, and it" };
            let message = format!("{name} {done} could not be recorded: {error}. Look before you repeat it.");
            return Err(fault::SERVER_BUSY.because(message));
        }
        outcome
    }
}

/// A failure of ours: logged with its causes, answered without them.
fn failed(failure: &(dyn std::error::Error + 'static), kind: ErrorKind) -> Fault {
    let code = match kind {
        ErrorKind::Unavailable | ErrorKind::Throttled => fault::SERVER_BUSY,
        ErrorKind::Corrupt | ErrorKind::Bug => fault::INTERNAL_SERVER_ERROR,
        ErrorKind::Invalid | ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Conflict => fault::PARAMETER_INVALID,
    };
    code.because(unexpected(failure, kind).message)
}

/// A failure of the catalog that is not about what was asked for.
fn ours(error: CatalogError) -> Fault {
    let kind = error.kind();
    failed(&error, kind)
}

/// A failure of the catalog where a missing or a present thing has its own code.
fn told(error: CatalogError, missing: FaultCode, present: FaultCode, what: &str) -> Fault {
    match error {
        CatalogError::NotFound { .. } => missing.because(format!("{what} does not exist")),
        CatalogError::AlreadyExists { .. } => present.because(format!("{what} already exists")),
        CatalogError::LimitReached { .. } => fault::EXCEED_QUOTA.because(format!("{what}: {error}")),
        other => ours(other),
    }
}
