use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use super::super::tests::{NOW, channels, envelope, settings};
use super::super::{Settings, Target};
use super::*;

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

#[test]
fn files_that_cannot_be_used_are_named() {
    use std::sync::Arc;

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
