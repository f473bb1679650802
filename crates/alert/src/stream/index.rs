//! From an event to the rules it is for.
//!
//! Rules whose views have the same accounts share a *domain*. In it, rules of one view with equal searches share an entry, and an
//! entry is filed under its keys (`keys`). An event's words are looked up in the domains of its account; what is filed there
//! is a candidate, and the view and the matcher decide. So the answer is the same as if every rule had been asked.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use model::logstore::View;
use model::{AccountId, Event, Seq};
use query::search::values::{Shown, for_each_value, for_each_word};
use query::{Matcher, Search};

use super::keys::{Key, keys};
use super::words::{EntryId, WordTable};

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
    pub candidates: usize,
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
        if domain.rules == 0 {
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
            self.domains[*domain].look_at(account, seq, event, &mut tried, tell);
        }
        tried
    }
}

/// Rules of one set of accounts.
#[derive(Debug)]
struct Domain<K> {
    accounts: Box<[AccountId]>,
    rules: usize,
    entries: Vec<Option<Entry<K>>>,
    free: Vec<EntryId>,
    /// Entries by the printed form of their search.
    by_search: HashMap<String, Vec<EntryId>>,
    paths: HashMap<Box<[u8]>, AtPath>,
    /// How many of `paths` lie inside the value at this path.
    above: HashMap<Box<[u8]>, u32>,
    anywhere: WordTable,
    /// Entries that require nothing.
    always: Vec<EntryId>,
    looking: Looking,
}

/// What was gathered of the present event; kept for the next one's sake.
#[derive(Debug, Default)]
struct Looking {
    candidates: Vec<EntryId>,
    /// For each entry, the last event it was a candidate for.
    seen: Vec<u64>,
    event: u64,
    lower: Vec<u8>,
    path: Vec<u8>,
}

#[derive(Debug, Default)]
struct AtPath {
    present: Vec<EntryId>,
    words: WordTable,
}

#[derive(Debug)]
struct Entry<K> {
    view: Arc<View>,
    search: Search,
    printed: String,
    matcher: Matcher,
    keys: Option<Vec<Key>>,
    rules: Vec<K>,
}

impl<K> Default for Domain<K> {
    fn default() -> Domain<K> {
        Domain {
            accounts: Box::default(),
            rules: 0,
            entries: Vec::new(),
            free: Vec::new(),
            by_search: HashMap::new(),
            paths: HashMap::new(),
            above: HashMap::new(),
            anywhere: WordTable::default(),
            always: Vec::new(),
            looking: Looking::default(),
        }
    }
}

