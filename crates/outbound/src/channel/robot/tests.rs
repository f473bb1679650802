use serde_json::json;

use super::super::exchange::Answer;
use super::super::tests::{NOW, channels, envelope, settings};
use super::super::{Place, Target};
use super::*;
use crate::recording_server::server;

const SECRET: &str = "this is secret";

#[test]
fn signatures_are_those_of_the_reference() {
    let url = dingtalk_url("https://oapi.dingtalk.com/robot/send?access_token=t", SECRET, NOW);
    let expected = "&timestamp=1700000000000&sign=sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D";
    assert_eq!(url, format!("https://oapi.dingtalk.com/robot/send?access_token=t{expected}"));
    let lark: Value = serde_json::from_str(&lark_body("T", "text", &Mention::default(), Some(SECRET), NOW)).unwrap();
    assert_eq!(lark["timestamp"], "1700000000");
    assert_eq!(lark["sign"], "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=");
}

fn read_json(body: String) -> Value {
    serde_json::from_str(&body).unwrap()
}

#[test]
fn each_robot_gets_its_own_form() {
    let nobody = Mention::default();
    let some = Mention { everybody: false, phones: vec!["13800000000".into(), "13900000000".into()] };
    let all = Mention { everybody: true, phones: Vec::new() };
    assert_eq!(
        read_json(dingtalk_body("T", "text", &some)),
        json!({"msgtype": "markdown",
            "markdown": {"title": "T", "text": "### T\n\ntext\n\n@13800000000 @13900000000"},
            "at": {"atMobiles": ["13800000000", "13900000000"], "isAtAll": false}})
    );
    assert_eq!(read_json(dingtalk_body("", "text", &all))["at"]["isAtAll"], true);
    let lark = read_json(lark_body("T", "text", &all, None, NOW));
    assert_eq!(lark["msg_type"], "interactive");
    assert_eq!(lark["card"]["header"]["title"]["content"], "T");
    assert_eq!(lark["card"]["elements"], json!([{"tag": "markdown", "content": "text\n<at id=all></at>"}]));
    assert_eq!(lark.get("sign"), None);
    let wechat = read_json(wechat_body("T", "text", &nobody));
    assert_eq!(wechat, json!({"msgtype": "markdown", "markdown": {"content": "### T\ntext"}}));
    assert_eq!(
        read_json(wechat_body("T", "text", &some)),
        json!({"msgtype": "text", "text": {"content": "T\ntext", "mentioned_list": [],
            "mentioned_mobile_list": ["13800000000", "13900000000"]}})
    );
    assert_eq!(read_json(wechat_body("T", "text", &all))["text"]["mentioned_list"], json!(["@all"]));
    assert_eq!(read_json(slack_body("T", "text")), json!({"text": "*T*\ntext"}));
}

#[test]
fn a_title_is_no_markup() {
    let title = "[Firing] [click](https://evil.test) <https://evil.test|x>";
    let nobody = Mention::default();
    let dingtalk = read_json(dingtalk_body(title, "", &nobody))["markdown"]["text"].as_str().unwrap().to_owned();
    assert_eq!(dingtalk, "### [Firing] [click] (https://evil.test) ＜https://evil.test|x>\n\n");
    let wechat = read_json(wechat_body(title, "", &nobody))["markdown"]["content"].as_str().unwrap().to_owned();
    assert!(wechat.contains("[click] (https"), "{wechat}");
    let slack = read_json(slack_body(title, ""))["text"].as_str().unwrap().to_owned();
    assert!(slack.contains("&lt;https://evil.test|x&gt;"), "{slack}");
}

