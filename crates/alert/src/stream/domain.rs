//! Rules whose views have the same accounts.
//!
//! Rules of one view with equal searches share an *entry*. A *term* is a key that some entry requires; an entry is filed with
//! the terms of which an event must have one, and knows those it must have besides. An event is walked once, and each of its
//! words that is a term is marked; entries filed with a marked term whose other terms are marked too are compared with it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use model::logstore::View;
use model::{AccountId, Event, Seq};
use query::search::values::{Shown, for_each_value, for_each_word};
use query::{Matcher, Search};

use super::Tried;
use super::keys::{Key, filing};
use super::words::{TermId, WordTable};

/// An entry, by number.
pub(super) type EntryId = u32;

/// See the module.
#[derive(Debug)]
pub(super) struct Domain<K> {
    pub(super) accounts: Box<[AccountId]>,
    rules: usize,
    entries: Vec<Option<Entry<K>>>,
    free: Vec<EntryId>,
    /// Entries by the printed form of their search.
    by_search: HashMap<String, Vec<EntryId>>,
    /// Entries that require nothing.
    always: Vec<EntryId>,
    terms: Vec<Term>,
    free_terms: Vec<TermId>,
    paths: HashMap<Box<[u8]>, AtPath>,
    /// How many of `paths` lie inside the value at this path.
    above: HashMap<Box<[u8]>, u32>,
    anywhere: WordTable,
    looking: Looking,
}

#[derive(Debug)]
struct Entry<K> {
    view: Arc<View>,
    search: Search,
    printed: String,
    matcher: Matcher,
    /// `None`: it requires nothing.
    keys: Option<Vec<(Key, TermId)>>,
    also: Vec<(Key, TermId)>,
    rules: Vec<K>,
    /// The last event it was a candidate for.
    seen: u64,
}

#[derive(Debug, Default)]
struct Term {
    entries: Vec<EntryId>,
    /// Entries that are filed with it or require it besides.
    uses: u32,
    /// The last event that has it.
    seen: u64,
}

#[derive(Debug, Default)]
struct AtPath {
    present: Option<TermId>,
    words: WordTable,
}

/// What was gathered of the present event; kept for the next one's sake.
#[derive(Debug, Default)]
struct Looking {
    /// Counts events.
    event: u64,
    terms: Vec<TermId>,
    lower: Vec<u8>,
    path: Vec<u8>,
}

impl<K> Default for Domain<K> {
    fn default() -> Domain<K> {
        Domain {
            accounts: Box::default(),
            rules: 0,
            entries: Vec::new(),
            free: Vec::new(),
            by_search: HashMap::new(),
            always: Vec::new(),
            terms: Vec::new(),
            free_terms: Vec::new(),
            paths: HashMap::new(),
            above: HashMap::new(),
            anywhere: WordTable::default(),
            looking: Looking::default(),
        }
    }
}

impl<K: Clone + Eq + Hash> Domain<K> {
    pub(super) fn is_empty(&self) -> bool {
        self.rules == 0
    }

