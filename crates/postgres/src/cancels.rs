//! Cancel requests: they come on a connection of their own, with the number and the secret key another connection was
//! given at its login.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use host::Random;
use pgwire::api::cancel::CancelHandler;
use pgwire::api::{ClientInfo, PidSecretKeyGenerator};
use pgwire::messages::ProtocolVersion;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::SecretKey;
use query::Meter;
use tokio_util::sync::CancellationToken;

/// Bytes of a secret key where the protocol lets us choose.
const KEY_BYTES: usize = 32;

/// The query a connection has in work.
#[derive(Debug, Default)]
pub(crate) struct InWork(Mutex<Option<(CancellationToken, Arc<Meter>)>>);

impl InWork {
    /// A query begins; the one before can no longer be cancelled.
    pub(crate) fn begin(&self, meter: Arc<Meter>) -> CancellationToken {
        let token = CancellationToken::new();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), meter));
        token
    }

    /// Ends the query, if there is one.
    pub(crate) fn cancel(&self) {
        if let Some((token, meter)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            meter.cancel();
            token.cancel();
        }
    }
}

type Key = (i32, Bytes);

/// The connections that can be cancelled.
pub(crate) struct Cancels {
    random: Arc<dyn Random>,
    next: AtomicI32,
    connections: Mutex<HashMap<Key, Arc<InWork>>>,
}

impl fmt::Debug for Cancels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cancels")
    }
}

/// Keeps a connection known as long as it lasts.
#[derive(Debug)]
pub(crate) struct Known {
    key: Key,
    cancels: Arc<Cancels>,
}

impl Drop for Known {
    fn drop(&mut self) {
        self.cancels.connections.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Cancels {
    pub(crate) fn new(random: Arc<dyn Random>) -> Cancels {
        Cancels { random, next: AtomicI32::new(1), connections: Mutex::default() }
    }

    /// Makes a connection known by the number and key it was given.
    pub(crate) fn register(self: &Arc<Self>, pid: i32, secret: &SecretKey, in_work: Arc<InWork>) -> Known {
        let key = (pid, secret.to_bytes());
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), in_work);
        Known { key, cancels: self.clone() }
    }
}

impl PidSecretKeyGenerator for Cancels {
    fn generate(&self, client: &dyn ClientInfo) -> (i32, SecretKey) {
        let pid = self.next.fetch_add(1, Ordering::Relaxed) & i32::MAX;
        let mut bytes = [0; KEY_BYTES];
        self.random.fill(&mut bytes);
        let secret = match client.protocol_version() {
            ProtocolVersion::PROTOCOL3_0 => {
                SecretKey::I32(i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            _ => SecretKey::Bytes(Bytes::copy_from_slice(&bytes)),
        };
        (pid, secret)
    }
}

#[async_trait]
impl CancelHandler for Cancels {
    async fn on_cancel_request(&self, request: CancelRequest) {
        let key = (request.pid, request.secret_key.to_bytes());
        let in_work = self.connections.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(in_work) = in_work {
            in_work.cancel();
        }
    }
}
