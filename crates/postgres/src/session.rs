//! A connection after its login.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity::Standing;
use pgwire::api::ClientInfo;
use pgwire::error::PgWireResult;
use tokio::time::Instant;

use crate::cancels::{InWork, Known};
use crate::errors::{self, fatal};
use crate::settings::Settings;

/// Who is connected, and what the connection was told.
pub(crate) struct Session {
    pub(crate) standing: Standing,
    pub(crate) source: IpAddr,
    pub(crate) is_secure: bool,
    pub(crate) in_work: Arc<InWork>,
    settings: Mutex<Settings>,
    busy: Arc<Busy>,
    /// Keeps the connection cancellable.
    _known: Known,
}

/// Until when the statement in work must have ended, its rows taken by the client.
#[derive(Debug, Default)]
pub(crate) struct Busy(Mutex<Option<Instant>>);

impl Busy {
    /// Whether the statement in work should have ended long ago.
    pub(crate) fn is_overdue(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() > until)
    }

    /// Whether a statement is in work.
    pub(crate) fn is_at_work(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

impl Session {
    pub(crate) fn new<C: ClientInfo>(
        client: &C,
        standing: Standing,
        in_work: Arc<InWork>,
        busy: Arc<Busy>,
        known: Known,
    ) -> Session {
        Session {
            standing,
            source: client.socket_addr().ip(),
            is_secure: client.is_secure(),
            in_work,
            settings: Mutex::default(),
            busy,
            _known: known,
        }
    }

    /// The session of a connection. The library calls its handlers whatever went before, so this is where it is made
    /// sure that there was a login.
    pub(crate) fn of<C: ClientInfo>(client: &C) -> PgWireResult<Arc<Session>> {
        let session = client.session_extensions().get::<Arc<Session>>();
        session.map(|session| (*session).clone()).ok_or_else(|| fatal(errors::INVALID_LOGIN, "log in first"))
    }

    /// The session's settings.
    pub(crate) fn settings<T>(&self, work: impl FnOnce(&mut Settings) -> T) -> T {
        work(&mut self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The connection is dropped when it is still at work after this long; until the value is dropped.
    pub(crate) fn at_work(&self, longest: Duration) -> AtWork {
        self.busy.set(Some(Instant::now() + longest));
        AtWork(self.busy.clone())
    }
}

/// A statement is in work.
pub(crate) struct AtWork(Arc<Busy>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.set(None);
    }
}
