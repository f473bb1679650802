//! Who is calling, and whether they may.
//!
//! [`Identity::authenticate`] turns a signed request into a [`Caller`]; [`Identity::decide`] turns a caller, an action
//! and a resource into a [`Decision`]. Both work on a table in memory that follows the catalog, so no request waits
//! for the database. Secrets are sealed by a [`Vault`] whose key lies outside the data folder.

mod alert_links;
mod authenticate;
mod caller;
mod connections;
mod directory;
mod encoding;
mod error;
mod follower;
mod identity;
mod manage;
mod metrics;
mod nonces;
mod passwords;
pub mod policy;
mod roles;
mod sealed_records;
mod sessions;
mod signature;
mod signin;
mod totp;
mod vault;

pub use alert_links::AlertLink;
pub use authenticate::SignedRequest;
pub use caller::{Caller, Context, Decision, Denial, Principal, Session};
pub use connections::{SCRAM_ITERATIONS, ScramSecret, Standing};
pub use error::{AuthError, LogServiceAuthError, ManageError};
pub use identity::Identity;
pub use manage::{LoginChange, NewKey, RoleChange, mfa_serial};
pub use passwords::PasswordPolicy;
pub use roles::{RoleRefusal, parse_role_arn, role_arn};
pub use sessions::{AssumeError, AssumedRole, RoleWish, SessionKey};
pub use signin::{Attempt, SignIn, SignInError};
pub use vault::{MasterKeySource, Vault, VaultError};
