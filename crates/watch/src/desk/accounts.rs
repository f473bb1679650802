//! What the desk keeps of each account between two transactions: its decider, read from the catalog when it is needed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use alert::merge::{MergeSet, SetKey, Silence, Silences};
use alert::{Channel, Fingerprint};
use catalog::{AlertSilence, Catalog, CatalogError, IncidentStatus, MergeSetState};
use identity::{AlertLink, Vault};
use model::{AccountId, Timestamp};
use serde_json::Value;
use tracing::error;

use super::Tools;
use crate::agenda::Agenda;
use crate::decide::{Around, BOOK_RESOURCES, Book, Decider, quota_day};
use crate::rules::{KnownRule, RuleList};

/// Everybody's deciders.
#[derive(Default)]
pub(super) struct Accounts {
    deciders: HashMap<AccountId, Decider>,
    /// Saved sets of accounts whose decider is not made yet.
    saved: HashMap<AccountId, Vec<MergeSet>>,
    is_loaded: bool,
    /// Of the records that the deciders read.
    records_version: u64,
    /// The rules they know.
    rules: RuleList,
    /// Accounts that are left alone until then: deciding for them broke.
    aside: HashMap<AccountId, Timestamp>,
    /// When a set of each account is due.
    due: Agenda<AccountId>,
    /// When a set of each account is over.
    ends: Agenda<AccountId>,
    /// Accounts whose decider was in somebody's hands: what `due` and `ends` say of them may be old.
    touched: BTreeSet<AccountId>,
    /// Accounts whose sets may not be as they were saved.
    unsaved: BTreeSet<AccountId>,
}

impl Accounts {
    /// Forgets everything: it is read again.
    pub(super) fn forget(&mut self) {
        *self = Accounts { aside: std::mem::take(&mut self.aside), ..Accounts::default() };
    }

    /// Leaves an account's sets alone until then, so that those of others speak.
    pub(super) fn set_aside(&mut self, account: AccountId, until: Timestamp) {
        self.aside.insert(account, until);
        self.touch(account);
    }

    fn touch(&mut self, account: AccountId) {
        self.touched.insert(account);
        self.unsaved.insert(account);
    }

    /// Whether it is left alone now.
    pub(super) fn is_aside(&self, account: AccountId, now: Timestamp) -> bool {
        self.aside.get(&account).is_some_and(|until| now < *until)
    }

    /// Lends an account's decider. Whoever borrows it gives it back, or everything is read again.
    pub(super) async fn lend(
        &mut self,
        catalog: &Catalog,
        account: AccountId,
        rules: &[Arc<KnownRule>],
        now: Timestamp,
    ) -> Result<Decider, CatalogError> {
        self.decider(catalog, account, rules, now).await?;
        Ok(self.deciders.remove(&account).expect("it was read above"))
    }

    pub(super) fn give_back(&mut self, account: AccountId, decider: Decider) {
        self.touch(account);
        self.deciders.insert(account, decider);
    }

    /// Reads the merge sets, once, and records again when they changed, or rules of version 1 did.
    pub(super) async fn refresh(
        &mut self,
        catalog: &Catalog,
        version: u64,
        rules: &RuleList,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        if !self.is_loaded {
            for saved in catalog.alert_merge_sets().await? {
                match serde_json::from_str(saved.state.as_deref().unwrap_or_default()) {
                    Ok(set) => self.saved.entry(saved.account).or_default().push(set),
                    // Its alerts come again with their rules' next runs.
                    Err(error) => error!(policy = saved.policy, key = saved.key, %error, "a merge set cannot be read"),
                }
            }
            self.is_loaded = true;
            self.records_version = version;
            self.rules = rules.clone();
            for account in self.saved.keys().copied().collect::<Vec<_>>() {
                self.decider(catalog, account, rules, now).await?;
            }
        }
        let is_older = self.records_version != version;
        if is_older || !Arc::ptr_eq(&self.rules, rules) {
            // What such rules say about their notifications stands in the rules themselves.
            let speak = |account: &AccountId| {
                rules.iter().any(|rule| rule.row.account == *account && rule.rule.legacy.is_some())
            };
            for (account, decider) in &mut self.deciders {
                if is_older || speak(account) {
                    decider.reads(Arc::new(read_book(catalog, *account, rules).await?));
                }
            }
            (self.records_version, self.rules) = (version, rules.clone());
        }
        Ok(())
    }

    /// The decider of an account.
    pub(super) async fn decider(
        &mut self,
        catalog: &Catalog,
        account: AccountId,
        rules: &[Arc<KnownRule>],
        now: Timestamp,
    ) -> Result<&mut Decider, CatalogError> {
        if !self.deciders.contains_key(&account) {
            let book = Arc::new(read_book(catalog, account, rules).await?);
            let mut used = HashMap::new();
            for (of, count) in catalog.alert_quotas(account, quota_day(now)).await? {
                if let Some(channel) = channel_named(&of.channel) {
                    used.insert((of.recipient, channel, of.day), u32::try_from(count).unwrap_or(u32::MAX));
                }
            }
            let sets = self.saved.remove(&account).unwrap_or_default();
            self.deciders.insert(account, Decider::new(book, sets, used));
        }
        self.touch(account);
        Ok(self.deciders.get_mut(&account).expect("inserted above"))
    }

    /// The alerts in the account's sets that are due.
    pub(super) fn due_alerts(&self, account: AccountId, now: Timestamp) -> BTreeSet<Fingerprint> {
        self.deciders.get(&account).map(|decider| decider.due_alerts(now)).unwrap_or_default()
    }

