//! The Logstore that is asked: made as a user would make it, and called as Log Service's clients call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use api::OperationId;
use bytes::Bytes;
use client::Client;
use host::{Clock, SystemClock};
use serde::Deserialize;
use serde_json::{Map, Value};
use sls::{Credentials, Unsigned};

use super::ask::{Ask, Kind, Rows};
use super::http::{Connection, Reply};
use super::{Heavy, Pulled};
use crate::options::Options;
use crate::server::{Key, Server};

pub(super) const PROJECT: &str = "bench-queries";
const TRAIL: &str = "bench-queries";
pub(super) const LOGSTORE: &str = "actiontrail_bench-queries";
const PATIENCE: Duration = Duration::from_secs(60);
/// Log Service's most for one pull.
const PULL_GROUPS: usize = 1000;
const PAGE: usize = 100;

/// A Logstore that shows everything the account has.
pub(super) struct Logstore {
    connection: Connection,
    key: Key,
}

impl Logstore {
    pub(super) async fn make(client: &Client, address: SocketAddr, key: Key, options: &Options) -> Result<Logstore> {
        let mut logstore = Logstore { connection: Connection::new(address), key };
        let project = serde_json::json!({ "projectName": PROJECT, "description": "" }).to_string();
        logstore.call("POST", "/", &[], "application/json", project.into()).await.context("CreateProject")?;
        make_trail(client, options).await?;
        logstore.wait(options).await?;
        Ok(logstore)
    }

