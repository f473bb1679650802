//! Logstores: named views of the store. Nothing is copied into one; it says which events it shows.

use std::sync::Arc;

use crate::trail::Selector;
use crate::{AccountId, Event, Seq, Timestamp};

/// Some events of one account: those with numbers in `(after, through]` that the selector selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whose events.
    pub account: AccountId,
    /// After this one.
    pub after: Seq,
    /// Up to and including this one; `None` while the part is open.
    pub through: Option<Seq>,
    /// Which of them; `None` for every one, of whatever category.
    pub selector: Option<Arc<Selector>>,
    /// Only what happened at or after this.
    pub from: Timestamp,
    /// Only what happened before this.
    pub before: Timestamp,
}

impl Part {
    /// Events of any time with numbers in `(after, through]`.
    pub fn new(account: AccountId, after: Seq, through: Option<Seq>, selector: Option<Arc<Selector>>) -> Part {
        Part { account, after, through, selector, from: Timestamp(i64::MIN), before: Timestamp(i64::MAX) }
    }

    /// Whether the part shows this event of its account.
    pub fn shows(&self, seq: Seq, event: &Event) -> bool {
        self.holds(seq)
            && self.holds_time(event.time())
            && self.selector.as_ref().is_none_or(|selector| selector.selects(event))
    }

    /// Whether events of every time are shown.
    pub fn is_timeless(&self) -> bool {
        self.from == Timestamp(i64::MIN) && self.before == Timestamp(i64::MAX)
    }

    /// Whether events that happened then are shown.
    pub fn holds_time(&self, time: Timestamp) -> bool {
        time >= self.from && time < self.before
    }

    /// Whether the number lies in the part.
    pub fn holds(&self, seq: Seq) -> bool {
        seq > self.after && self.through.is_none_or(|through| seq <= through)
    }
}

/// What a Logstore shows: the union of its parts. An event that several parts show is shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Sorted by account, then by `after`.
    parts: Vec<Part>,
    /// Nothing that happened before this is shown: the Logstore's retention.
    pub not_before: Timestamp,
}

impl View {
    /// The union of these parts, without an end of its own.
    pub fn new(mut parts: Vec<Part>) -> View {
        parts.sort_by_key(|part| (part.account, part.after));
        View { parts, not_before: Timestamp(i64::MIN) }
    }

    /// Everything an account has.
    pub fn of_account(account: AccountId) -> View {
        View::of_accounts(&[account])
    }

    /// Everything these accounts have.
    pub fn of_accounts(accounts: &[AccountId]) -> View {
        View::new(accounts.iter().map(|account| Part::new(*account, Seq::ZERO, None, None)).collect())
    }

    /// The parts, sorted by account.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The parts of one account after another.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &[Part])> {
        self.parts.chunk_by(|one, other| one.account == other.account).map(|parts| (parts[0].account, parts))
    }

    /// Whether the view shows this event.
    pub fn shows(&self, account: AccountId, seq: Seq, event: &Event) -> bool {
        let start = self.parts.partition_point(|part| part.account < account);
        let of_account = self.parts[start..].iter().take_while(|part| part.account == account);
        event.time() >= self.not_before && of_account.clone().any(|part| part.shows(seq, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::{EventRw, TrailRegions};

    #[test]
    fn a_view_is_the_union_of_its_parts() {
        let event = |rw: &str| {
            let json = format!(r#"{{"eventId":"1","eventTime":"2026-01-02T00:00:00Z","eventRW":"{rw}"}}"#);
            Event::parse(json.into_bytes().into()).unwrap()
        };
        let account: AccountId = "1000000000000001".parse().unwrap();
        let other: AccountId = "1000000000000002".parse().unwrap();
        let writes = Arc::new(Selector::management(EventRw::Write, TrailRegions::All));
        let part = |after, through: Option<u64>, selector| Part::new(account, Seq(after), through.map(Seq), selector);
        let mut view = View::new(vec![part(10, None, Some(writes)), part(2, Some(4), None)]);
        for (seq, rw, is_shown) in [
            (2, "Read", false),
            (3, "Read", true),
            (4, "Read", true),
            (5, "Write", false),
            (11, "Write", true),
            (11, "Read", false),
        ] {
            assert_eq!(view.shows(account, Seq(seq), &event(rw)), is_shown, "{seq} {rw}");
            assert!(!view.shows(other, Seq(seq), &event(rw)));
        }
        view.not_before = Timestamp::parse("2026-01-02T00:00:01Z").unwrap();
        assert!(!view.shows(account, Seq(3), &event("Read")));
    }

    #[test]
    fn a_part_may_be_limited_in_time() {
        let at = |time: &str| Timestamp::parse(time).unwrap();
        let json = br#"{"eventId":"1","eventTime":"2026-01-02T00:00:00Z"}"#;
        let event = Event::parse(json.to_vec().into()).unwrap();
        let mut part = Part::new("100".parse().unwrap(), Seq(0), None, None);
        assert!(part.is_timeless() && part.shows(Seq(1), &event));
        part.from = at("2026-01-02T00:00:00Z");
        part.before = at("2026-01-02T00:00:01Z");
        assert!(!part.is_timeless() && part.shows(Seq(1), &event));
        part.before = part.from;
        assert!(!part.shows(Seq(1), &event), "the end is not shown");
    }
}