    /// The accounts with a set that is due.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<AccountId> {
        self.look();
        self.due.due(now).copied().collect()
    }

    /// When the next set of anybody is due.
    pub(super) fn next_due(&mut self) -> Option<Timestamp> {
        self.look();
        self.due.next()
    }

    /// The sets that changed since this was asked last, with their accounts, and those that are over, without a state.
    pub(super) fn take_changed(&mut self, now: Timestamp) -> Vec<MergeSetState> {
        self.look();
        let mut accounts = std::mem::take(&mut self.unsaved);
        accounts.extend(self.ends.due(now));
        let mut changed = Vec::new();
        for account in accounts {
            let Some(decider) = self.deciders.get_mut(&account) else { continue };
            let set = |(key, policy, state): (SetKey, String, Option<String>)| MergeSetState {
                account,
                policy,
                key: key.0,
                state,
            };
            changed.extend(decider.take_changed(now).into_iter().map(set));
            self.touched.insert(account);
        }
        changed
    }

    /// Looks at the deciders that were in somebody's hands.
    fn look(&mut self) {
        for account in std::mem::take(&mut self.touched) {
            let decider = self.deciders.get(&account);
            let until = self.aside.get(&account).copied().unwrap_or(Timestamp::MIN);
            self.due.set(&account, decider.and_then(Decider::next_due).map(|due| due.max(until)));
            self.ends.set(&account, decider.and_then(Decider::next_end));
        }
    }
}

/// Records of the account, and what its rules of version 1 say themselves.
pub(crate) async fn read_book(
    catalog: &Catalog,
    account: AccountId,
    rules: &[Arc<KnownRule>],
) -> Result<Book, CatalogError> {
    let mut records = Vec::new();
    for resource in BOOK_RESOURCES {
        for record in catalog.resource_record_list(account, resource).await? {
            records.push((resource, record));
        }
    }
    let mut book =
        Book::of(records.iter().map(|(resource, record)| (*resource, record.id.as_str(), record.value.as_str())));
    for rule in rules.iter().filter(|rule| rule.row.account == account) {
        book.add_legacy(&rule.row, &rule.rule);
    }
    Ok(book)
}

/// The silences of an account that are not over.
pub(crate) async fn read_silences(
    catalog: &Catalog,
    account: AccountId,
    now: Timestamp,
) -> Result<Silences, CatalogError> {
    let silences = catalog.silence_list(account, now).await?;
    let silence = |kept: AlertSilence| {
        let matchers = serde_json::from_str(&kept.matchers);
        let matchers =
            matchers.inspect_err(|error| error!(silence = kept.id, %error, "a silence cannot be read")).ok()?;
        Some(Silence {
            id: kept.id,
            matchers,
            start: kept.starts,
            end: kept.ends,
            reason: kept.reason,
            creator: kept.creator,
        })
    };
    Ok(Silences::of(silences.into_iter().filter_map(silence)))
}

/// What surrounds an account's decisions now.
pub(super) struct Surroundings {
    ignored: HashSet<String>,
    /// Ids of incidents.
    confirmed: HashSet<String>,
    base_url: String,
    /// Links go out sealed, and end then.
    links: Option<(Vault, Timestamp)>,
}

impl Surroundings {
    /// `told` are the alerts that may be told; of others it is not known whether somebody handles them.
    pub(super) async fn of(
        tools: &Tools,
        account: AccountId,
        told: BTreeSet<Fingerprint>,
        now: Timestamp,
    ) -> Result<Surroundings, CatalogError> {
        let Tools { catalog, vault, config, .. } = tools;
        let (mut ignored, mut confirmed) = (HashSet::new(), HashSet::new());
        let told: Vec<String> = told.into_iter().map(|fingerprint| fingerprint.0).collect();
        let handled = if told.is_empty() { Vec::new() } else { catalog.incidents_handled(account, &told).await? };
        for incident in handled {
            match incident.status {
                IncidentStatus::Ignored => drop(ignored.insert(incident.fingerprint)),
                _ => drop(confirmed.insert(incident.id)),
            }
        }
        let has_links = config.detail_links && !config.public_url.is_empty();
        let links = has_links.then(|| (vault.clone(), now.plus(config.detail_link_life)));
        Ok(Surroundings { ignored, confirmed, base_url: config.public_url.trim_end_matches('/').to_owned(), links })
    }
}

impl Around for Surroundings {
    fn is_ignored(&self, fingerprint: &Fingerprint) -> bool {
        self.ignored.contains(&fingerprint.0)
    }

    fn is_confirmed(&self, incident: &str) -> bool {
        self.confirmed.contains(incident)
    }

    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn detail_link(&self, account: AccountId, incident: &str) -> Option<String> {
        let (vault, expires) = self.links.as_ref()?;
        let link = AlertLink { account, incident: incident.to_owned(), expires: *expires };
        Some(format!("{}/alerts/detail?token={}", self.base_url, vault.alert_link(&link)))
    }
}

/// A channel's name, as action policies write it.
pub(crate) fn channel_name(channel: Channel) -> String {
    match serde_json::to_value(channel) {
        Ok(Value::String(name)) => name,
        _ => unreachable!("channels are written as texts"),
    }
}

pub(super) fn channel_named(name: &str) -> Option<Channel> {
    serde_json::from_value(Value::String(name.to_owned())).ok()
}
