//! Accounts made within an organization.

use catalog::Account;

use super::names;
use crate::{Identity, ManageError};

impl Identity {
    /// Makes an account without any key. Who manages the organization reaches it through roles, who manages the node by naming
    /// it.
    pub async fn create_resource_account(&self, name: &str) -> Result<Account, ManageError> {
        names::check_display("DisplayName", name)?;
        self.draw_account(name, false).await
    }
}
