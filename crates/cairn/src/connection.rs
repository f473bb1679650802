//! Which node a client command speaks to, as whom: options, environment, profile, in this order.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use client::{Client, Credentials, Endpoint, SecretText, Settings};
use host::{Clock, SystemClock};
use model::{AccountId, Timestamp};

use crate::files;
use crate::output::Output;
use crate::profiles::{DEFAULT, Profile, Profiles};

const ENDPOINT_DEFAULT: &str = "http://127.0.0.1:8080";
const KEY_ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const KEY_SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const SECURITY_TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";
const INGEST_TOKEN: &str = "CAIRN_TOKEN";

/// The options of every client command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Where the node is [default: the profile's, else http://127.0.0.1:8080]
    #[arg(long, global = true, env = "CAIRN_ENDPOINT", value_name = "URL")]
    endpoint: Option<String>,
    /// The saved profile to use [default: the key in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET,
    /// else the profile "default"]
    #[arg(long, global = true, env = "CAIRN_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    /// A certificate authority (PEM) to trust beside the usual ones
    #[arg(long, global = true, env = "CAIRN_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The region calls are for; trails are created in it
    #[arg(long, global = true, env = "ALIBABA_CLOUD_REGION_ID", value_name = "REGION")]
    region: Option<String>,
    /// How to print results
    #[arg(long, global = true, value_enum, default_value = "table")]
    pub(crate) output: Output,
}

/// The option of commands that may act for another account.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ActFor {
    /// Act on this account instead of your own (management account only)
    #[arg(long, global = true, value_name = "ID")]
    account_id: Option<AccountId>,
}

impl ActFor {
    /// Adds the parameter that says so.
    pub(crate) fn apply(&self, params: &mut Vec<(String, String)>) {
        params.extend(self.account_id.map(|id| ("AccountId".to_owned(), id.to_string())));
    }
}

/// The time of day.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

impl Connection {
    /// A client that signs with an access key.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let (profile, credentials) = self.identity(false)?;
        self.build(profile, credentials)
    }

    /// A client that puts events: with an ingest token when `CAIRN_TOKEN` holds one, else with an access key.
    pub(crate) fn client_for_events(&self) -> anyhow::Result<Client> {
        let (profile, credentials) = self.identity(true)?;
        self.build(profile, credentials)
    }

    fn build(&self, profile: Profile, credentials: Credentials) -> anyhow::Result<Client> {
        let endpoint = self.endpoint.clone().or(profile.endpoint);
        let endpoint: Endpoint = endpoint.as_deref().unwrap_or(ENDPOINT_DEFAULT).parse()?;
        let ca_file = self.ca_file.clone().or(profile.ca_file);
        let extra_root_pem = match &ca_file {
            Some(path) => Some(files::read(path)?.with_context(|| format!("there is no file {}", path.display()))?),
            None => None,
        };
        let settings = Settings {
            endpoint,
            credentials: Some(credentials),
            region: self.region.clone().or(profile.region),
            extra_root_pem,
            patience: client::Patience::default(),
            now: Arc::new(now),
        };
        Ok(Client::new(settings)?)
    }

    /// Who calls. A profile named on purpose beats keys that happen to be in the environment.
    fn identity(&self, for_events: bool) -> anyhow::Result<(Profile, Credentials)> {
        if let Some(name) = &self.profile {
            let profile = Profiles::read()?.find(name)?;
            let credentials = of_profile(name, &profile)?;
            return Ok((profile, credentials));
        }
        if for_events && let Some(token) = variable(INGEST_TOKEN) {
            return Ok((default_place()?, Credentials::IngestToken(SecretText::new(token))));
        }
        match (variable(KEY_ID), variable(KEY_SECRET)) {
            (Some(id), Some(secret)) => {
                let security_token = variable(SECURITY_TOKEN).map(SecretText::new);
                let credentials = Credentials::AccessKey { id, secret: SecretText::new(secret), security_token };
                // A saved endpoint belongs to its saved key, not to this one.
                Ok((Profile::default(), credentials))
            }
            (Some(_), None) => bail!("{KEY_ID} is set and {KEY_SECRET} is not; set both, or neither and use --profile"),
            (None, Some(_)) => bail!("{KEY_SECRET} is set and {KEY_ID} is not; set both, or neither and use --profile"),
            (None, None) => match Profiles::read()?.0.remove(DEFAULT) {
                Some(profile) => {
                    let credentials = of_profile(DEFAULT, &profile)?;
                    Ok((profile, credentials))
                }
                None => bail!(
                    "no access key is given; set {KEY_ID} and {KEY_SECRET}, or save one with `cairn profile set default \
                     --access-key-id ID` and use it by itself or with --profile"
                ),
            },
        }
    }
}

/// Where the default profile says the node is, without its key.
fn default_place() -> anyhow::Result<Profile> {
    let profile = Profiles::read()?.0.remove(DEFAULT).unwrap_or_default();
    Ok(Profile { access_key_id: None, access_key_secret: None, ..profile })
}

fn of_profile(name: &str, profile: &Profile) -> anyhow::Result<Credentials> {
    match (&profile.access_key_id, &profile.access_key_secret) {
        (Some(id), Some(secret)) => {
            Ok(Credentials::AccessKey { id: id.clone(), secret: SecretText::new(secret.clone()), security_token: None })
        }
        _ => bail!(
            "the profile {name:?} holds no access key; save one with `cairn profile set {name} --access-key-id ID`"
        ),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
