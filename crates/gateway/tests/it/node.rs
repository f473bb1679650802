//! A node's gateway with everything below it, for one test.

use std::sync::Arc;
use std::time::Duration;

use api::Operation;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use catalog::Catalog;
use gateway::{Config, Gateway, Parts};
use host::metrics::Metrics;
use host::{Disk, ManualClock, OsRandom, RealDisk, Shutdown};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use identity::{Identity, MasterKeySource, Vault};
use journal::Writer;
use model::{AccountId, Attribute, Timestamp};
use outbound::Outbound;
use serde_json::Value;
use store::{Condition, Lookup, Store};
use tower::ServiceExt;

use crate::signing::{Key, Unsigned};

pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";
/// Queries of an account at once, where a test does not say.
const PLACES: usize = 15;

pub(crate) struct Node {
    pub(crate) router: Router,
    pub(crate) writer: Writer,
    pub(crate) store: Store,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) shutdown: Shutdown,
    /// The management account's own key.
    pub(crate) root: Key,
    pub(crate) folder: tempfile::TempDir,
}

/// A call, and the status and code it is refused with.
pub(crate) type RefusedCall<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);

/// Each account has its events.
struct OnlyEvents;

#[async_trait::async_trait]
impl query::Tables for OnlyEvents {
    async fn tables(&self, account: AccountId) -> Result<Vec<query::Table>, query::TablesError> {
        let source = query::Source::Events(Arc::new(model::logstore::View::of_account(account)));
        Ok(vec![query::Table { name: "events".to_owned(), source }])
    }
}

/// A reply, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The fields of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// Status and code of an error.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        assert_ne!(self.status, 200, "{}", self.text());
        (self.status.as_u16(), self.json()["Code"].as_str().expect("a code").to_owned())
    }
}

impl Node {
    pub(crate) async fn start() -> Node {
        Node::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Node {
        Node::on_disk(config, Arc::new(RealDisk)).await
    }

    pub(crate) async fn with_engine(engine: Option<Arc<dyn query::Engine>>) -> Node {
        Node::of(Config::default(), Arc::new(RealDisk), engine, PLACES).await
    }

    pub(crate) async fn on_disk(config: Config, disk: Arc<dyn Disk>) -> Node {
        Node::of(config, disk, None, PLACES).await
    }

    /// So many queries of an account at once.
    pub(crate) async fn with_places(places: usize, engine: Arc<dyn query::Engine>) -> Node {
        Node::of(Config::default(), Arc::new(RealDisk), Some(engine), places).await
    }

    async fn of(config: Config, disk: Arc<dyn Disk>, engine: Option<Arc<dyn query::Engine>>, places: usize) -> Node {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::at(Timestamp::parse(NOW).expect("a time")));
        let (metrics, shutdown) = (Metrics::default(), Shutdown::new());
        let random = Arc::new(OsRandom);
        let catalog = Catalog::in_memory().await.expect("a catalog");
        let data = folder.path().join("data");
        let opening =
            Store::open(store::Config::default(), &data, disk.clone(), catalog.clone(), clock.clone(), &metrics);
        let (store, writer) = opening.await.expect("a store");
        let source = MasterKeySource { env: None, file: None, data_folder: &data };
        let (vault, _) = Vault::load(source).expect("a vault");
        let identity = Identity::new(catalog.clone(), vault.clone(), clock.clone(), random.clone(), &metrics);
        let identity = identity.await.expect("an identity");
        let key = identity.initialise().await.expect("an account").expect("a key");
        let outbound = Outbound::new(&outbound::Config::default(), disk, random.clone()).expect("a client");
        let router = Gateway::router(Parts {
            writer: writer.clone(),
            store: store.clone(),
            catalog: catalog.clone(),
            identity,
            vault,
            outbound,
            clock: clock.clone(),
            random,
            metrics,
            shutdown: shutdown.clone(),
            admission: query::Admission::new(places),
            engine,
            tables: Arc::new(OnlyEvents),
            alerting: Some(Arc::new(crate::alerting::Rehearsal)),
            config,
        });
        let account = catalog.account_list().await.expect("accounts")[0].id.to_string();
        let root = Key { account, id: key.access_key_id, secret: key.access_key_secret.expose().clone() };
        Node { router, writer, store, catalog, clock, shutdown, root, folder }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("the router is infallible");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Reply { status: head.status, headers: head.headers, body }
    }

    /// Calls an operation the way today's SDKs do.
    pub(crate) async fn call(&self, key: &Key, name: &str, arguments: &[(&str, &str)]) -> Reply {
        self.call_row(key, Operation::find(name, None).expect("an operation"), arguments).await
    }

