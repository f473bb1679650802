use serde_json::json;

use super::super::settings::{PhoneProvider, Settings};
use super::super::tests::{NOW, channels, envelope, settings};
use super::super::{Outcome, PhoneNumber, Target};
use super::*;
use crate::recording_server::server;

fn with_secret(change: impl FnOnce(&mut Settings, std::path::PathBuf)) -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::File::create_new(&path).and_then(|mut file| std::io::Write::write_all(&mut file, b"hush\n")).unwrap();
    let mut settings = settings();
    change(&mut settings, path);
    (folder, settings)
}

fn phone(country_code: &str) -> PhoneNumber {
    PhoneNumber { country_code: country_code.to_owned(), number: "13800000000".to_owned() }
}

#[tokio::test]
async fn a_provider_gets_a_signed_message_and_its_answer_counts() {
    let answers = vec![
        ("200 OK", r#"{"status":"accepted","message":"queued 7"}"#.into()),
        ("200 OK", r#"{"status":"rejected","message":"no such number"}"#.into()),
        ("202 Accepted", String::new()),
        ("500 Broken", String::new()),
        ("401 Unauthorized", "bad signature".into()),
    ];
    let (url, told) = server(answers);
    let (_folder, settings) = with_secret(|settings, path| {
        settings.sms.provider = PhoneProvider::Http;
        settings.sms.url = format!("{url}/send");
        settings.sms.secret_file = path;
    });
    let channels = channels(&settings, &[]);
    let message = envelope(Target::Sms { phone: phone("86") });
    assert_eq!(channels.send(&message, NOW).await, Outcome::Delivered { answer: "queued 7".into() });
    let seen = told.recv().unwrap();
    let expected = json!({"id": "n-1", "channel": "sms", "account": "1000000000000001", "country_code": "86",
        "phone": "13800000000", "text": "details"});
    assert_eq!(seen.json(), expected);
    assert_eq!(seen.header("x-cairn-timestamp"), "1700000000");
    let signature = sign("hush", 1_700_000_000, seen.text());
    assert_eq!(seen.header("x-cairn-signature"), format!("sha256={signature}"));
    // Computed outside: printf '1700000000.{}' | openssl dgst -sha256 -hmac hush
    assert_eq!(sign("hush", 1_700_000_000, "{}"), "763081ea12e3b1f903f958994c023cde07f1224b02a538ad6f959112a2f780ba");
    assert_eq!(channels.send(&message, NOW).await, Outcome::Rejected { why: "rejected: no such number".into() });
    assert_eq!(channels.send(&message, NOW).await, Outcome::Delivered { answer: "HTTP status 202 Accepted".into() });
    assert!(matches!(channels.send(&message, NOW).await, Outcome::Retry { .. }));
    assert!(matches!(channels.send(&message, NOW).await, Outcome::Rejected { .. }));
}

#[tokio::test]
async fn a_call_nobody_answers_becomes_one_text_message() {
    let unanswered = || ("200 OK", r#"{"status":"unanswered"}"#.to_owned());
    let (calls, called) = server(vec![("200 OK", r#"{"status":"answered"}"#.into()), unanswered(), unanswered()]);
    let (texts, texted) = server(vec![("200 OK", r#"{"status":"accepted"}"#.into()), ("503 Busy", String::new())]);
    let (_folder, settings) = with_secret(|settings, path| {
        settings.voice.url = calls;
        settings.voice.secret_file = path.clone();
        settings.sms.provider = PhoneProvider::Http;
        settings.sms.url = texts;
        settings.sms.secret_file = path;
    });
    let channels = channels(&settings, &[]);
    let message = envelope(Target::Voice { phone: phone("86") });
    assert_eq!(channels.send(&message, NOW).await, Outcome::Delivered { answer: "answered".into() });
    assert_eq!(called.recv().unwrap().json()["channel"], "voice");
    let outcome = channels.send(&message, NOW).await;
    assert!(matches!(&outcome, Outcome::Delivered { answer } if answer.contains("not answered")), "{outcome:?}");
    assert_eq!(texted.recv().unwrap().json()["channel"], "sms");
    let outcome = channels.send(&message, NOW).await;
    assert!(matches!(&outcome, Outcome::Rejected { why } if why.contains("no text message")), "{outcome:?}");
    assert_eq!(
        texted.try_iter().count() + usize::from(texted.recv_timeout(CALL_PATIENCE / 60).is_ok()),
        1,
        "tried once"
    );
}

#[tokio::test]
async fn the_sms_service_is_asked_as_its_sdks_do() {
    let answers = vec![
        ("200 OK", r#"{"Code":"OK","Message":"OK","BizId":"9006","RequestId":"r"}"#.into()),
        ("200 OK", r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"too many","RequestId":"r"}"#.into()),
        ("200 OK", r#"{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"no number","RequestId":"r"}"#.into()),
        ("503 Busy", "<html>".into()),
    ];
    let (url, told) = server(answers);
    let (_folder, settings) = with_secret(|settings, path| {
        settings.sms.provider = PhoneProvider::Aliyun;
        settings.sms.url = url.clone();
        settings.sms.secret_file = path;
        settings.sms.access_key_id = "LTAI5tExample".into();
        settings.sms.sign_name = "审计".into();
        settings.sms.template_code = "SMS_1".into();
    });
    let channels = channels(&settings, &[]);
    let send = async |code: &str| channels.send(&envelope(Target::Sms { phone: phone(code) }), NOW).await;
    assert_eq!(send("852").await, Outcome::Delivered { answer: "BizId 9006".into() });
    let seen = told.recv().unwrap();
    assert_eq!(
        seen.line,
        "POST /?OutId=n-1&PhoneNumbers=85213800000000&SignName=%E5%AE%A1%E8%AE%A1&TemplateCode=SMS_1&\
         TemplateParam=%7B%22content%22%3A%22details%22%7D HTTP/1.1"
    );
    assert_eq!((seen.header("x-acs-action"), seen.header("x-acs-version")), ("SendSms", "2017-05-25"));
    assert!(seen.header("authorization").starts_with("ACS3-HMAC-SHA256 Credential=LTAI5tExample,"));
    assert!(url.ends_with(seen.header("host")), "the signed host is the one connected to");
    assert!(matches!(send("86").await, Outcome::Retry { .. }));
    assert!(told.recv().unwrap().line.contains("PhoneNumbers=13800000000&"), "no country code inside of China");
    assert_eq!(send("86").await, Outcome::Rejected { why: "isv.MOBILE_NUMBER_ILLEGAL: no number".into() });
    assert!(matches!(send("86").await, Outcome::Retry { .. }));
}
