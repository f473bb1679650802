//! The plain model of events: what was sent, what was said about it, and what must therefore be found.

mod check;

use std::collections::BTreeMap;

use bytes::Bytes;
use host::simulated::Chance;
use journal::{AppendError, Entry, Outcome};
use model::trail::Selector;
use model::{AccountId, Event, Seq, Timestamp};

/// What is known about an event that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Not stored; to be sent again.
    Absent,
    /// The journal failed or died while it was written.
    Unknown,
    /// Acknowledged, or seen in an answer: there for good.
    Stored,
    /// Beyond the history: may go with its segment.
    Over,
    /// Was beyond the history and has gone.
    Gone,
}

#[derive(Debug, Clone)]
struct Known {
    standing: Standing,
    /// What may be stored under this id; one once that is known.
    raws: Vec<String>,
    seq: Option<Seq>,
}

/// An event on its way.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    account: AccountId,
    id: String,
    raw: String,
}

/// See the module.
pub(crate) struct Events {
    accounts: Vec<AccountId>,
    known: BTreeMap<(AccountId, String), Known>,
    made: u64,
    /// The greatest number that was acknowledged or seen.
    head: Seq,
}

impl Sent {
    pub(crate) fn entry(&self) -> Entry {
        Entry { account: self.account, event: parse(&self.raw) }
    }
}

fn parse(raw: &str) -> Event {
    Event::parse(Bytes::copy_from_slice(raw.as_bytes())).expect("the workload makes events")
}

impl Events {
    pub(crate) fn new(accounts: Vec<AccountId>) -> Events {
        Events { accounts, known: BTreeMap::new(), made: 0, head: Seq::ZERO }
    }

    pub(crate) fn head(&self) -> Seq {
        self.head
    }

    /// A batch of about this many events: mostly new, some sent before, some twice within the batch.
    pub(crate) fn batch(&mut self, count: usize, now: Timestamp, chance: &mut Chance) -> Vec<Sent> {
        let mut batch: Vec<Sent> = Vec::with_capacity(count);
        let repeatable: Vec<(AccountId, String)> = self
            .known
            .iter()
            .filter(|(_, known)| !matches!(known.standing, Standing::Over | Standing::Gone))
            .map(|(key, _)| key.clone())
            .collect();
        for _ in 0..count.max(1) {
            let kind = chance.below(10);
            let (account, id) = match kind {
                0 if !repeatable.is_empty() => repeatable[chance.below(repeatable.len())].clone(),
                1 if !batch.is_empty() => {
                    let again = &batch[chance.below(batch.len())];
                    (again.account, again.id.clone())
                }
                _ => {
                    self.made += 1;
                    (self.accounts[chance.below(self.accounts.len())], format!("e{}", self.made))
                }
            };
            let raw = make(&id, now, chance);
            batch.push(Sent { account, id, raw });
        }
        batch
    }

    /// Takes what the journal said. `is_calm`: nothing was made to fail, so nothing may.
    pub(crate) fn answered(
        &mut self,
        batch: &[Sent],
        answer: &Result<Vec<Outcome>, AppendError>,
        is_calm: bool,
    ) -> Result<(), String> {
        match answer {
            Ok(outcomes) => {
                batch.iter().zip(outcomes).try_for_each(|(sent, outcome)| self.acknowledged(sent, *outcome))
            }
            Err(error) if is_calm => Err(format!("an append failed on a sound disk: {error}")),
            Err(AppendError::Unknown { .. }) => {
                batch.iter().for_each(|sent| self.unknown(sent));
                Ok(())
            }
            // Refused, throttled, stopped: nothing happened.
            Err(_) => Ok(()),
        }
    }

    fn acknowledged(&mut self, sent: &Sent, outcome: Outcome) -> Result<(), String> {
        let key = (sent.account, sent.id.clone());
        let standing = self.known.get(&key).map_or(Standing::Absent, |known| known.standing);
        match (outcome, standing) {
            (Outcome::Stored(seq), Standing::Absent) => {
                if seq <= self.head {
                    return Err(format!("{} was given number {seq}, but {} was given before", sent.id, self.head));
                }
                self.head = seq;
                let known = Known { standing: Standing::Stored, raws: vec![sent.raw.clone()], seq: Some(seq) };
                self.known.insert(key, known);
                Ok(())
            }
            (Outcome::Duplicate, Standing::Stored) => Ok(()),
            (outcome, standing) => Err(format!("{} is {standing:?} and the journal says {outcome:?}", sent.id)),
        }
    }

    fn unknown(&mut self, sent: &Sent) {
        let absent = Known { standing: Standing::Absent, raws: Vec::new(), seq: None };
        let known = self.known.entry((sent.account, sent.id.clone())).or_insert(absent);
        if matches!(known.standing, Standing::Absent | Standing::Unknown) {
            known.standing = Standing::Unknown;
            known.raws.push(sent.raw.clone());
        }
    }

    /// Everything stored so far is now beyond the history.
    pub(crate) fn age(&mut self) {
        let stored = self.known.values_mut().filter(|known| known.standing == Standing::Stored);
        stored.for_each(|known| known.standing = Standing::Over);
    }

    /// How many are stored for certain.
    pub(crate) fn stored(&self) -> usize {
        self.known.values().filter(|known| known.standing == Standing::Stored).count()
    }

    /// The account's events in a stretch of the journal that a trail selects.
    pub(crate) fn selected(
        &self,
        account: AccountId,
        after: Seq,
        through: Option<Seq>,
        selector: &Selector,
    ) -> Vec<String> {
        let of_account = self.known.iter().filter(|((owner, _), _)| *owner == account);
        let within = of_account.filter(|(_, known)| {
            known.seq.is_some_and(|seq| seq > after && through.is_none_or(|through| seq <= through))
        });
        within.map(|(_, known)| known.raws[0].clone()).filter(|raw| selector.selects(&parse(raw))).collect()
    }
}

fn make(id: &str, now: Timestamp, chance: &mut Chance) -> String {
    let time = Timestamp(now.0 - chance.below(20_000) as i64);
    let region = ["cn-hangzhou", "cn-beijing", "cn-shanghai"][chance.below(3)];
    let event_rw = ["Read", "Write"][chance.below(2)];
    let user = ["alice", "bob", "carol"][chance.below(3)];
    let long = if chance.per_mille(50) { 2000 } else { 60 };
    let filler: String = (0..chance.below(long)).map(|_| char::from(b'a' + chance.below(26) as u8)).collect();
    format!(
        r#"{{"eventId":"{id}","eventTime":"{time}","acsRegion":"{region}","eventRW":"{event_rw}","userIdentity":{{"userName":"{user}"}}, "filler":"{filler}"}}"#
    )
}
