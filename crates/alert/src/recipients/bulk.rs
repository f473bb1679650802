//! Users as lines of text: `test01,Kumer,true,86-13800000000,true,true,kumer@example.net`.
//!
//! The order is id, name, enabled, country code and number, text messages, calls, mail. Several mail addresses are
//! separated by semicolons. An eighth field, `sms=20;email=100`, is Cairn's own and only written for who has quotas. A field with
//! a comma stands in quotes. What is exported imports to the same users.

use std::collections::BTreeMap;

use super::people::{Quota, User};

/// How many lines one import takes.
pub const LINES_MAX: usize = 10_000;

/// The line that explains the others. Lines that begin with `#` are passed over.
pub const HEADER: &str =
    "# ID,Name,Enabled,Country code-Mobile phone number,Receive text messages,Receive voice calls,Mailboxes,Quotas";

/// A line that is no user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LineError {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl LineError {
    /// The kind of every such error.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// The users as lines, with the header.
pub fn export<'a>(users: impl IntoIterator<Item = &'a User>) -> String {
    let mut text = format!("{HEADER}\n");
    for user in users {
        text.push_str(&line(user));
        text.push('\n');
    }
    text
}

/// The users of a text, all of them or none: every wrong line is told.
pub fn import(text: &str) -> Result<Vec<User>, Vec<LineError>> {
    let mut users = Vec::new();
    let mut errors = Vec::new();
    let mut lines_by_id: BTreeMap<String, usize> = BTreeMap::new();
    // Spreadsheets begin their files with a mark of the encoding.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, content) in text.lines().enumerate() {
        let line = index + 1;
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if users.len() >= LINES_MAX {
            errors.push(LineError { line, message: format!("one import takes at most {LINES_MAX} users") });
            break;
        }
        match user(content) {
            Ok(user) => {
                if let Some(first) = lines_by_id.insert(user.id.clone(), line) {
                    errors.push(LineError { line, message: format!("the id {} is on line {first} already", user.id) });
                }
                users.push(user);
            }
            Err(message) => errors.push(LineError { line, message }),
        }
    }
    if errors.is_empty() { Ok(users) } else { Err(errors) }
}

fn line(user: &User) -> String {
    let phone = match (&user.country_code[..], &user.phone[..]) {
        ("", "") => String::new(),
        (code, phone) => format!("{code}-{phone}"),
    };
    let quotas: Vec<String> = user.quota.limits().map(|(name, limit)| format!("{name}={limit}")).collect();
    let mut fields = vec![
        user.id.clone(),
        user.name.clone(),
        user.is_enabled.to_string(),
        phone,
        user.takes_sms.to_string(),
        user.takes_voice.to_string(),
        user.emails.join(";"),
    ];
    fields.extend((!quotas.is_empty()).then(|| quotas.join(";")));
    // Names have no quotes in them, so a quote always ends its field. Blanks at the edges would be lost without.
    let quoted = fields.iter().map(|field| {
        let is_plain = !field.contains(',') && field.trim() == field && !field.starts_with('#');
        if is_plain { field.clone() } else { format!("\"{field}\"") }
    });
    quoted.collect::<Vec<_>>().join(",")
}

fn user(line: &str) -> Result<User, String> {
    let fields = split(line)?;
    let (fields, quotas) = match &fields[..] {
        [fields @ .., quotas] if fields.len() == 7 => (fields, quotas.as_str()),
        fields if fields.len() == 7 => (fields, ""),
        other => return Err(format!("has {} fields instead of 7: {}", other.len(), &HEADER[2..])),
    };
    let flag = |at: usize, what: &str| match fields[at].as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(format!("{what} is {other:?}; it should be true or false")),
    };
    let (country_code, phone) = match fields[3].as_str() {
        "" => ("", ""),
        number => number
            .split_once('-')
            .ok_or_else(|| format!("{number:?} should be a country code, a hyphen and a number"))?,
    };
    let user = User {
        id: fields[0].clone(),
        name: fields[1].clone(),
        is_enabled: flag(2, "the third field, enabled,")?,
        country_code: country_code.to_owned(),
        phone: phone.to_owned(),
        takes_sms: flag(4, "the fifth field, text messages,")?,
        takes_voice: flag(5, "the sixth field, calls,")?,
        emails: fields[6].split(';').map(str::trim).filter(|email| !email.is_empty()).map(str::to_owned).collect(),
        quota: quota(quotas)?,
    };
    // The record's rules are the lines' rules.
    User::parse(&user.record()).map_err(|wrong| wrong.to_string())
}

fn quota(text: &str) -> Result<Quota, String> {
    let mut quota = Quota::default();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, limit) = part.split_once('=').ok_or_else(|| format!("{part:?} should be such as sms=20"))?;
        quota.set(name, limit.parse().map_err(|_| format!("{limit:?} is no quota"))?)?;
    }
    Ok(quota)
}

fn split(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start();
        let after = if let Some(quoted) = trimmed.strip_prefix('"') {
            let (field, after) = quoted.split_once('"').ok_or("a quote is not closed")?;
            fields.push(field.to_owned());
            after.trim_start()
        } else {
            let end = trimmed.find(',').unwrap_or(trimmed.len());
            fields.push(trimmed[..end].trim_end().to_owned());
            &trimmed[end..]
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(fields),
            None => return Err(format!("a comma is missing before {after:?}")),
        }
    }
}
