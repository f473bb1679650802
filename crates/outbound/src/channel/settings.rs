//! The operator's settings of alerting: the configuration's section `[alerting]`.
//!
//! Empty text means not set. Secrets lie in files of their own. Every setting is checked before the node starts, and an
//! error names the setting and says what to write.

use std::path::PathBuf;

use lettre::message::Mailbox;
use model::ErrorKind;
use serde::{Deserialize, Serialize};

/// `[alerting]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where people reach this node, for example `https://audit.example.com`; links begin with it. Empty: no links.
    pub public_url: String,
    /// Whether notifications may link to an alert's details without logging in.
    pub detail_links: bool,
    /// Hours such a link is good for.
    pub detail_link_hours: u32,
    /// Whether rules that can be are looked at with each new event, beside their schedules.
    pub stream: bool,
    /// Whether webhooks may be on this machine's own address.
    pub allow_loopback: bool,
    /// `[alerting.smtp]`
    pub smtp: Smtp,
    /// `[alerting.sms]`
    pub sms: Sms,
    /// `[alerting.voice]`
    pub voice: Voice,
}

/// `[alerting.smtp]`: the mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// The server's name. Empty: no mail is sent.
    pub host: String,
    /// Its port; 0 is the usual one: 587, or 465 for `implicit`, or 25 for `none`.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: MailEncryption,
    /// Who logs in. Empty: nobody does.
    pub user: String,
    /// A file with the password.
    pub password_file: PathBuf,
    /// A file with certificates in PEM that are trusted beside the usual ones.
    pub ca_file: PathBuf,
    /// The sender, `Cairn <audit@example.com>`.
    pub from: String,
}

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailEncryption {
    /// It begins in plain and must change to TLS before anything is said.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all: for a server on the same machine.
    None,
}

/// `[alerting.sms]`: who sends text messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// Which interface it has.
    pub provider: PhoneProvider,
    /// Its address.
    pub url: String,
    /// `http`: a file with the secret that requests are signed with. `aliyun`: one with the access key's secret.
    pub secret_file: PathBuf,
    /// `aliyun`: the access key's id.
    pub access_key_id: String,
    /// `aliyun`: the approved signature.
    pub sign_name: String,
    /// `aliyun`: the approved template, with one variable.
    pub template_code: String,
    /// `aliyun`: that variable's name.
    pub template_variable: String,
}

/// `[alerting.voice]`: who calls. It has the interface `http`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// Its address. Empty: nobody is called.
    pub url: String,
    /// A file with the secret that requests are signed with.
    pub secret_file: PathBuf,
}

/// The interface of a provider of text messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneProvider {
    /// No provider.
    None,
    /// Cairn's own: JSON over HTTP, signed; docs/book/alert-channels.md.
    Http,
    /// Alibaba Cloud's SMS service, operation `SendSms`, or a server that speaks as it does.
    Aliyun,
}

/// A setting of alerting is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("alerting.{setting} {reason}")]
pub struct InvalidSettings {
    /// The setting, without its section.
    pub setting: &'static str,
    /// What to write.
    pub reason: &'static str,
}

impl InvalidSettings {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

impl Smtp {
    pub(super) fn is_configured(&self) -> bool {
        !self.host.is_empty()
    }

    pub(super) fn port(&self) -> u16 {
        match (self.port, self.encryption) {
            (0, MailEncryption::Starttls) => 587,
            (0, MailEncryption::Implicit) => 465,
            (0, MailEncryption::None) => 25,
            (port, _) => port,
        }
    }
}

impl Default for Settings {
    /// No mail, no text messages, no calls, no links: webhooks and robots only.
    fn default() -> Self {
        let none = String::new;
        Settings {
            public_url: none(),
            detail_links: true,
            detail_link_hours: 24,
            stream: true,
            allow_loopback: false,
            smtp: Smtp {
                host: none(),
                port: 0,
                encryption: MailEncryption::Starttls,
                user: none(),
                password_file: PathBuf::new(),
                ca_file: PathBuf::new(),
                from: none(),
            },
            sms: Sms {
                provider: PhoneProvider::None,
                url: none(),
                secret_file: PathBuf::new(),
                access_key_id: none(),
                sign_name: none(),
                template_code: none(),
                template_variable: "content".to_owned(),
            },
            voice: Voice { url: none(), secret_file: PathBuf::new() },
        }
    }
}

impl Settings {
    /// Whether everything fits together. Files are not read.
    pub fn check(&self) -> Result<(), InvalidSettings> {
        let invalid = |setting, reason| Err(InvalidSettings { setting, reason });
        if !self.public_url.is_empty() && !is_web(&self.public_url) {
            return invalid("public_url", "must begin with https:// or http://");
        }
        if self.detail_link_hours == 0 {
            return invalid("detail_link_hours", "must be at least 1; detail_links = false switches the links off");
        }
        if self.smtp.is_configured() {
            if self.smtp.from.parse::<Mailbox>().is_err() {
                return invalid("smtp.from", "must be an address such as \"Cairn <audit@example.com>\"");
            }
            let has_password = !self.smtp.password_file.as_os_str().is_empty();
            if has_password == self.smtp.user.is_empty() {
                return invalid("smtp.password_file", "goes with user: give both or neither");
            }
        }
        if self.sms.provider != PhoneProvider::None {
            if !is_web(&self.sms.url) {
                return invalid("sms.url", "must begin with https:// or http://");
            }
            if self.sms.secret_file.as_os_str().is_empty() {
                return invalid("sms.secret_file", "must name the file that holds the secret");
            }
        }
        if self.sms.provider == PhoneProvider::Aliyun {
            let needed = [&self.sms.access_key_id, &self.sms.sign_name, &self.sms.template_code];
            if needed.into_iter().any(String::is_empty) || self.sms.template_variable.is_empty() {
                let reason = "aliyun also needs access_key_id, sign_name, template_code and template_variable";
                return invalid("sms.provider", reason);
            }
        }
        if !self.voice.url.is_empty() {
            if !is_web(&self.voice.url) {
                return invalid("voice.url", "must begin with https:// or http://");
            }
            if self.voice.secret_file.as_os_str().is_empty() {
                return invalid("voice.secret_file", "must name the file that holds the secret");
            }
        }
        Ok(())
    }
}

fn is_web(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused_by_the_name_of_its_setting() {
        assert_eq!(Settings::default().check(), Ok(()));
        let refused = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings.check().map_err(|error| error.setting)
        };
        assert_eq!(refused(|s| s.public_url = "audit.example.com".into()), Err("public_url"));
        assert_eq!(refused(|s| s.detail_link_hours = 0), Err("detail_link_hours"));
        assert_eq!(refused(|s| s.smtp.host = "mail".into()), Err("smtp.from"));
        let mail = |s: &mut Settings| {
            s.smtp.host = "mail".into();
            s.smtp.from = "Cairn <audit@example.com>".into();
        };
        let mut settings = Settings::default();
        mail(&mut settings);
        assert_eq!(settings.check(), Ok(()));
        settings.smtp.user = "audit".into();
        assert_eq!(settings.check().map_err(|error| error.setting), Err("smtp.password_file"));
        assert_eq!(refused(|s| s.sms.provider = PhoneProvider::Http), Err("sms.url"));
        assert_eq!(refused(|s| s.voice.url = "ftp://call".into()), Err("voice.url"));
        assert_eq!(refused(|s| s.voice.url = "https://call".into()), Err("voice.secret_file"));
    }
}
