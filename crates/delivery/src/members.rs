//! Whose events an organization's trail may see, by sequence number.

use std::collections::HashMap;

use catalog::Tenure;
use model::{AccountId, Seq};

/// The history of a directory's memberships as the catalog had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Members {
    /// How often memberships had changed when it was read.
    pub(crate) version: u64,
    tenures: HashMap<AccountId, Vec<(Seq, Option<Seq>)>>,
}

impl Members {
    pub(crate) fn new(version: u64, tenures: Vec<Tenure>) -> Members {
        let mut members = Members { version, tenures: HashMap::new() };
        for tenure in tenures {
            members.tenures.entry(tenure.account).or_default().push((tenure.after, tenure.through));
        }
        members
    }

    /// The accounts with a membership somewhere in `(after, through]`, in order.
    pub(crate) fn within(&self, after: Seq, through: Seq) -> Vec<AccountId> {
        let touches = |(joined, left): &(Seq, Option<Seq>)| *joined < through && left.is_none_or(|left| left > after);
        let mut accounts: Vec<AccountId> =
            self.tenures.iter().filter(|(_, each)| each.iter().any(touches)).map(|(account, _)| *account).collect();
        accounts.sort_unstable();
        accounts
    }

    /// Whether the account was a member when the event of this number was stored.
    pub(crate) fn hold(&self, account: AccountId, seq: Seq) -> bool {
        let tenures = self.tenures.get(&account).map_or(&[][..], Vec::as_slice);
        tenures.iter().any(|(joined, left)| seq > *joined && left.is_none_or(|left| seq <= left))
    }
}
