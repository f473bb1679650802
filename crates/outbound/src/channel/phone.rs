//! Text messages and calls, through a provider the operator chose.
//!
//! Cairn's own interface is one POST of JSON, signed with HMAC-SHA256 over time and body; docs/book/alert-channels.md is
//! its reference. Alibaba Cloud's SMS service is the ready adapter for text messages.

use hmac::{Hmac, Mac};
use host::{Disk, Random, Secret};
use model::Timestamp;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

use super::aliyun::Aliyun;
use super::exchange::{Exchange, PATIENCE, Request};
use super::mail::secret;
use super::settings::{PhoneProvider, Settings};
use super::webhook::ID_HEADER;
use super::{ChannelsError, Envelope, Outcome, PhoneNumber};

/// Calls ring before anybody can answer; a provider that waits for it needs time.
const CALL_PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Who sends text messages and who calls.
pub(super) struct Phones {
    exchange: Exchange,
    text: Text,
    voice: Option<Provider>,
}

enum Text {
    None,
    Http(Provider),
    Aliyun(Aliyun),
}

/// A provider with Cairn's own interface.
struct Provider {
    url: String,
    secret: Secret<String>,
}

/// A provider's answer. Without one, a status of 2xx means that it took the message.
#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    message: String,
}

impl Phones {
    pub(super) fn new(settings: &Settings, disk: &dyn Disk, exchange: Exchange) -> Result<Phones, ChannelsError> {
        let sms = &settings.sms;
        let text = match sms.provider {
            PhoneProvider::None => Text::None,
            PhoneProvider::Http => {
                let secret = Secret::new(secret(disk, "alerting.sms.secret_file", &sms.secret_file)?);
                Text::Http(Provider { url: sms.url.clone(), secret })
            }
            PhoneProvider::Aliyun => {
                let secret = secret(disk, "alerting.sms.secret_file", &sms.secret_file)?;
                Text::Aliyun(Aliyun::new(sms, Secret::new(secret)))
            }
        };
        let voice = match settings.voice.url.is_empty() {
            true => None,
            false => {
                let secret = secret(disk, "alerting.voice.secret_file", &settings.voice.secret_file)?;
                Some(Provider { url: settings.voice.url.clone(), secret: Secret::new(secret) })
            }
        };
        Ok(Phones { exchange, text, voice })
    }

    pub(super) async fn text(
        &self,
        envelope: &Envelope,
        phone: &PhoneNumber,
        now: Timestamp,
        random: &dyn Random,
    ) -> Outcome {
        match &self.text {
            Text::None => Outcome::rejected("no provider of text messages is configured ([alerting.sms] provider)"),
            Text::Http(provider) => match self.ask(provider, "sms", envelope, phone, now).await {
                Ok(answer) if answer.status == "accepted" => Outcome::Delivered { answer: answer.message },
                Ok(answer) => Outcome::Rejected { why: said(&answer) },
                Err(outcome) => outcome,
            },
            Text::Aliyun(aliyun) => aliyun.send(&self.exchange, envelope, phone, now, random).await,
        }
    }

    /// Calls; when nobody answers, one text message is sent, and its outcome counts.
    pub(super) async fn call(
        &self,
        envelope: &Envelope,
        phone: &PhoneNumber,
        now: Timestamp,
        random: &dyn Random,
    ) -> Outcome {
        let Some(provider) = &self.voice else {
            return Outcome::rejected("no provider of calls is configured ([alerting.voice] url)");
        };
        let answer = match self.ask(provider, "voice", envelope, phone, now).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match answer.status.as_str() {
            "accepted" | "answered" => Outcome::Delivered { answer: said(&answer) },
            "unanswered" => match self.text(envelope, phone, now, random).await {
                Outcome::Delivered { answer } => Outcome::Delivered {
                    answer: format!("the call was not answered, a text message was sent: {answer}"),
                },
                // Calling again would wake who did not answer; the text message is tried once.
                Outcome::Retry { why, .. } | Outcome::Rejected { why } => Outcome::Rejected {
                    why: format!("the call was not answered, and no text message could be sent: {why}"),
                },
                wait @ Outcome::Wait { .. } => wait,
            },
            _ => Outcome::Rejected { why: said(&answer) },
        }
    }

    async fn ask(
        &self,
        provider: &Provider,
        channel: &str,
        envelope: &Envelope,
        phone: &PhoneNumber,
        now: Timestamp,
    ) -> Result<Answer, Outcome> {
        let body = json!({
            "id": envelope.id,
            "channel": channel,
            "account": envelope.account,
            "country_code": phone.country_code,
            "phone": phone.number,
            "text": envelope.body,
        })
        .to_string();
        let seconds = now.0.div_euclid(1000);
        let signature = sign(provider.secret.expose(), seconds, &body);
        let patience = if channel == "voice" { CALL_PATIENCE } else { PATIENCE };
        let mut request = Request { patience, ..Request::json(&provider.url, body) };
        let header = |name: &str, value: String| (name.to_owned(), value);
        request.headers.push(header(ID_HEADER, envelope.id.clone()));
        request.headers.push(header("x-cairn-timestamp", seconds.to_string()));
        request.headers.push(header("x-cairn-signature", format!("sha256={signature}")));
        let answer = self.exchange.send(request).await?;
        if !answer.status.is_success() {
            return Err(answer.failure());
        }
        Ok(serde_json::from_str(&answer.body)
            .unwrap_or_else(|_| Answer { status: "accepted".to_owned(), message: answer.said() }))
    }
}

/// The signature in hexadecimal: HMAC-SHA256 under the secret of `<seconds>.<body>`.
fn sign(secret: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(format!("{seconds}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn said(answer: &Answer) -> String {
    let text = if answer.message.is_empty() {
        answer.status.clone()
    } else {
        format!("{}: {}", answer.status, answer.message)
    };
    crate::error::one_line(&text)
}

#[cfg(test)]
mod tests;
