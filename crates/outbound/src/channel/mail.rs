//! Mail: one message to one person, over a connection of its own.
//!
//! The message's id derives from the notification's, so a repetition after a crash is the same message to a mail reader.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use host::Disk;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::Timestamp;

use super::settings::{MailEncryption, Smtp};
use super::{ChannelsError, Envelope, Outcome};
use crate::error::one_line;

/// A greeting may take a while: servers hold strangers up on purpose.
const PATIENCE: Duration = Duration::from_secs(30);
/// Mail readers show a hundred or so; longer ones are folded badly on the way.
const SUBJECT_CHARS_MAX: usize = 200;

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A mail server and the sender.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    pub(super) fn new(settings: &Smtp, disk: &dyn Disk) -> Result<Mailer, ChannelsError> {
        let from: Mailbox = settings.from.parse().expect("the settings were checked");
        let domain = from.email.domain().to_owned();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port())
            .hello_name(ClientId::Domain(domain))
            .timeout(Some(PATIENCE));
        builder = match settings.encryption {
            MailEncryption::None => builder.tls(Tls::None),
            MailEncryption::Starttls => builder.tls(Tls::Required(trust(settings, disk)?)),
            MailEncryption::Implicit => builder.tls(Tls::Wrapper(trust(settings, disk)?)),
        };
        if !settings.user.is_empty() {
            let password = secret(disk, "alerting.smtp.password_file", &settings.password_file)?;
            builder = builder.credentials(Credentials::new(settings.user.clone(), password));
        }
        Ok(Mailer { transport: builder.build(), from })
    }

    pub(super) async fn send(&self, envelope: &Envelope, address: &str, name: &str, now: Timestamp) -> Outcome {
        let message = match self.message(envelope, address, name, now) {
            Ok(message) => message,
            Err(why) => return Outcome::Rejected { why },
        };
        let sent = tokio::time::timeout(PATIENCE, self.transport.send(message)).await;
        let error = match sent {
            Ok(Ok(response)) => {
                let words: Vec<&str> = response.message().collect();
                return Outcome::Delivered { answer: one_line(&format!("{} {}", response.code(), words.join(" "))) };
            }
            Ok(Err(error)) => error,
            Err(_) => {
                let why = format!("the mail server did not finish within {} seconds", PATIENCE.as_secs());
                return Outcome::retry(why);
            }
        };
        let why = one_line(&told(&error));
        // Codes 53x are about logging in: the operator puts that right, and mail that waits then leaves.
        let is_login = error.status().is_some_and(|code| code.to_string().starts_with("53"));
        if error.is_permanent() && !is_login { Outcome::Rejected { why } } else { Outcome::retry(why) }
    }

    fn message(&self, envelope: &Envelope, address: &str, name: &str, now: Timestamp) -> Result<Message, String> {
        let email: Address = address.parse().map_err(|_| format!("{address:?} is not a mail address"))?;
        let name = Some(plain_line(name, SUBJECT_CHARS_MAX)).filter(|name| !name.is_empty());
        let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or_default());
        let header = |name, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let id: String = envelope.id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        let builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, email))
            .subject(plain_line(&envelope.title, SUBJECT_CHARS_MAX))
            .date(date)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            // Nobody's absence notice shall answer.
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("X-Cairn-Notification", id));
        let message = match &envelope.plain {
            Some(plain) => builder.multipart(MultiPart::alternative_plain_html(plain.clone(), envelope.body.clone())),
            None => builder.singlepart(SinglePart::plain(envelope.body.clone())),
        };
        message.map_err(|error| format!("the message cannot be written: {error}"))
    }
}

/// One line without control characters: a line break would begin another header.
fn plain_line(text: &str, chars_max: usize) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(chars_max).collect()
}

/// The error and its causes; the library's outermost text alone says little.
fn told(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

fn trust(settings: &Smtp, disk: &dyn Disk) -> Result<TlsParameters, ChannelsError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if !settings.ca_file.as_os_str().is_empty() {
        let pem = read(disk, "alerting.smtp.ca_file", &settings.ca_file)?;
        let unusable = || ChannelsError::Certificates(settings.ca_file.clone());
        // The library takes a file without any certificate for an empty list.
        if !pem.windows(CERTIFICATE.len()).any(|part| part == CERTIFICATE) {
            return Err(unusable());
        }
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| unusable())?);
    }
    builder.build().map_err(|_| ChannelsError::Certificates(settings.ca_file.clone()))
}

fn read(disk: &dyn Disk, setting: &'static str, path: &Path) -> Result<Vec<u8>, ChannelsError> {
    disk.read_whole(path).map_err(|source| ChannelsError::File { setting, path: path.to_owned(), source })
}

/// A secret from a file, without the line break editors end it with.
pub(super) fn secret(disk: &dyn Disk, setting: &'static str, path: &Path) -> Result<String, ChannelsError> {
    let bytes = read(disk, setting, path)?;
    let not_text = || std::io::Error::other("it is empty or not text");
    let text = String::from_utf8(bytes).unwrap_or_default().trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() {
        return Err(ChannelsError::File { setting, path: path.to_owned(), source: not_text() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
