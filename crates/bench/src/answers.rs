//! Who answers: the node over HTTP, its store in this process without the network and the signature, or ClickHouse.
//!
//! Each question is asked once for every subject, then all again: the second round is *warm*, whoever answers has in
//! memory what it keeps there. *Cold* questions are a few of each kind, and before each one whoever answers is started
//! again and the kernel gives up its pages of the data ([`crate::page_cache`]). All who answer must find the same.

mod clickhouse;
mod in_process;
mod over_http;

use std::time::Duration;

use anyhow::{Result, ensure};
use store::Lookup;

use crate::questions::{Kind, Questions};
use crate::report::{Answered, Cold};

pub(crate) use clickhouse::ByClickHouse;
pub(crate) use in_process::InProcess;
pub(crate) use over_http::OverHttp;

/// One answered lookup.
pub(crate) struct Answer {
    /// Events on the first page.
    pub(crate) found: usize,
    pub(crate) took: Duration,
}

/// Something that answers lookups.
pub(crate) trait Answers {
    /// Asks for the first page.
    async fn answer(&mut self, lookup: &Lookup) -> Result<Answer>;
    /// Starts again, with none of the data in its own memory or in the kernel's.
    async fn forget(&mut self) -> Result<()>;
    /// Bytes it has read from the disk since it was started.
    fn read_bytes(&self) -> Result<u64>;
}

/// Asks everything.
pub(crate) async fn measure(
    questions: &Questions,
    cold_questions: usize,
    answers: &mut impl Answers,
) -> Result<Vec<Answered>> {
    let mut answered = Vec::new();
    for Kind { name, aim_ms, lookups } in &questions.kinds {
        let first = round(lookups, answers).await?;
        let again = round(lookups, answers).await?;
        ensure!(first.found.iter().any(|found| *found > 0), "{name}: nothing was found, which measures nothing");
        ensure!(first.found == again.found, "{name}: the same questions had other answers the second time");
        answered.push(Answered::new(name, *aim_ms, first.found, &first.times, &again.times));
    }
    for (kind, answered) in questions.kinds.iter().zip(&mut answered) {
        answered.cold = cold(kind, cold_questions, answers, answered).await?;
    }
    Ok(answered)
}

/// Fails where one found another number of events than the other.
pub(crate) fn check_same(kinds: &[Kind], ours: &[Answered], theirs: &[Answered]) -> Result<()> {
    for ((kind, ours), theirs) in kinds.iter().zip(ours).zip(theirs) {
        ensure!(ours.found.len() == theirs.found.len(), "{}: not everything was asked", kind.name);
        for ((lookup, ours), theirs) in kind.lookups.iter().zip(&ours.found).zip(&theirs.found) {
            ensure!(ours == theirs, "{}: one found {ours} events, the other {theirs}, for {lookup:?}", kind.name);
        }
    }
    Ok(())
}

struct Round {
    times: Vec<Duration>,
    found: Vec<usize>,
}

async fn round(lookups: &[Lookup], answers: &mut impl Answers) -> Result<Round> {
    let mut round = Round { times: Vec::with_capacity(lookups.len()), found: Vec::with_capacity(lookups.len()) };
    for lookup in lookups {
        let Answer { found, took } = answers.answer(lookup).await?;
        round.times.push(took);
        round.found.push(found);
    }
    Ok(round)
}

async fn cold(kind: &Kind, count: usize, answers: &mut impl Answers, warm: &Answered) -> Result<Option<Cold>> {
    let (mut times, mut read) = (Vec::new(), 0);
    for index in spread(kind.lookups.len(), count) {
        answers.forget().await?;
        let before = answers.read_bytes()?;
        let Answer { found, took } = answers.answer(&kind.lookups[index]).await?;
        read += answers.read_bytes()?.saturating_sub(before);
        ensure!(found == warm.found[index], "{}: {found} events when cold, {} when warm", kind.name, warm.found[index]);
        times.push(took);
    }
    Ok(Cold::new(&times, read))
}

/// Positions of `count` of `len` subjects, evenly spread; some twice when there are fewer.
fn spread(len: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |number| number * len.max(count) / count % len)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn another_number_of_events_is_named() {
        let lookup = Lookup {
            account: "1234567890123456".parse().expect("an account"),
            from: Timestamp(0),
            through: Timestamp(1),
            conditions: Vec::new(),
            newest_first: true,
            after: None,
            limit: 50,
        };
        let kinds = [Kind { name: "by id", aim_ms: 1.0, lookups: vec![lookup.clone(), lookup] }];
        let found = |found: &[usize]| [Answered::new("by id", 1.0, found.to_vec(), &[], &[])];
        check_same(&kinds, &found(&[1, 50]), &found(&[1, 50])).expect("the same");
        let error = check_same(&kinds, &found(&[1, 50]), &found(&[1, 49])).expect_err("one less");
        assert!(error.to_string().starts_with("by id: one found 50 events, the other 49"), "{error}");
        check_same(&kinds, &found(&[1, 50]), &found(&[1])).expect_err("one was not asked");
    }

    #[test]
    fn cold_subjects_are_spread() {
        let of = |len, count| spread(len, count).collect::<Vec<_>>();
        assert_eq!(of(50, 5), [0, 10, 20, 30, 40]);
        assert_eq!(of(5, 7), [0, 1, 2, 3, 4, 0, 1]);
        assert_eq!(of(1, 3), [0, 0, 0]);
        assert!(of(9, 0).is_empty());
    }
}
