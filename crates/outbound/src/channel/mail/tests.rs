use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::super::tests::{NOW, channels, envelope, settings};
use super::super::{Settings, Target};
use super::*;

/// For `localhost`, from the tests of the node's own TLS.
const CERTIFICATE_PEM: &[u8] = include_bytes!("../../../../node/tests/it/tls/first.pem");
const KEY_PEM: &[u8] = include_bytes!("../../../../node/tests/it/tls/first.key");
const AUTHORITY_PEM: &[u8] = include_bytes!("../../../../node/tests/it/tls/first-authority.pem");
const OTHER_AUTHORITY_PEM: &[u8] = include_bytes!("../../../../node/tests/it/tls/second-authority.pem");

/// A mail server that greets, takes what it is given and answers the recipient with `verdict`. It knows no encryption, so
/// it stands in for a real one only as far as commands and the message go.
fn server(verdict: &'static str, connections: usize) -> (u16, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for _ in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            let mut answers = stream.try_clone().unwrap();
            let mut said = Vec::new();
            answers.write_all(b"220 mail.test ready\r\n").unwrap();
            let mut is_message = false;
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { break };
                let answer = match (is_message, line.split(' ').next().unwrap_or_default()) {
                    (true, ".") => {
                        is_message = false;
                        "250 2.0.0 queued as 42"
                    }
                    (true, _) => "",
                    (_, "EHLO") => "250-mail.test\r\n250 AUTH PLAIN",
                    (_, "AUTH") => "535 5.7.8 wrong password",
                    (_, "RCPT") => verdict,
                    (_, "DATA") => {
                        is_message = true;
                        "354 go on"
                    }
                    _ => "250 ok",
                };
                said.push(line);
                if !answer.is_empty() {
                    answers.write_all(format!("{answer}\r\n").as_bytes()).unwrap();
                }
            }
            let _ = tell.send(said);
        }
    });
    (port, told)
}

fn plain(port: u16) -> Settings {
    let mut settings = settings();
    settings.smtp.host = "127.0.0.1".to_owned();
    settings.smtp.port = port;
    settings.smtp.encryption = MailEncryption::None;
    settings.smtp.from = "Cairn <audit@cairn.test>".to_owned();
    settings
}

fn to(address: &str) -> Envelope {
    let mut envelope =
        envelope(Target::Email { address: address.to_owned(), name: "Alice\r\nBcc: eve@evil.test".to_owned() });
    envelope.title = "[Firing] 高\r\nBcc: eve@evil.test".to_owned();
    envelope.body = "<p>Stopped</p>".to_owned();
    envelope.plain = Some("Stopped".to_owned());
    envelope
}