    /// Until the history job's events are in the view.
    async fn wait(&mut self, options: &Options) -> Result<()> {
        let (from, before) = options.span();
        let newest = Ask {
            name: "newest 100".to_owned(),
            kind: Kind::Page,
            query: "*".to_owned(),
            from,
            before,
            clickhouse: String::new(),
        };
        let deadline = Instant::now() + PATIENCE;
        while self.ask(&newest).await?.0.len() < PAGE {
            ensure!(Instant::now() < deadline, "the Logstore stays empty");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    pub(super) async fn ask(&mut self, ask: &Ask) -> Result<Rows> {
        let (from, to) = (ask.from.0 / 1000, ask.before.0 / 1000);
        if ask.kind == Kind::Histogram {
            let query = [("type", "histogram".to_owned()), ("query", ask.query.clone())];
            let query =
                query.into_iter().chain([("from", from.to_string()), ("to", to.to_string())]).collect::<Vec<_>>();
            let path = format!("/logstores/{LOGSTORE}");
            let reply = self.call("GET", &path, &query, "", Bytes::new()).await?;
            let bars: Vec<Bar> = serde_json::from_slice(&reply.body).context("no histogram")?;
            ensure!(bars.iter().all(|bar| bar.progress == "Complete"), "the histogram is not complete");
            return Ok(Rows(
                bars.iter().filter(|bar| bar.count > 0).map(|bar| format!("{}\t{}", bar.from, bar.count)).collect(),
            ));
        }
        let body = serde_json::json!({
            "from": from, "to": to, "query": ask.query, "line": PAGE, "offset": 0, "reverse": true,
        });
        let logs = self.get_logs(&body).await?;
        ensure!(logs.meta.progress == "Complete", "the answer is not complete");
        let rows = logs.data.iter().map(|row| {
            let texts: Vec<&str> = row.values().filter_map(Value::as_str).collect();
            texts.join("\t")
        });
        let mut rows: Vec<String> = rows.collect();
        if ask.kind == Kind::Sql {
            // Groups come in any order.
            rows.sort_unstable();
        }
        Ok(Rows(rows))
    }

    async fn get_logs(&mut self, body: &Value) -> Result<Logs> {
        let path = format!("/logstores/{LOGSTORE}/logs");
        let reply = self.call("POST", &path, &[], "application/json", body.to_string().into()).await?;
        serde_json::from_slice(&reply.body).context("no GetLogsV2 reply")
    }

    /// Everything, from the first cursor to the end.
    pub(super) async fn pull_all(&mut self, server: &Server) -> Result<Pulled> {
        let path = format!("/logstores/{LOGSTORE}/shards/0");
        let mut cursor = self.cursor(&path, "begin").await?;
        let end = self.cursor(&path, "end").await?;
        let (started, cpu) = (Instant::now(), server.cpu_time()?);
        let mut pulled = Pulled { events: 0, bytes: 0, seconds: 0.0, cpu_seconds: 0.0 };
        while cursor != end {
            let query = [
                ("type", "log".to_owned()),
                ("cursor", cursor.clone()),
                ("end_cursor", end.clone()),
                ("count", PULL_GROUPS.to_string()),
            ];
            let reply = self.call("GET", &path, &query, "", Bytes::new()).await?;
            pulled.bytes += reply.header("x-log-bodyrawsize")?.parse::<u64>()?;
            pulled.events += events_in(&reply)?;
            let next = reply.header("x-log-cursor")?.to_owned();
            ensure!(next != cursor, "the cursor does not move");
            cursor = next;
        }
        pulled.seconds = started.elapsed().as_secs_f64();
        pulled.cpu_seconds = (server.cpu_time()? - cpu).as_secs_f64();
        Ok(pulled)
    }

    async fn cursor(&mut self, path: &str, from: &str) -> Result<String> {
        #[derive(Deserialize)]
        struct Told {
            cursor: String,
        }
        let query = [("type", "cursor".to_owned()), ("from", from.to_owned())];
        let reply = self.call("GET", path, &query, "", Bytes::new()).await?;
        Ok(serde_json::from_slice::<Told>(&reply.body).context("no cursor")?.cursor)
    }

    /// One group for each event: more than a query may hold at once when there are many.
    pub(super) async fn heavy(&mut self, server: &Server, options: &Options) -> Result<Heavy> {
        let (from, before) = options.span();
        let body = serde_json::json!({
            "from": from.0 / 1000, "to": before.0 / 1000, "line": PAGE, "offset": 0,
            "query": r#"* | select "event.eventId" as id, "event.requestId" as request, count(1) as n group by id, request order by n desc limit 10"#,
        });
        let before = server.memory()?;
        let started = Instant::now();
        let outcome = match self.get_logs(&body).await {
            Ok(logs) => format!("answered, {}", logs.meta.progress),
            Err(error) => format!("{error:#}"),
        };
        Ok(Heavy { outcome, seconds: started.elapsed().as_secs_f64(), before, peak_rss_bytes: server.memory()?.peak })
    }

    async fn call(
        &mut self,
        method: &'static str,
        path: &str,
        query: &[(&'static str, String)],
        content_type: &'static str,
        body: Bytes,
    ) -> Result<Reply> {
        let mut headers = vec![("x-log-bodyrawsize".to_owned(), body.len().to_string())];
        if !content_type.is_empty() {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
        let query: Vec<(String, String)> =
            query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let target = target(path, &query);
        let mut request = Unsigned { method, path: path.to_owned(), query, headers, body };
        let credentials =
            Credentials { access_key_id: self.key.id(), access_key_secret: self.key.secret(), security_token: None };
        sls::signature::v1::sign(&mut request, &credentials, SystemClock.now());
        request.headers.push(("host".to_owned(), format!("{PROJECT}.log.example.com")));
        let reply = self.connection.send(method, &target, &request.headers, &request.body).await?;
        ensure!(reply.status == 200, "{method} {path}: {} {}", reply.status, String::from_utf8_lossy(&reply.body));
        Ok(reply)
    }
}

fn target(path: &str, query: &[(String, String)]) -> String {
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Events of a pulled body, which came as it is: no compression was asked for.
fn events_in(reply: &Reply) -> Result<u64> {
    let list: sls::LogGroupList = prost::Message::decode(&reply.body[..]).context("no log groups")?;
    Ok(list.groups.iter().map(|group| group.logs.len() as u64).sum())
}

async fn make_trail(client: &Client, options: &Options) -> Result<()> {
    let param = |name: &str, value: String| (name.to_owned(), value);
    let account = client.rpc(OperationId::GetCallerIdentity, &[]).await?.parse::<Caller>()?.account_id;
    let create = [
        param("Name", TRAIL.to_owned()),
        param("SlsProjectArn", format!("acs:log:cn-hangzhou:{account}:project/{PROJECT}")),
        param("EventRW", "All".to_owned()),
    ];
    client.rpc(OperationId::CreateTrail, &create).await.context("CreateTrail")?;
    client.rpc(OperationId::StartLogging, &[param("Name", TRAIL.to_owned())]).await.context("StartLogging")?;
    let (start, end) = options.span();
    let job = [
        param("TrailName", TRAIL.to_owned()),
        param("StartTime", start.to_string()),
        param("EndTime", end.to_string()),
    ];
    client.rpc(OperationId::CreateDeliveryHistoryJob, &job).await.context("CreateDeliveryHistoryJob")?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Caller {
    account_id: String,
}

#[derive(Deserialize)]
struct Bar {
    from: i64,
    count: u64,
    progress: String,
}

#[derive(Deserialize)]
struct Logs {
    meta: Meta,
    data: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Meta {
    progress: String,
}
