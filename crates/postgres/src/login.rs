//! Logging in: an access key by SCRAM-SHA-256, a RAM user's password inside TLS.
//!
//! Whatever goes wrong here ends the connection, and wrong names, wrong secrets and disabled keys are told alike.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use identity::{Identity, SCRAM_ITERATIONS, SignIn, SignInError, Standing};
use model::AccountId;
use pgwire::api::auth::sasl::scram::ScramAuth;
use pgwire::api::auth::sasl::{SASLState, SCRAM_SHA_256_METHOD};
use pgwire::api::auth::{
    AuthSource, DefaultServerParameterProvider, LoginInfo, Password, ServerParameterProvider, StartupHandler,
    finish_authentication, protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::api::{ClientInfo, METADATA_DATABASE, METADATA_USER, PgWireConnectionState, PidSecretKeyGenerator};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::startup::{Authentication, PasswordMessageFamily};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use tokio::sync::Mutex;
use tracing::debug;

use crate::ask::Desk;
use crate::cancels::{Cancels, InWork};
use crate::errors::{self, fatal, made_fatal};
use crate::session::{Busy, Session};
use crate::settings::SERVER_VERSION;

/// The name of the one database, besides the account's.
const DATABASE: &str = "cairn";

/// One connection's login.
pub(crate) struct Login {
    desk: Arc<Desk>,
    cancels: Arc<Cancels>,
    busy: Arc<Busy>,
    scram: ScramAuth,
    state: Mutex<SASLState>,
}

/// The secrets of access keys, as SCRAM asks for them.
struct Keys(Identity);

impl Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

#[async_trait]
impl AuthSource for Keys {
    async fn get_password(&self, login: &LoginInfo) -> PgWireResult<Password> {
        let secret = self.0.scram(login.user().unwrap_or_default());
        Ok(Password::new(Some(secret.salt), secret.salted_password))
    }
}

/// What a client is told about the server.
struct Told;

impl ServerParameterProvider for Told {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let mut told = DefaultServerParameterProvider::default();
        told.server_version = SERVER_VERSION.to_owned();
        told.is_superuser = false;
        told.default_transaction_read_only = true;
        told.server_parameters(client)
    }
}

#[async_trait]
impl StartupHandler for Login {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // After an error that is not fatal the library would take statements.
        self.next(client, message).await.map_err(made_fatal)
    }
}

impl Login {
    pub(crate) fn new(desk: Arc<Desk>, cancels: Arc<Cancels>, busy: Arc<Busy>) -> Login {
        let mut scram = ScramAuth::new(Arc::new(Keys(desk.identity.clone())));
        scram.set_iterations(SCRAM_ITERATIONS as usize);
        Login { desk, cancels, busy, scram, state: Mutex::new(SASLState::Initial) }
    }

