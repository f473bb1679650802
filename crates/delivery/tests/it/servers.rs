//! Servers that refuse, hang, break off or take their time: the trail's status says why, nothing else is held up, and
//! once the server works everything is there, once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::scene::{Scene, eventually};

/// How the server treats a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manners {
    /// Takes it.
    Works,
    /// Takes it after a while.
    Slow,
    /// Answers with this status and code.
    Refuses(u16, &'static str),
    /// Never answers.
    Hangs,
    /// Sends the head of a refusal and stops there.
    StallsAfterHead,
    /// Closes in the middle of the object.
    ClosesMidObject,
    /// Takes it, and closes in the middle of the answer.
    ClosesMidAnswer,
}

/// An S3 server that knows nothing but puts.
#[derive(Clone)]
struct Server(Arc<Inner>);

struct Inner {
    manners: Mutex<Manners>,
    objects: Mutex<BTreeMap<String, Bytes>>,
    puts: Mutex<Vec<std::time::Instant>>,
    endpoint: String,
}

impl Server {
    async fn start(manners: Manners) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
        let server = Server(Arc::new(Inner {
            manners: Mutex::new(manners),
            objects: Mutex::default(),
            puts: Mutex::default(),
            endpoint,
        }));
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move { server.serve(connection).await });
            }
        });
        server
    }

    fn set(&self, manners: Manners) {
        *self.0.manners.lock() = manners;
    }

    fn puts(&self) -> usize {
        self.0.puts.lock().len()
    }

    async fn serve(&self, mut connection: TcpStream) -> Option<()> {
        loop {
            let (key, length, mut body) = read_head(&mut connection).await?;
            self.0.puts.lock().push(std::time::Instant::now());
            let manners = *self.0.manners.lock();
            if manners == Manners::ClosesMidObject {
                return None;
            }
            while body.len() < length {
                connection.read_buf(&mut body).await.ok().filter(|read| *read > 0)?;
            }
            let answer = match manners {
                Manners::Works | Manners::Slow | Manners::ClosesMidAnswer => {
                    if manners == Manners::Slow {
                        tokio::time::sleep(Duration::from_millis(400)).await;
                    }
                    self.0.objects.lock().insert(key, body.into());
                    "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 0\r\n\r\n".to_owned()
                }
                Manners::Refuses(status, code) => {
                    let body = format!("<Error><Code>{code}</Code><Message>A test</Message></Error>");
                    format!("HTTP/1.1 {status} No\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                }
                Manners::StallsAfterHead => "HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\n".to_owned(),
                Manners::Hangs | Manners::ClosesMidObject => String::new(),
            };
            if manners == Manners::ClosesMidAnswer {
                connection.write_all(&answer.as_bytes()[..20]).await.ok()?;
                return None;
            }
            connection.write_all(answer.as_bytes()).await.ok()?;
            if matches!(manners, Manners::Hangs | Manners::StallsAfterHead) {
                // Until the client has had enough.
                let _ = connection.read_u8().await;
                return None;
            }
        }
    }
}

/// The key, the body's length, and what of the body came along.
async fn read_head(connection: &mut TcpStream) -> Option<(String, usize, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        connection.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let key = head.split(' ').nth(1)?.to_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some((key, length?, bytes.split_off(end + 4)))
}

async fn scene(server: &Server) -> Scene {
    let settings = format!(
        r#"{{"endpoint":"{}","allow_http":true,"access_key_id":"id","access_key_secret":"secret"}}"#,
        server.0.endpoint
    );
    Scene::new("s3://audit-logs", &settings, Duration::from_millis(800)).await
}

/// It fails in this way from the start, is told of in these words, and works later.
async fn fails_and_recovers(manners: Manners, words: &str) {
    let server = Server::start(manners).await;
    let mut scene = scene(&server).await;
    scene.fails_with(words).await;
    let (puts, since) = (server.puts(), tokio::time::Instant::now());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let most = since.elapsed().as_millis() / 50 + 2;
    assert!(server.puts() > puts, "it is tried again");
    assert!((server.puts() - puts) as u128 <= most, "{} puts in a second: too eager", server.puts() - puts);
    let failed = scene.status().await;
    assert!(failed.latest_error_at.is_some() && failed.events_delivered == 0, "{failed:?}");

    server.set(Manners::Works);
    scene.catches_up().await;
    scene.is_all_there_once(&server.0.objects.lock());
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses() {
    for (status, code, words) in [
        (403, "AccessDenied", "bucket s3://audit-logs: access denied: AccessDenied: A test"),
        (404, "NoSuchBucket", "bucket s3://audit-logs does not exist"),
        (500, "InternalError", "bucket s3://audit-logs failed: InternalError: A test"),
    ] {
        fails_and_recovers(Manners::Refuses(status, code), words).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers() {
    fails_and_recovers(Manners::Hangs, "bucket s3://audit-logs could not be reached: no answer in time").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_in_its_answer() {
    fails_and_recovers(Manners::StallsAfterHead, "bucket s3://audit-logs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_in_the_middle() {
    fails_and_recovers(Manners::ClosesMidObject, "bucket s3://audit-logs could not be reached").await;
    fails_and_recovers(Manners::ClosesMidAnswer, "bucket s3://audit-logs could not be reached").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_delays_nobody_else() {
    let server = Server::start(Manners::Slow).await;
    let mut scene = scene(&server).await;
    for _ in 0..5 {
        scene.send().await;
        scene.others_go_on().await;
    }
    scene.catches_up().await;
    assert_eq!(scene.status().await.latest_error, None);
    scene.is_all_there_once(&server.0.objects.lock());
    scene.end().await;
}

/// One failure after the other, in the middle of everything.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_decide() {
    let server = Server::start(Manners::Works).await;
    let mut scene = scene(&server).await;
    let moods = [
        Manners::ClosesMidAnswer,
        Manners::Refuses(503, "SlowDown"),
        Manners::Works,
        Manners::ClosesMidObject,
        Manners::Slow,
        Manners::Hangs,
    ];
    for manners in moods {
        server.set(manners);
        for _ in 0..5 {
            scene.send().await;
        }
        let puts = server.puts();
        eventually("it is tried", async || server.puts() > puts).await;
    }
    server.set(Manners::Works);
    scene.catches_up().await;
    scene.is_all_there_once(&server.0.objects.lock());
    scene.end().await;
}