    /// The same for an operation whose name another service has, too.
    pub(crate) async fn call_row(&self, key: &Key, row: &Operation, arguments: &[(&str, &str)]) -> Reply {
        let request = Unsigned::new("POST", "/").query(arguments);
        self.send(request.acs3(key, row.name, row.service.version(), self.now())).await
    }

    /// Puts a body of events.
    pub(crate) async fn put(&self, key: &Key, account: Option<&str>, body: impl Into<Vec<u8>>) -> Reply {
        let mut request = Unsigned::new("POST", "/v1/events").header("content-type", "application/json").body(body);
        if let Some(account) = account {
            request = request.query(&[("account", account)]);
        }
        self.send(request.acs3(key, "PutEvents", "2026-11-21", self.now())).await
    }

    /// Finds or tails events.
    pub(crate) async fn get(&self, key: &Key, query: &[(&str, &str)]) -> Reply {
        let request = Unsigned::new("GET", "/v1/events").query(query);
        self.send(request.acs3(key, "LookupEvents", "2020-07-06", self.now())).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        host::Clock::now(&*self.clock)
    }

    /// Another account, and its own key.
    pub(crate) async fn account(&self, name: &str) -> Key {
        let created = self.call(&self.root, "CreateAccount", &[("Name", name)]).await.ok();
        key_of(created["Account"]["AccountId"].as_str().expect("an id"), &created)
    }

    /// A user of the key's account with a policy that says this, and the user's key.
    pub(crate) async fn user(&self, owner: &Key, name: &str, document: Option<&str>) -> Key {
        self.call(owner, "CreateUser", &[("UserName", name)]).await.ok();
        if let Some(document) = document {
            let policy = format!("{name}-policy");
            let arguments = [("PolicyName", policy.as_str()), ("PolicyDocument", document)];
            self.call(owner, "CreatePolicy", &arguments).await.ok();
            let attach = [("PolicyType", "Custom"), ("PolicyName", policy.as_str()), ("UserName", name)];
            self.call(owner, "AttachPolicyToUser", &attach).await.ok();
        }
        let created = self.call(owner, "CreateAccessKey", &[("UserName", name)]).await.ok();
        key_of(&owner.account, &created)
    }

    /// A bucket in the test's folder.
    pub(crate) async fn bucket(&self, name: &str) {
        let url = format!("file://{}", self.folder.path().join("buckets").join(name).display());
        self.call(&self.root, "CreateBucket", &[("Name", name), ("Url", &url)]).await.ok();
    }

    /// The account's audit events of an operation, oldest first; waits until there are `least`.
    pub(crate) async fn audited(&self, account: &str, name: &str, least: usize) -> Vec<Value> {
        self.recorded(account, name, least, |event| event["apiVersion"].is_string()).await
    }

    /// The account's sign-ins, oldest first; waits until there are `least`.
    pub(crate) async fn audited_signins(&self, account: &str, least: usize) -> Vec<Value> {
        self.recorded(account, "ConsoleSignin", least, |_| true).await
    }

    async fn recorded(&self, account: &str, name: &str, least: usize, keep: fn(&Value) -> bool) -> Vec<Value> {
        let account: AccountId = account.parse().expect("an id");
        let mut committed = self.writer.committed();
        for _ in 0..1000 {
            committed.borrow_and_update();
            let lookup = Lookup {
                account,
                from: Timestamp::MIN,
                through: Timestamp::MAX,
                conditions: vec![Condition::Is(Attribute::EventName, name.to_owned())],
                newest_first: false,
                after: None,
                limit: 1000,
            };
            let page = self.store.lookup(&lookup).expect("a page");
            let mut found = page.events;
            found.sort_by_key(|found| found.seq);
            let events = found.iter().map(|found| serde_json::from_slice(found.event.raw()).expect("JSON"));
            let events: Vec<Value> = events.filter(keep).collect();
            if events.len() >= least {
                return events;
            }
            let _ = tokio::time::timeout(Duration::from_millis(20), committed.changed()).await;
        }
        panic!("{account} never had {least} events {name}");
    }
}

/// The key in a reply of CreateAccount or CreateAccessKey.
pub(crate) fn key_of(account: &str, created: &Value) -> Key {
    let text = |name: &str| created["AccessKey"][name].as_str().expect("a key").to_owned();
    Key { account: account.to_owned(), id: text("AccessKeyId"), secret: text("AccessKeySecret") }
}

/// An event with an id, a time and whatever else.
pub(crate) fn event(id: &str, time: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!("{{\"eventId\":\"{id}\",\"eventTime\":\"{time}\"{comma}{more}}}")
}
