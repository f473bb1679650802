//! What a demo tells: where it is, and what to try.

use std::path::Path;

use super::key::Key;
use super::scene::{Scene, TRAIL};
use super::story::ADDRESS;

/// The text.
pub(crate) fn text(endpoint: &str, key: &Key, scene: &Scene) -> String {
    let path = path_line();
    let host = endpoint.split_once("://").map_or(endpoint, |(_, host)| host);
    let Key { account_id, access_key_id, access_key_secret } = key;
    let events = match scene.events {
        0 => "The events of an earlier demo are still there.".to_owned(),
        events => format!("{events} made-up events of the last seven days were put."),
    };
    let bucket = scene.bucket.display();
    format!(
        r#"
Cairn runs at {endpoint}. {events} Ctrl-C stops it.

  account            {account_id}
  access key id      {access_key_id}
  access key secret  {access_key_secret}

In another terminal:
{path}
  export CAIRN_ENDPOINT={endpoint}
  export ALIBABA_CLOUD_ACCESS_KEY_ID={access_key_id}
  export ALIBABA_CLOUD_ACCESS_KEY_SECRET={access_key_secret}

Who tried to sign in as root, and what did they do then?
  cairn events lookup --attr EventName=ConsoleSignin --attr UserType=root-account --limit 30
  cairn events lookup --attr SourceIpAddress={ADDRESS}

Follow what happens now; each lookup above is an event too:
  cairn events tail

Put an event of your own:
  echo '{{"eventId":"my-1","eventTime":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","eventName":"Hello"}}' | cairn events put -

The trail {TRAIL} delivers every event within seconds, gzip JSON in ActionTrail's layout, below
  {bucket}
  cairn trail status {TRAIL}

With curl and an ingest token (`cairn token create demo` prints one):
  curl -H "Authorization: Bearer $CAIRN_TOKEN" -H 'Content-Type: application/json' {endpoint}/v1/events \
       -d '{{"eventId":"my-2","eventTime":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","eventName":"Hello"}}'

With Alibaba Cloud's own SDK (pip install alibabacloud_actiontrail20200706):
  from alibabacloud_actiontrail20200706.client import Client
  from alibabacloud_actiontrail20200706.models import LookupEventsRequest
  from alibabacloud_tea_openapi.models import Config

  client = Client(Config(endpoint="{host}", protocol="http", access_key_id="{access_key_id}",
                         access_key_secret="{access_key_secret}"))
  for event in client.lookup_events(LookupEventsRequest(max_results="5")).body.events:
      print(event["eventTime"], event["eventName"], event.get("sourceIpAddress"))

Keep the key for later: cairn profile set demo --endpoint {endpoint} --access-key-id {access_key_id}
"#
    )
}

/// The line that lets the shell find this program, unless it would anyway.
fn path_line() -> String {
    let Ok(this) = std::env::current_exe() else { return String::new() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_this = |found: &Path| std::fs::canonicalize(found).is_ok_and(|found| found == this);
    let is_found = std::env::split_paths(&path).any(|folder| is_this(&folder.join("cairn")));
    match this.parent() {
        Some(folder) if !is_found => format!("\n  export PATH=\"{}:$PATH\"", folder.display()),
        _ => String::new(),
    }
}