    /// Adds a rule that is not there.
    pub(super) fn insert(&mut self, rule: K, view: &Arc<View>, search: &Search) -> EntryId {
        self.rules += 1;
        let printed = search.to_string();
        for id in self.by_search.get(&printed).into_iter().flatten() {
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
            EntryId::try_from(self.entries.len() - 1).expect("fewer rules than that fit into memory")
        });
        self.by_search.entry(printed.clone()).or_default().push(id);
        let filing = filing(search);
        let mut terms_of =
            |keys: &[Key]| -> Vec<(Key, TermId)> { keys.iter().map(|key| (key.clone(), self.use_term(key))).collect() };
        let also = filing.as_ref().map(|filing| terms_of(&filing.also)).unwrap_or_default();
        let keys = filing.as_ref().map(|filing| terms_of(&filing.keys));
        match &keys {
            Some(keys) => keys.iter().for_each(|(_, term)| self.terms[*term as usize].entries.push(id)),
            None => self.always.push(id),
        }
        let (view, search, matcher) = (view.clone(), search.clone(), Matcher::new(search));
        let entry = Entry { view, search, printed, matcher, keys, also, rules: vec![rule], seen: 0 };
        self.entries[id as usize] = Some(entry);
        id
    }

    /// Removes a rule of an entry.
    pub(super) fn remove(&mut self, rule: &K, id: EntryId) {
        let Some(entry) = &mut self.entries[id as usize] else { return };
        self.rules -= 1;
        entry.rules.retain(|each| each != rule);
        if !entry.rules.is_empty() {
            return;
        }
        let entry = self.entries[id as usize].take().expect("it was there above");
        match &entry.keys {
            Some(keys) => {
                for (_, term) in keys {
                    let entries = &mut self.terms[*term as usize].entries;
                    if let Some(at) = entries.iter().position(|each| *each == id) {
                        entries.swap_remove(at);
                    }
                }
            }
            None => self.always.retain(|each| *each != id),
        }
        for (key, term) in entry.keys.iter().flatten().chain(&entry.also) {
            self.drop_term(key, *term);
        }
        if let Some(same) = self.by_search.get_mut(&entry.printed) {
            same.retain(|each| *each != id);
            if same.is_empty() {
                self.by_search.remove(&entry.printed);
            }
        }
        self.free.push(id);
    }

    /// The term of a key, used once more.
    fn use_term(&mut self, key: &Key) -> TermId {
        let Domain { terms, free_terms, paths, above, anywhere, .. } = self;
        let make = || {
            free_terms.pop().unwrap_or_else(|| {
                terms.push(Term::default());
                TermId::try_from(terms.len() - 1).expect("fewer terms than that fit into memory")
            })
        };
        let path = match key {
            Key::Word { path, .. } => path.as_ref(),
            Key::Present(path) => Some(path),
        };
        let at = path.map(|path| {
            if !paths.contains_key(path) {
                for outer in outer_paths(path) {
                    *above.entry(outer.into()).or_default() += 1;
                }
            }
            paths.entry(path.clone()).or_default()
        });
        let term = match (key, at) {
            (Key::Word { text, is_prefix, .. }, None) => anywhere.term(text, *is_prefix, make),
            (Key::Word { text, is_prefix, .. }, Some(at)) => at.words.term(text, *is_prefix, make),
            (Key::Present(_), at) => *at.expect("it has a path").present.get_or_insert_with(make),
        };
        self.terms[term as usize].uses += 1;
        term
    }

    /// The term is used once less.
    fn drop_term(&mut self, key: &Key, term: TermId) {
        let uses = &mut self.terms[term as usize].uses;
        *uses -= 1;
        if *uses > 0 {
            return;
        }
        self.free_terms.push(term);
        let path = match key {
            Key::Word { path: None, text, is_prefix } => return self.anywhere.remove(text, *is_prefix),
            Key::Word { path: Some(path), .. } | Key::Present(path) => path,
        };
        let Some(at) = self.paths.get_mut(path) else { return };
        match key {
            Key::Word { text, is_prefix, .. } => at.words.remove(text, *is_prefix),
            Key::Present(_) => at.present = None,
        }
        if at.present.is_none() && at.words.is_empty() {
            self.paths.remove(path);
            for outer in outer_paths(path) {
                if let Some(count) = self.above.get_mut(outer) {
                    *count -= 1;
                    if *count == 0 {
                        self.above.remove(outer);
                    }
                }
            }
        }
    }

    /// See [`super::RuleIndex::look_at`].
    pub(super) fn look_at(
        &mut self,
        (account, seq, event): (AccountId, Seq, &Event),
        tried: &mut Tried,
        tell: &mut dyn FnMut(&K),
    ) {
        self.mark(event.raw());
        let Domain { entries, always, terms, looking, .. } = self;
        let number = looking.event;
        let filed = looking.terms.iter().flat_map(|term| &terms[*term as usize].entries);
        for id in always.iter().chain(filed) {
            let entry = entries[*id as usize].as_mut().expect("filed entries are there");
            let has = |(_, term): &(Key, TermId)| terms[*term as usize].seen == number;
            if entry.seen == number || !entry.also.iter().all(has) {
                continue;
            }
            entry.seen = number;
            tried.compared += 1;
            if entry.view.shows(account, seq, event) && entry.matcher.holds(event.raw()) {
                tried.rules += entry.rules.len();
                entry.rules.iter().for_each(&mut *tell);
            }
        }
    }

    /// Marks the terms that the event has.
    fn mark(&mut self, raw: &[u8]) {
        let Domain { terms, paths, above, anywhere, looking, .. } = self;
        let Looking { event, terms: marked, lower, path: lower_path } = looking;
        *event += 1;
        marked.clear();
        let mut mark = |term: TermId| {
            let seen = &mut terms[term as usize].seen;
            if *seen != *event {
                *seen = *event;
                marked.push(term);
            }
        };
        let mut look_up = |words: &WordTable, word: &[u8], mark: &mut dyn FnMut(TermId)| {
            lower.clear();
            lower.extend(word.iter().map(u8::to_ascii_lowercase));
            words.look_up(lower, mark);
        };
        if !paths.is_empty() {
            for_each_value(raw, &mut |path, value| {
                lower_path.clear();
                lower_path.extend(path.iter().map(u8::to_ascii_lowercase));
                if let Some(at) = paths.get(lower_path.as_slice()) {
                    at.present.into_iter().for_each(&mut mark);
                    if !at.words.is_empty() {
                        value.for_each_word(&mut |word| look_up(&at.words, word, &mut mark));
                    }
                }
                !matches!(value, Shown::Null | Shown::Bare(_)) && above.contains_key(lower_path.as_slice())
            });
        }
        if !anywhere.is_empty() {
            for_each_word(raw, &mut |word| look_up(anywhere, word, &mut mark));
        }
    }
}

/// The paths of the values that a value lies inside of: those that end before one of its dots.
fn outer_paths(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| &path[..at])
}