    async fn next<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                let asked = match said(client, METADATA_USER) {
                    "" => return Err(PgWireError::UserNameRequired),
                    user if !user.contains('@') => Authentication::SASL(vec![SCRAM_SHA_256_METHOD.to_owned()]),
                    _ if client.is_secure() => Authentication::CleartextPassword,
                    _ => {
                        let message =
                            "a password is taken over TLS only (sslmode=require); without it use an access key";
                        return Err(fatal(errors::INVALID_LOGIN, message));
                    }
                };
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                client.send(PgWireBackendMessage::Authentication(asked)).await?;
                Ok(())
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) => {
                let user = said(client, METADATA_USER).to_owned();
                match user.rsplit_once('@') {
                    None => self.exchange(client, message, user).await,
                    Some((name, account)) => {
                        let password = message.into_password()?.password;
                        let standing = self.sign_in(client, name, account, &password).await?;
                        self.finish(client, standing).await
                    }
                }
            }
            _ => Err(fatal("08P01", "a login was expected")),
        }
    }

    /// One step of SCRAM-SHA-256.
    async fn exchange<C>(&self, client: &mut C, message: PasswordMessageFamily, user: String) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let mut state = self.state.lock().await;
        let message = if matches!(*state, SASLState::Initial) {
            let first = message.into_sasl_initial_response()?;
            if first.auth_method != SCRAM_SHA_256_METHOD {
                return Err(PgWireError::UnsupportedSASLAuthMethod(first.auth_method));
            }
            *state = SASLState::ScramClientFirstReceived;
            PasswordMessageFamily::SASLInitialResponse(first)
        } else {
            PasswordMessageFamily::SASLResponse(message.into_sasl_response()?)
        };
        let step = self.scram.process_scram_message(client, message, &state).await;
        let (reply, next) = step.map_err(|error| match error {
            PgWireError::InvalidPassword(_) => self.refuse(&user),
            other => other,
        })?;
        *state = next;
        client.feed(PgWireBackendMessage::Authentication(reply)).await?;
        match *state {
            SASLState::Finished => self.finish(client, Standing::Key { access_key_id: user }).await,
            _ => Ok(client.flush().await?),
        }
    }

    async fn sign_in<C>(&self, client: &C, name: &str, account: &str, password: &str) -> PgWireResult<Standing>
    where
        C: ClientInfo + Sync,
    {
        let wish = SignIn {
            account,
            user: Some(name).filter(|name| !name.is_empty()),
            password,
            code: None,
            new_password: None,
            source: Some(client.socket_addr().ip()),
        };
        let (_, outcome) = self.desk.identity.sign_in(&wish).await;
        outcome.map(Standing::Session).map_err(|error| match error {
            SignInError::Refused => fatal(errors::WRONG_PASSWORD, refusal(&format!("{name}@{account}"))),
            SignInError::CodeNeeded | SignInError::FactorNeeded => {
                fatal(errors::INVALID_LOGIN, format!("{error} It cannot be given here: use an access key."))
            }
            other => fatal(errors::INVALID_LOGIN, other.to_string()),
        })
    }

    /// The credentials are good: is the database theirs, and who are they?
    async fn finish<C>(&self, client: &mut C, standing: Standing) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let caller = self.desk.identity.caller_now(&standing).map_err(|error| errors::no_longer(&error))?;
        if let Standing::Key { .. } = standing {
            self.desk.identity.connection_authenticated(None);
        }
        self.check_database(said(client, METADATA_DATABASE), said(client, METADATA_USER), caller.account).await?;
        let (pid, secret) = self.cancels.generate(client);
        client.set_pid_and_secret_key(pid, secret.clone());
        let in_work = Arc::new(InWork::default());
        let known = self.cancels.register(pid, &secret, in_work.clone());
        let session = Session::new(client, standing, in_work, self.busy.clone(), known);
        client.session_extensions().insert(Arc::new(session));
        finish_authentication(client, &Told).await
    }

    async fn check_database(&self, database: &str, user: &str, account: AccountId) -> PgWireResult<()> {
        // libpq names the user when no database is given.
        if ["", DATABASE, user, account.as_str()].contains(&database) {
            return Ok(());
        }
        let named = self.desk.identity.account_named(database).await;
        match named.map_err(|error| fatal("XX000", error.to_string()))? {
            Some(named) if named == account => Ok(()),
            _ => {
                let message = format!(
                    "database {database:?} does not exist; there is {DATABASE}, which is also called like your account"
                );
                Err(fatal(errors::UNKNOWN_DATABASE, message))
            }
        }
    }

    fn refuse(&self, user: &str) -> PgWireError {
        self.desk.identity.connection_authenticated(Some("wrong secret of a connection"));
        debug!("a PostgreSQL login was refused");
        fatal(errors::WRONG_PASSWORD, refusal(user))
    }
}

fn refusal(user: &str) -> String {
    let user: String = user.chars().take(64).collect();
    format!("password authentication failed for user {user:?}")
}

/// What the client said at the start; nothing when it did not.
fn said<'c, C: ClientInfo>(client: &'c C, what: &str) -> &'c str {
    client.metadata().get(what).map(String::as_str).unwrap_or_default()
}
