//! Profiles: where a node is and the key to use, under a name, in a file only its owner may read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use crate::files;

/// The profile used when none is named.
pub(crate) const DEFAULT: &str = "default";

/// One profile.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    /// Where the node is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// The access key's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_key_id: Option<String>,
    /// The access key's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_key_secret: Option<String>,
    /// The region calls are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    /// A certificate authority to trust beside the usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// All of them, by name.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Profiles(pub(crate) BTreeMap<String, Profile>);

/// Where they are kept.
pub(crate) fn path() -> anyhow::Result<PathBuf> {
    Ok(files::config_folder()?.join("profiles.toml"))
}

impl Profiles {
    /// Reads them; none when there is no file.
    pub(crate) fn read() -> anyhow::Result<Profiles> {
        let path = path()?;
        let Some(bytes) = files::read(&path)? else { return Ok(Profiles::default()) };
        let text = String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a file of profiles", path.display()))
    }

    /// Writes them.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        files::write_private(&path()?, toml::to_string(self)?.as_bytes())
    }

    /// The profile of this name.
    pub(crate) fn find(&self, name: &str) -> anyhow::Result<Profile> {
        self.0.get(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let known =
                if names.is_empty() { "there are none yet".into() } else { format!("there are {}", names.join(", ")) };
            anyhow!("there is no profile {name:?}; {known} (cairn profile set {name} ... makes it)")
        })
    }
}