#[test]
fn long_text_is_cut_between_characters_to_what_the_robot_takes() {
    let long = "警报\"\n".repeat(20_000);
    let nobody = Mention::default();
    let all = Mention { everybody: true, phones: Vec::new() };
    let dingtalk = dingtalk_body("T", &long, &all);
    assert!(dingtalk.len() <= DINGTALK_BYTES_MAX && dingtalk.len() > DINGTALK_BYTES_MAX / 2, "{}", dingtalk.len());
    let text = read_json(dingtalk)["markdown"]["text"].as_str().unwrap().to_owned();
    assert!(text.ends_with("…\n\n@all"), "who is called stays");
    let lark = lark_body("T", &long, &nobody, Some(SECRET), NOW);
    assert!(lark.len() <= LARK_BYTES_MAX, "{}", lark.len());
    let wechat = read_json(wechat_body("T", &long, &nobody));
    assert!(wechat["markdown"]["content"].as_str().unwrap().len() <= 4096);
    let wechat = read_json(wechat_body("T", &long, &all));
    assert!(wechat["text"]["content"].as_str().unwrap().len() <= 2048);
    assert_eq!(cut("警报", 5), "…");
    assert_eq!(cut("警报", 6), "警报");
}

#[test]
fn answers_are_read_for_what_they_mean() {
    let meaning = |kind, status: u16, body: &str| {
        let status = reqwest::StatusCode::from_u16(status).unwrap();
        match read(kind, &Answer { status, retry_after: None, body: body.to_owned() }) {
            Outcome::Delivered { .. } => "delivered",
            Outcome::Retry { .. } => "retry",
            Outcome::Wait { .. } => "wait",
            Outcome::Rejected { .. } => "rejected",
        }
    };
    use IntegrationKind::{Dingtalk, Lark, Slack, Wechat};
    for (kind, status, body, expected) in [
        (Dingtalk, 200, r#"{"errcode":0,"errmsg":"ok"}"#, "delivered"),
        (Dingtalk, 200, r#"{"errcode":310000,"errmsg":"sign not match"}"#, "rejected"),
        (Dingtalk, 200, r#"{"errcode":130101,"errmsg":"send too fast"}"#, "retry"),
        (Dingtalk, 200, "<html>login</html>", "retry"),
        (Dingtalk, 502, "", "retry"),
        (Wechat, 200, r#"{"errcode":0,"errmsg":"ok"}"#, "delivered"),
        (Wechat, 200, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, "rejected"),
        (Wechat, 200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, "retry"),
        (Lark, 200, r#"{"code":0,"msg":"success","data":{}}"#, "delivered"),
        (Lark, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, "delivered"),
        (Lark, 200, r#"{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}"#, "delivered"),
        (Lark, 400, r#"{"code":9499,"msg":"Bad Request"}"#, "rejected"),
        (Lark, 200, r#"{"code":11232,"msg":"frequency limited"}"#, "retry"),
        (Slack, 200, "ok", "delivered"),
        (Slack, 200, "no_text", "rejected"),
        (Slack, 404, "channel_not_found", "rejected"),
        (Slack, 429, "", "retry"),
    ] {
        assert_eq!(meaning(kind, status, body), expected, "{kind:?} {status} {body}");
    }
}

#[tokio::test]
async fn a_signed_message_arrives_at_its_robot() {
    let (url, told) =
        server(vec![("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#.into()), ("200 OK", r#"{"code":0}"#.into())]);
    let records = [
        ("ding-robot", json!({"type": "dingtalk", "url": format!("{url}/send?access_token=t"), "secret": SECRET})),
        ("lark-robot", json!({"type": "lark", "url": format!("{url}/hook/x"), "secret": SECRET})),
    ];
    let channels = channels(&settings(), &records);
    let to = |id: &str| Place::Integration(id.to_owned());
    let dingtalk = Target::Dingtalk { to: to("ding-robot"), mention: Mention::default() };
    assert!(matches!(channels.send(&envelope(dingtalk), NOW).await, Outcome::Delivered { .. }));
    let line = told.recv().unwrap().line;
    assert!(
        line.contains("access_token=t&timestamp=1700000000000&sign=sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D"),
        "{line}"
    );
    let lark = Target::Lark { to: to("lark-robot"), mention: Mention::default() };
    assert!(matches!(channels.send(&envelope(lark), NOW).await, Outcome::Delivered { .. }));
    assert_eq!(told.recv().unwrap().json()["sign"], "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=");
}
