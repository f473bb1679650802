//! The shape of content templates: which channels there are and what each has. What the texts mean is `template`'s.

use serde_json::Value as Json;

use super::{Fields, RecordError};

/// The channels of a template and the texts that each must have beside its content.
const CHANNELS: [(&str, Option<&str>); 11] = [
    ("sms", None),
    ("voice", None),
    ("message_center", None),
    ("email", Some("subject")),
    ("event_bridge", Some("subject")),
    ("dingtalk", Some("title")),
    ("wechat", Some("title")),
    ("lark", Some("title")),
    ("slack", Some("title")),
    ("webhook", None),
    ("fc", None),
];

/// The longest content, in bytes. The built-in mail has a tenth of it.
const CONTENT_BYTES_MAX: usize = 64 * 1024;

pub(super) fn check(record: &Json) -> Result<(), RecordError> {
    let fields = Fields::of(record)?;
    fields.id("template_id")?;
    fields.name("template_name", 40)?;
    fields.flag_or("is_default", false)?;
    let templates = fields.get("templates").ok_or_else(|| RecordError::new("templates", "", "is missing"))?;
    let Some(templates) = templates.as_object() else {
        return Err(RecordError::new("templates", &templates.to_string(), "should be an object"));
    };
    for (channel, template) in templates {
        let Some((_, heading)) = CHANNELS.iter().find(|(known, _)| known == channel) else {
            let known: Vec<&str> = CHANNELS.iter().map(|(known, _)| *known).collect();
            return Err(RecordError::new("templates", channel, format!("should be one of {}", known.join(", "))));
        };
        check_channel(template, *heading).map_err(|wrong| RecordError {
            field: format!("templates.{channel}.{}", wrong.field),
            ..wrong
        })?;
    }
    Ok(())
}

fn check_channel(template: &Json, heading: Option<&str>) -> Result<(), RecordError> {
    let fields = Fields::of(template)?;
    let one_of = |field: &str, usual: &str, known: &[&str]| {
        let text = fields.text_or(field, usual)?;
        let is_known = text.is_empty() || known.contains(&text.as_str());
        let message = || format!("should be one of {}", known.join(", "));
        if is_known { Ok(()) } else { Err(RecordError::new(field, &text, message())) }
    };
    one_of("locale", "zh-CN", &["zh-CN", "en-US"])?;
    one_of("send_type", "single", &["single", "batch", "merged"])?;
    let limit = fields.number_or("limit", 0)?;
    if limit < 0 {
        return Err(RecordError::new("limit", &limit.to_string(), "should be 0 for all, or how many alerts at most"));
    }
    for field in std::iter::once("content").chain(heading) {
        let text = fields.text_or(field, "")?;
        if text.len() > CONTENT_BYTES_MAX {
            return Err(RecordError::new(field, "", format!("should have at most {CONTENT_BYTES_MAX} bytes")));
        }
    }
    Ok(())
}
