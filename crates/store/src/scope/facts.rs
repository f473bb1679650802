//! The conditions of a lookup, made ready.
//!
//! They ask for facts, as `model` reads them from an event (a fact may have several values, or be put together from two
//! fields), and for phrases in values. The query language has no words for that: its conditions ask for what the JSON has at
//! a path, and letters' case does not count. So a lookup's conditions go beside a search's, through the same walk.

use model::event::Category;
use model::{Attribute, Event};

use super::conditions::Node;
use super::leaf::Leaf;
use crate::lookup::Condition;
use crate::terms::{Phrase, attribute_hash};

/// See the module. All must hold.
#[derive(Default)]
pub(super) struct Facts {
    values: Vec<(Attribute, String)>,
    /// Of each list one must hold.
    any_of: Vec<Vec<(Attribute, String)>>,
    categories: Vec<Category>,
    phrases: Vec<Phrase>,
}

impl Facts {
    pub(super) fn new(conditions: &[Condition]) -> Facts {
        let mut facts = Facts::default();
        for condition in conditions {
            match condition {
                Condition::Is(attribute, value) => facts.values.push((*attribute, value.clone())),
                Condition::Text(text) => facts.phrases.push(Phrase::parse(text)),
                Condition::AnyOf(pairs) => facts.any_of.push(pairs.clone()),
                Condition::Category(category) => facts.categories.push(*category),
            }
        }
        facts
    }

    /// The part that is about the JSON: most candidates of a page that has a word fall here, before their facts are read.
    pub(super) fn hold_in(&self, raw: &[u8]) -> bool {
        self.phrases.iter().all(|phrase| phrase.is_in(raw))
    }

    /// The part that is about facts.
    pub(super) fn hold_for(&self, event: &Event) -> bool {
        let has = |(attribute, value): &(Attribute, String)| event.has(*attribute, value);
        self.values.iter().all(has)
            && self.categories.iter().all(|category| event.category() == *category)
            && self.any_of.iter().all(|pairs| pairs.iter().any(has))
    }

    /// The hashes of values that every event of the answer has.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.values.iter().map(|(attribute, value)| attribute_hash(*attribute, value))
    }

    /// What an index can be asked.
    pub(super) fn tree(&self) -> Node<Leaf> {
        let value = |(attribute, value): &(Attribute, String)| Node::Leaf(Leaf::Value(*attribute, value.clone()));
        let values = self.values.iter().map(value);
        let any_of = self.any_of.iter().map(|pairs| Node::Or(pairs.iter().map(value).collect()));
        let phrases = self.phrases.iter().map(|phrase| Node::Leaf(Leaf::Phrase(phrase.hashes().collect())));
        let categories = self.categories.iter().map(|_| Node::Leaf(Leaf::Category));
        let all: Vec<Node<Leaf>> = values.chain(any_of).chain(phrases).chain(categories).collect();
        if all.is_empty() { Node::Constant(true) } else { Node::And(all) }
    }
}
