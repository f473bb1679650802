//! Second factors of users.

use catalog::MfaDevice;
use host::Secret;
use model::AccountId;

use super::{names, not_found, on_catalog};
use crate::{Identity, ManageError, totp};

const NOUN: &str = "VirtualMFADevice";
const SEED_BYTES: usize = 20;
/// Told apart from everything else that is sealed.
const PURPOSE: &[u8] = b"cairn mfa seed 1";

/// The name of a device that is unique on the node: `acs:ram::<account>:mfa/<name>`.
pub fn mfa_serial(account: AccountId, name: &str) -> String {
    format!("acs:ram::{account}:mfa/{name}")
}

impl Identity {
    /// Makes a device nobody has; its seed in Base32 is shown this once.
    pub async fn create_mfa_device(
        &self,
        account: AccountId,
        name: &str,
    ) -> Result<(MfaDevice, Secret<String>), ManageError> {
        names::check_device(name)?;
        let mut seed = [0; SEED_BYTES];
        self.random.fill(&mut seed);
        let device = MfaDevice {
            account,
            name: name.to_owned(),
            sealed_seed: self.vault.seal_for(PURPOSE, &seed),
            user: None,
            activated: None,
            last_step: 0,
        };
        self.catalog.mfa_create(&device).await.map_err(|error| on_catalog(error, NOUN, name))?;
        Ok((device, Secret::new(totp::base32(&seed))))
    }

    /// The account's devices, by name.
    pub async fn list_mfa_devices(&self, account: AccountId) -> Result<Vec<MfaDevice>, ManageError> {
        self.catalog.mfa_list(account).await.map_err(ManageError::Catalog)
    }

    /// The device of a user.
    pub async fn mfa_of_user(&self, account: AccountId, user: &str) -> Result<Option<MfaDevice>, ManageError> {
        self.get_user(account, user).await?;
        self.catalog.mfa_of_user(account, user).await.map_err(ManageError::Catalog)
    }

    /// Gives a device to a user who shows two of its codes in a row.
    pub async fn bind_mfa_device(
        &self,
        account: AccountId,
        serial: &str,
        user: &str,
        codes: [&str; 2],
    ) -> Result<(), ManageError> {
        self.get_user(account, user).await?;
        let device = self.device(account, serial).await?;
        let now = self.clock.now();
        let [first, second] = codes;
        let seed = self.vault.open_for(PURPOSE, &device.sealed_seed).map_err(ManageError::Vault)?;
        let step = totp::matching_pair(&seed, first, second, now).ok_or(ManageError::WrongCode)?;
        let bound = self.catalog.mfa_bind(account, &device.name, user, now, step).await;
        bound.map_err(|error| on_catalog(error, if device.user.is_some() { NOUN } else { "User.MFADevice" }, user))
    }

    /// Takes a user's device away and forgets it; its serial is returned.
    pub async fn unbind_mfa_device(&self, account: AccountId, user: &str) -> Result<String, ManageError> {
        let device = self.mfa_of_user(account, user).await?.ok_or_else(|| not_found("User.MFADevice", user))?;
        let unbound = self.catalog.mfa_unbind(account, user).await;
        unbound.map_err(|error| on_catalog(error, "User.MFADevice", user))?;
        Ok(mfa_serial(account, &device.name))
    }

    /// Removes a device nobody has.
    pub async fn delete_mfa_device(&self, account: AccountId, serial: &str) -> Result<(), ManageError> {
        let device = self.device(account, serial).await?;
        self.catalog.mfa_delete(account, &device.name).await.map_err(|error| on_catalog(error, NOUN, serial))
    }

    /// Whether a code is the device's present one and was not used before; it is used up by this.
    pub(crate) async fn use_mfa_code(&self, device: &MfaDevice, code: &str) -> Result<bool, ManageError> {
        let seed = self.vault.open_for(PURPOSE, &device.sealed_seed).map_err(ManageError::Vault)?;
        let Some(step) = totp::matching_step(&seed, code, self.clock.now()) else { return Ok(false) };
        self.catalog.mfa_use(device.account, &device.name, step).await.map_err(ManageError::Catalog)
    }

    async fn device(&self, account: AccountId, serial: &str) -> Result<MfaDevice, ManageError> {
        let name = serial.strip_prefix(&mfa_serial(account, "")).ok_or_else(|| not_found(NOUN, serial))?;
        let device = self.catalog.mfa_find(account, name).await.map_err(ManageError::Catalog)?;
        device.ok_or_else(|| not_found(NOUN, serial))
    }
}