impl<K: Clone + Eq + Hash> Domain<K> {
    fn insert(&mut self, rule: K, view: &Arc<View>, search: &Search) -> EntryId {
        self.rules += 1;
        let text = search.to_string();
        for id in self.by_search.get(&text).into_iter().flatten() {
            let entry = self.entries[*id as usize].as_mut().expect("removed entries are not listed");
            // The printed form is only where to look: empty trees of either kind print alike.
            let is_same_view = Arc::ptr_eq(&entry.view, view) || entry.view == *view;
            if is_same_view && entry.search == *search {
                entry.rules.push(rule);
                return *id;
            }
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.looking.seen.push(0);
            EntryId::try_from(self.entries.len() - 1).expect("fewer rules than that fit into memory")
        });
        let keys = keys(search);
        match &keys {
            Some(keys) => keys.iter().for_each(|key| self.file(key, id)),
            None => self.always.push(id),
        }
        self.by_search.entry(text.clone()).or_default().push(id);
        let matcher = Matcher::new(search);
        let (view, search, rules) = (view.clone(), search.clone(), vec![rule]);
        self.entries[id as usize] = Some(Entry { view, search, printed: text, matcher, keys, rules });
        id
    }

    fn remove(&mut self, rule: &K, id: EntryId) {
        let Some(entry) = &mut self.entries[id as usize] else { return };
        self.rules -= 1;
        entry.rules.retain(|each| each != rule);
        if !entry.rules.is_empty() {
            return;
        }
        let entry = self.entries[id as usize].take().expect("it was there above");
        match &entry.keys {
            Some(keys) => keys.iter().for_each(|key| self.unfile(key, id)),
            None => self.always.retain(|each| *each != id),
        }
        if let Some(same) = self.by_search.get_mut(&entry.printed) {
            same.retain(|each| *each != id);
            if same.is_empty() {
                self.by_search.remove(&entry.printed);
            }
        }
        self.free.push(id);
    }

    fn file(&mut self, key: &Key, id: EntryId) {
        let (path, word) = match key {
            Key::Word { path, text, is_prefix } => (path.as_ref(), Some((text, *is_prefix))),
            Key::Present(path) => (Some(path), None),
        };
        let words = match path {
            None => &mut self.anywhere,
            Some(path) => {
                if !self.paths.contains_key(path) {
                    for above in above(path) {
                        *self.above.entry(above.into()).or_default() += 1;
                    }
                }
                let at = self.paths.entry(path.clone()).or_default();
                if word.is_none() {
                    at.present.push(id);
                }
                &mut at.words
            }
        };
        match word {
            Some((text, true)) => words.add_prefix(text, id),
            Some((text, false)) => words.add_word(text, id),
            None => {}
        }
    }

    fn unfile(&mut self, key: &Key, id: EntryId) {
        let (path, word) = match key {
            Key::Word { path, text, is_prefix } => (path.as_ref(), Some((text, *is_prefix))),
            Key::Present(path) => (Some(path), None),
        };
        let Some(words) = (match path {
            None => Some(&mut self.anywhere),
            Some(path) => self.paths.get_mut(path).map(|at| &mut at.words),
        }) else {
            return;
        };
        match word {
            Some((text, true)) => words.remove_prefix(text, id),
            Some((text, false)) => words.remove_word(text, id),
            None => {}
        }
        let Some(path) = path else { return };
        let Some(at) = self.paths.get_mut(path) else { return };
        if word.is_none()
            && let Some(place) = at.present.iter().position(|each| *each == id)
        {
            at.present.swap_remove(place);
        }
        if at.present.is_empty() && at.words.is_empty() {
            self.paths.remove(path);
            for above in above(path) {
                if let Some(count) = self.above.get_mut(above) {
                    *count -= 1;
                    if *count == 0 {
                        self.above.remove(above);
                    }
                }
            }
        }
    }

    fn look_at(&mut self, account: AccountId, seq: Seq, event: &Event, tried: &mut Tried, tell: &mut dyn FnMut(&K)) {
        self.gather(event.raw());
        tried.candidates += self.looking.candidates.len();
        for id in &self.looking.candidates {
            let entry = self.entries[*id as usize].as_ref().expect("filed entries are there");
            if entry.view.shows(account, seq, event) && entry.matcher.holds(event.raw()) {
                tried.rules += entry.rules.len();
                entry.rules.iter().for_each(&mut *tell);
            }
        }
    }

    /// Finds the entries whose search may hold.
    fn gather(&mut self, raw: &[u8]) {
        let Domain { paths, above, anywhere, always, looking, .. } = self;
        let Looking { candidates, seen, event, lower, path: lower_path } = looking;
        *event += 1;
        candidates.clear();
        candidates.extend_from_slice(always);
        let mut add = |entries: &[EntryId]| {
            for id in entries {
                let last = &mut seen[*id as usize];
                if *last != *event {
                    *last = *event;
                    candidates.push(*id);
                }
            }
        };
        let mut look_up = |words: &WordTable, word: &[u8], add: &mut dyn FnMut(&[EntryId])| {
            lower.clear();
            lower.extend(word.iter().map(u8::to_ascii_lowercase));
            words.look_up(lower, add);
        };
        if !paths.is_empty() {
            for_each_value(raw, &mut |path, value| {
                lower_path.clear();
                lower_path.extend(path.iter().map(u8::to_ascii_lowercase));
                if let Some(at) = paths.get(lower_path.as_slice()) {
                    add(&at.present);
                    if !at.words.is_empty() {
                        value.for_each_word(&mut |word| look_up(&at.words, word, &mut add));
                    }
                }
                !matches!(value, Shown::Null | Shown::Bare(_)) && above.contains_key(lower_path.as_slice())
            });
        }
        if !anywhere.is_empty() {
            for_each_word(raw, &mut |word| look_up(anywhere, word, &mut add));
        }
    }
}

/// The paths a value lies inside of: those that end before one of its dots.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| &path[..at])
}

#[cfg(test)]
mod tests;
