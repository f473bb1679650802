//! The questions put to the store, and whether its answers are those of the model.

use std::collections::BTreeMap;

use host::simulated::Chance;
use model::{AccountId, Attribute, Seq, Timestamp};
use store::{Condition, Found, Lookup, Store};

use super::{Events, Standing, parse};
use crate::node::story_of;

impl Events {
    /// Reads everything and compares. `is_restarted`: what is unknown is decided now.
    pub(crate) fn check_all(&mut self, store: &Store, is_restarted: bool, chance: &mut Chance) -> Result<(), String> {
        for account in self.accounts.clone() {
            let lookup = everything(account, Vec::new(), chance);
            let found = self.read_all(store, lookup)?;
            let by_number = store.read_after(account, Seq::ZERO, Seq(u64::MAX), usize::MAX);
            let mut by_number = by_number.map_err(|error| story_of(&error))?.events;
            let is_ascending = by_number.windows(2).all(|pair| pair[0].seq < pair[1].seq);
            by_number.sort_by_key(Found::position);
            let mut by_position = found.clone();
            by_position.sort_by_key(Found::position);
            let numbers = |found: &[Found]| found.iter().map(|found| found.seq).collect::<Vec<_>>();
            if !is_ascending || numbers(&by_number) != numbers(&by_position) {
                return Err(format!("account {account}: reading by number and looking up give different events"));
            }
            self.compare(account, &found)?;
        }
        for known in self.known.values_mut() {
            if known.standing == Standing::Unknown && is_restarted {
                known.standing = Standing::Absent;
                known.raws.clear();
            }
        }
        Ok(())
    }

    /// Takes what is found as settled; what is missing must be allowed to.
    fn compare(&mut self, account: AccountId, found: &[Found]) -> Result<(), String> {
        let mut by_id: BTreeMap<&str, &Found> = BTreeMap::new();
        for found in found {
            let id = found.event.id();
            if by_id.insert(id, found).is_some() {
                return Err(format!("{id} of account {account} is found twice"));
            }
            let known = self.known.get_mut(&(account, id.to_owned()));
            let Some(known) = known.filter(|known| !matches!(known.standing, Standing::Absent | Standing::Gone)) else {
                return Err(format!("{id} of account {account} is found and was never stored, or had gone"));
            };
            let raw = String::from_utf8_lossy(found.event.raw()).into_owned();
            if !known.raws.contains(&raw) {
                return Err(format!("{id} of account {account} is not what was sent"));
            }
            if known.seq.is_some_and(|seq| seq != found.seq) {
                return Err(format!("{id} of account {account} has changed its number to {}", found.seq));
            }
            if known.standing == Standing::Unknown {
                known.standing = Standing::Stored;
            }
            known.raws = vec![raw];
            known.seq = Some(found.seq);
            self.head = self.head.max(found.seq);
        }
        let of_account = self.known.iter_mut().filter(|((owner, _), _)| *owner == account);
        for ((_, id), known) in of_account {
            if by_id.contains_key(id.as_str()) {
                continue;
            }
            match known.standing {
                Standing::Stored => return Err(format!("{id} of account {account} was acknowledged and is lost")),
                Standing::Over => known.standing = Standing::Gone,
                Standing::Absent | Standing::Unknown | Standing::Gone => {}
            }
        }
        Ok(())
    }

    /// A few questions with conditions.
    pub(crate) fn check_some(&self, store: &Store, chance: &mut Chance) -> Result<(), String> {
        let ids: Vec<&(AccountId, String)> = self.known.keys().collect();
        for _ in 0..3 {
            let condition = match chance.below(3) {
                0 if !ids.is_empty() => {
                    let (account, id) = ids[chance.below(ids.len())].clone();
                    self.ask(store, account, Condition::Is(Attribute::EventId, id), chance)?;
                    continue;
                }
                1 => Condition::Is(Attribute::Region, "cn-beijing".into()),
                _ => Condition::Is(Attribute::User, ["alice", "bob", "nobody"][chance.below(3)].into()),
            };
            let account = self.accounts[chance.below(self.accounts.len())];
            self.ask(store, account, condition, chance)?;
        }
        Ok(())
    }

    /// Every page.
    fn read_all(&self, store: &Store, mut lookup: Lookup) -> Result<Vec<Found>, String> {
        let mut all: Vec<Found> = Vec::new();
        loop {
            let page = store.lookup(&lookup).map_err(|error| story_of(&error))?;
            lookup.after = page.events.last().map(Found::position);
            all.extend(page.events);
            if !page.more {
                break;
            }
            // A damaged index can lead in circles.
            if all.len() > self.known.len() {
                return Err("an answer has more events than were sent".to_owned());
            }
        }
        let in_order = all.windows(2).all(|pair| (pair[0].position() > pair[1].position()) == lookup.newest_first);
        if in_order { Ok(all) } else { Err("an answer is not in order".to_owned()) }
    }

    fn ask(&self, store: &Store, account: AccountId, condition: Condition, chance: &mut Chance) -> Result<(), String> {
        let found = self.read_all(store, everything(account, vec![condition.clone()], chance))?;
        let mut ids: Vec<&str> = found.iter().map(|found| found.event.id()).collect();
        ids.sort_unstable();
        let of_account = self.known.iter().filter(|((owner, _), _)| *owner == account);
        let holds = of_account.filter(|(_, known)| known.raws.first().is_some_and(|raw| condition.holds(&parse(raw))));
        for ((_, id), known) in holds {
            let count = ids.iter().filter(|found| *found == id).count();
            let is_right = match known.standing {
                Standing::Stored => count == 1,
                Standing::Over | Standing::Unknown => count <= 1,
                Standing::Absent | Standing::Gone => count == 0,
            };
            if !is_right {
                return Err(format!("{condition:?}: {id} is {:?} and is found {count} times", known.standing));
            }
        }
        let is_known = |id: &&str| self.known.contains_key(&(account, (*id).to_owned()));
        match ids.iter().find(|id| !is_known(id)) {
            Some(stranger) => Err(format!("{condition:?}: {stranger} was never sent")),
            None => Ok(()),
        }
    }
}

fn everything(account: AccountId, conditions: Vec<Condition>, chance: &mut Chance) -> Lookup {
    Lookup {
        account,
        from: Timestamp::MIN,
        through: Timestamp::MAX,
        conditions,
        newest_first: chance.per_mille(500),
        after: None,
        limit: 1 + chance.below(200),
    }
}
