//! From an event to the rules it is for.
//!
//! Rules whose views have the same accounts share a `domain`. An event is looked at in the domains of its account, each of which
//! proposes few of its rules; the view and the matcher decide. So the answer is the same as if every rule had been asked.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use model::logstore::View;
use model::{AccountId, Event, Seq};
use query::Search;

use super::domain::{Domain, EntryId};

/// Rules, each under a name of the caller's.
#[derive(Debug)]
pub struct RuleIndex<K> {
    domains: Vec<Domain<K>>,
    /// Domains that have no rules any more, to be used again.
    empty: Vec<usize>,
    of_accounts: HashMap<Box<[AccountId]>, usize>,
    of_account: HashMap<AccountId, Vec<usize>>,
    places: HashMap<K, (usize, EntryId)>,
}

/// What looking at an event took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tried {
    /// Searches that were compared with the event.
    pub compared: usize,
    /// Rules it is for.
    pub rules: usize,
}

impl<K> Default for RuleIndex<K> {
    fn default() -> RuleIndex<K> {
        RuleIndex {
            domains: Vec::new(),
            empty: Vec::new(),
            of_accounts: HashMap::new(),
            of_account: HashMap::new(),
            places: HashMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> RuleIndex<K> {
    /// Adds a rule, or gives one another view and search.
    pub fn insert(&mut self, rule: K, view: &Arc<View>, search: &Search) {
        self.remove(&rule);
        let accounts: Box<[AccountId]> = view.accounts().map(|(account, _)| account).collect();
        let domain = match self.of_accounts.get(&accounts) {
            Some(domain) => *domain,
            None => {
                let domain = self.empty.pop().unwrap_or_else(|| {
                    self.domains.push(Domain::default());
                    self.domains.len() - 1
                });
                for account in &accounts {
                    self.of_account.entry(*account).or_default().push(domain);
                }
                self.of_accounts.insert(accounts.clone(), domain);
                self.domains[domain].accounts = accounts;
                domain
            }
        };
        let entry = self.domains[domain].insert(rule.clone(), view, search);
        self.places.insert(rule, (domain, entry));
    }

    /// Removes a rule; says whether it was there.
    pub fn remove(&mut self, rule: &K) -> bool {
        let Some((at, entry)) = self.places.remove(rule) else { return false };
        let domain = &mut self.domains[at];
        domain.remove(rule, entry);
        if domain.is_empty() {
            for account in &domain.accounts {
                if let Some(domains) = self.of_account.get_mut(account) {
                    domains.retain(|each| *each != at);
                    if domains.is_empty() {
                        self.of_account.remove(account);
                    }
                }
            }
            self.of_accounts.remove(&domain.accounts);
            *domain = Domain::default();
            self.empty.push(at);
        }
        true
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The accounts of which a rule may want events.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.of_account.keys().copied()
    }

    /// Whether any rule may want this account's events.
    pub fn watches(&self, account: AccountId) -> bool {
        self.of_account.contains_key(&account)
    }

    /// Tells the rules whose view shows this event and whose search holds for it, each once, in no order.
    pub fn look_at(&mut self, account: AccountId, seq: Seq, event: &Event, tell: &mut dyn FnMut(&K)) -> Tried {
        let mut tried = Tried::default();
        for domain in self.of_account.get(&account).into_iter().flatten() {
            self.domains[*domain].look_at((account, seq, event), &mut tried, tell);
        }
        tried
    }
}

#[cfg(test)]
mod tests;