#[tokio::test]
async fn a_message_has_text_and_html_and_the_notifications_id() {
    let (port, told) = server("250 ok", 1);
    let channels = channels(&plain(port), &[]);
    let outcome = channels.send(&to("alice@example.com"), NOW).await;
    assert_eq!(outcome, Outcome::Delivered { answer: "250 2.0.0 queued as 42".into() });
    let said = told.recv().unwrap();
    assert!(said.contains(&"RCPT TO:<alice@example.com>".to_owned()), "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("MAIL FROM:<audit@cairn.test>")), "{said:?}");
    for line in [
        "Message-ID: <n-1@cairn.test>",
        "X-Cairn-Notification: n-1",
        "Auto-Submitted: auto-generated",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        "<p>Stopped</p>",
        "Stopped",
    ] {
        assert!(said.iter().any(|each| each == line), "{line}: {said:#?}");
    }
    assert!(!said.iter().any(|line| line.starts_with("Bcc")), "no header can be smuggled in: {said:#?}");
    let (port, told) = server("250 ok", 1);
    let plain_title = Envelope { title: "Stopped\r\nBcc: eve@evil.test".to_owned(), ..to("alice@example.com") };
    super::super::tests::channels(&plain(port), &[]).send(&plain_title, NOW).await;
    let said = told.recv().unwrap();
    assert!(said.contains(&"Subject: Stopped Bcc: eve@evil.test".to_owned()), "{said:#?}");
}

#[tokio::test]
async fn what_the_server_says_decides_whether_it_is_tried_again() {
    for (verdict, is_retry) in [("450 greylisted", true), ("550 no such user", false)] {
        let (port, _told) = server(verdict, 1);
        let outcome = channels(&plain(port), &[]).send(&to("alice@example.com"), NOW).await;
        let words = verdict.split_once(' ').unwrap().1;
        match outcome {
            Outcome::Retry { why, .. } => assert!(is_retry && why.contains(words), "{why}"),
            Outcome::Rejected { why } => assert!(!is_retry && why.contains(words), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    let (port, _told) = server("250 ok", 0);
    let outcome = channels(&plain(port), &[]).send(&to("alice@example.com"), NOW).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    let outcome = channels(&plain(port), &[]).send(&to("not an address"), NOW).await;
    assert!(matches!(outcome, Outcome::Rejected { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_wrong_password_may_be_put_right_and_is_never_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::File::create_new(&path).and_then(|mut file| file.write_all(b"hush\r\n")).unwrap();
    let (port, told) = server("250 ok", 1);
    let mut settings = plain(port);
    settings.smtp.user = "audit".into();
    settings.smtp.password_file = path;
    let outcome = channels(&settings, &[]).send(&to("alice@example.com"), NOW).await;
    let Outcome::Retry { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("wrong password") && !why.contains("hush"), "{why}");
    let said = told.recv().unwrap();
    // base64 of "\0audit\0hush": the line break at the end of the file is no part of the password.
    assert!(said.iter().any(|line| line == "AUTH PLAIN AGF1ZGl0AGh1c2g="), "{said:?}");
}

#[tokio::test]
async fn encryption_that_is_asked_for_is_not_done_without() {
    let (port, told) = server("250 ok", 1);
    let mut settings = plain(port);
    settings.smtp.encryption = MailEncryption::Starttls;
    settings.smtp.host = "localhost".into();
    let outcome = channels(&settings, &[]).send(&to("alice@example.com"), NOW).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    let said = told.recv().unwrap_or_default();
    assert!(!said.iter().any(|line| line.starts_with("MAIL")), "{said:?}");
}

/// A mail server with a certificate for `localhost`, which begins in TLS or changes to it. Ends after one message.
async fn encrypted_server(is_implicit: bool) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

    let certificate = CertificateDer::from_pem_slice(CERTIFICATE_PEM).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY_PEM).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut plain, _) = listener.accept().await.unwrap();
        if !is_implicit {
            plain.write_all(b"220 mail.test\r\n").await.unwrap();
            let mut buffer = [0; 512];
            let read = plain.read(&mut buffer).await.unwrap();
            assert!(buffer[..read].starts_with(b"EHLO "));
            plain.write_all(b"250-mail.test\r\n250 STARTTLS\r\n").await.unwrap();
            let read = plain.read(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..read], b"STARTTLS\r\n");
            plain.write_all(b"220 go on\r\n").await.unwrap();
        }
        let Ok(encrypted) = acceptor.accept(plain).await else { return Vec::new() };
        let mut stream = tokio::io::BufReader::new(encrypted);
        if is_implicit {
            stream.write_all(b"220 mail.test\r\n").await.unwrap();
            stream.flush().await.unwrap();
        }
        let mut said = Vec::new();
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
            let answer = match line.trim_end() {
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                text if !said.contains(&"DATA".to_owned()) || text == "." => "250 ok",
                _ => "",
            };
            said.push(line.trim_end().to_owned());
            line.clear();
            if !answer.is_empty() {
                stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
        said
    });
    (port, served)
}

#[tokio::test]
async fn a_server_is_believed_when_an_own_authority_vouches_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, pem: &[u8]| {
        let path = folder.path().join(name);
        std::fs::File::create_new(&path).and_then(|mut file| file.write_all(pem)).unwrap();
        path
    };
    let (own, other) = (write("own.pem", AUTHORITY_PEM), write("other.pem", OTHER_AUTHORITY_PEM));
    for encryption in [MailEncryption::Starttls, MailEncryption::Implicit] {
        for (authority, is_believed) in [(Some(&own), true), (Some(&other), false), (None, false)] {
            let (port, served) = encrypted_server(encryption == MailEncryption::Implicit).await;
            let mut settings = plain(port);
            settings.smtp.host = "localhost".into();
            settings.smtp.encryption = encryption;
            settings.smtp.ca_file = authority.cloned().unwrap_or_default();
            let outcome = channels(&settings, &[]).send(&to("alice@example.com"), NOW).await;
            let said = served.await.unwrap();
            if is_believed {
                assert!(matches!(outcome, Outcome::Delivered { .. }), "{encryption:?}: {outcome:?}");
                assert!(said.contains(&"Message-ID: <n-1@cairn.test>".to_owned()), "{said:?}");
            } else {
                assert!(matches!(outcome, Outcome::Retry { .. }), "{encryption:?}: {outcome:?}");
                assert_eq!(said, Vec::<String>::new(), "nothing was said to a stranger");
            }
        }
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    use host::{OsRandom, RealDisk};

    struct None;
    #[async_trait::async_trait]
    impl super::super::Integrations for None {
        async fn open(&self, _: model::AccountId, _: &str) -> Result<Option<super::super::Integration>, String> {
            Ok(Option::None)
        }
    }
    let error = |settings: &Settings| {
        let made = super::super::Channels::new(settings, &RealDisk, Arc::new(OsRandom), Arc::new(None));
        made.err().expect("refused").to_string()
    };
    let mut settings = plain(25);
    settings.smtp.user = "audit".into();
    settings.smtp.password_file = "/nonexistent/password".into();
    assert!(error(&settings).contains("alerting.smtp.password_file"));
    let mut settings = plain(25);
    settings.smtp.encryption = MailEncryption::Implicit;
    settings.smtp.ca_file = "/nonexistent/ca.pem".into();
    assert!(error(&settings).contains("alerting.smtp.ca_file"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::File::create_new(&path).and_then(|mut file| file.write_all(b"not pem")).unwrap();
    settings.smtp.ca_file = path;
    assert!(error(&settings).contains("no certificate"));
}
