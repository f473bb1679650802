use host::{ManualClock, OsRandom, RealDisk};
use sls::Signed;

use super::*;
use crate::recording_server::server;
use crate::{Config, Outbound};

fn settings(endpoint: &str) -> LogProjectSettings {
    LogProjectSettings {
        endpoint: endpoint.to_owned(),
        region: None,
        access_key_id: "LTAI5tExample".to_owned(),
        access_key_secret: Secret::new("hush".to_owned()),
        session_token: None,
        allow_http: true,
        host_header: true,
    }
}

fn open(settings: &LogProjectSettings) -> Result<LogProject, LogError> {
    let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-01-15T08:00:00Z").unwrap()));
    let outbound = Outbound::with_clock(&Config::default(), Arc::new(RealDisk), Arc::new(OsRandom), clock).unwrap();
    outbound.open_log_project("audit", settings)
}

fn events() -> Vec<(Timestamp, Bytes)> {
    let event = |n: i64| (Timestamp(1_768_464_000_123 + n * 1000), Bytes::from(format!(r#"{{"eventId":"e{n}"}}"#)));
    (0..3).map(event).collect()
}

#[tokio::test]
async fn a_group_arrives_signed_compressed_and_as_it_was() {
    let (endpoint, told) = server(vec![("200 OK", String::new()), ("200 OK", String::new())]);
    for region in [None, Some("cn-hangzhou".to_owned())] {
        let with_region = LogProjectSettings { region: region.clone(), ..settings(&endpoint) };
        open(&with_region).unwrap().put("actiontrail_main-trail", events()).await.unwrap();
        let got = told.recv().unwrap();
        assert_eq!(got.path(), "/logstores/actiontrail_main-trail/shards/lb");
        let paths = [got.path()];
        let signed = Signed { method: "POST", paths: &paths, query: "", headers: &got.headers, body: &got.body };
        let claim = sls::signature::read(&signed).unwrap();
        assert!(claim.is_signed_with("hush") && !claim.is_signed_with("other"), "{:?}", claim.scheme);
        assert_eq!(matches!(claim.scheme, sls::Scheme::V4 { .. }), region.is_some());
        assert!(got.header("host").starts_with("audit.127.0.0.1:"));
        assert_eq!(got.header("content-type"), "application/x-protobuf");
        let size = got.header("x-log-bodyrawsize").parse().unwrap();
        let plain = Compression::Lz4.decompress(&got.body, size, 1 << 20).unwrap();
        let group = LogGroup::decode(&*plain).unwrap();
        assert_eq!(group.topic.as_deref(), Some("actiontrail_audit_event"));
        let found: Vec<(u32, Option<u32>, &[u8])> =
            group.logs.iter().map(|log| (log.time, log.time_ns, &*log.contents[0].value)).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[1], (1_768_464_001, Some(123_000_000), &br#"{"eventId":"e1"}"#[..]));
        assert!(group.logs.iter().all(|log| log.contents.len() == 1 && log.contents[0].key == "event"));
    }
}

#[tokio::test]
async fn a_refusal_keeps_its_code_and_no_secret() {
    let (endpoint, _told) = server(vec![
        ("404 Not Found", r#"{"errorCode":"LogStoreNotExist","errorMessage":"logstore x does not exist"}"#.into()),
        ("502 Bad Gateway", "<html>bad gateway</html>".into()),
    ]);
    let project = open(&settings(&endpoint)).unwrap();
    let error = project.put("x", events()).await.unwrap_err();
    assert_eq!(error.to_string(), "project audit refused: LogStoreNotExist: logstore x does not exist");
    assert_eq!(error.kind(), model::ErrorKind::NotFound);
    let error = project.put("x", events()).await.unwrap_err();
    assert_eq!(error.to_string(), "project audit refused: HTTP status 502: <html>bad gateway</html>");
    let error = project.put("x", events()).await.unwrap_err();
    assert!(matches!(error, LogError::Unreachable { .. }), "{error}");
    assert!(!format!("{project:?} {:?} {error:?}", settings(&endpoint)).contains("hush"));
}

#[test]
fn only_addresses_that_can_be_one_are_taken() {
    let with = |endpoint: &str| LogProjectSettings { host_header: false, allow_http: false, ..settings(endpoint) };
    let project = open(&with("cn-hangzhou.log.aliyuncs.com")).unwrap();
    assert_eq!(
        (&*project.origin, &*project.host),
        ("https://audit.cn-hangzhou.log.aliyuncs.com", "audit.cn-hangzhou.log.aliyuncs.com")
    );
    for bad in ["http://log.example.com", "https://127.0.0.1:1", "https://a/b", "ftp://a", "https://u:p@a", ""] {
        assert!(matches!(open(&with(bad)), Err(LogError::Invalid { .. })), "{bad}");
    }
    let metadata = LogProjectSettings { host_header: true, ..with("https://100.100.100.200") };
    assert!(matches!(open(&metadata), Err(LogError::Invalid { .. })));
    let sealed = serde_json::to_string(&settings("a")).unwrap();
    assert_eq!(serde_json::from_str::<LogProjectSettings>(&sealed).unwrap(), settings("a"));
}
