//! Decisions of an account, made on a thread of their own: its templates are its own and take their time, so they never hold
//! up a thread that serves. An account that breaks one is set aside for a while, and the others go on.

use std::collections::BTreeSet;
use std::time::Duration;

use alert::Fingerprint;
use catalog::{CatalogError, IncidentChange};
use model::{AccountId, Timestamp};
use tracing::error;

use super::accounts::{Surroundings, read_silences};
use super::clerk::Clerk;
use super::draft::Draft;
use crate::decide::{Decided, Decider, Question};

/// How long an account's sets are left alone after deciding for them broke: a mistake of ours that most likely repeats.
const ASIDE: Duration = Duration::from_secs(60);

/// Nothing was drafted.
pub(super) enum NoDraft {
    /// The catalog failed.
    Catalog(CatalogError),
    /// Deciding for an account broke. It is set aside now.
    Broke,
}

impl From<CatalogError> for NoDraft {
    fn from(error: CatalogError) -> NoDraft {
        NoDraft::Catalog(error)
    }
}

impl Clerk {
    /// Lets an account's decider work.
    pub(super) async fn decide<T: Send + 'static>(
        &mut self,
        account: AccountId,
        now: Timestamp,
        work: impl FnOnce(&mut Decider) -> T + Send + 'static,
    ) -> Result<T, NoDraft> {
        let rules = self.tools.rules.borrow().clone();
        let mut decider = self.accounts.lend(&self.tools.catalog, account, &rules, now).await?;
        let working = move || {
            let result = work(&mut decider);
            (decider, result)
        };
        match tokio::task::spawn_blocking(working).await {
            Ok((decider, result)) => {
                self.accounts.give_back(account, decider);
                Ok(result)
            }
            Err(error) => {
                error!(%error, "deciding who hears of an account's alerts broke; it waits for a minute");
                self.accounts.set_aside(account, now.plus(ASIDE));
                Err(NoDraft::Broke)
            }
        }
    }

    /// Lets an account's sets speak that are due.
    pub(super) async fn speak(&mut self, account: AccountId, now: Timestamp, draft: &mut Draft) -> Result<(), NoDraft> {
        let told = self.accounts.due_alerts(account, now);
        let around = self.surroundings(account, told, now).await?;
        let silences = read_silences(&self.tools.catalog, account, now).await?;
        let speaking = move |decider: &mut Decider| {
            decider.heeds(silences);
            decider.due(now, &around)
        };
        let decided = self.decide(account, now, speaking).await?;
        self.told(account, decided, now, draft);
        Ok(())
    }

    /// What follows from the recipients that somebody outside named. An account that is set aside has to wait: the question
    /// stays in the outbox.
    pub(super) async fn take_answer(
        &mut self,
        id: &str,
        account: AccountId,
        question: &Question,
        now: Timestamp,
        draft: &mut Draft,
    ) -> Result<(), NoDraft> {
        if self.accounts.is_aside(account, now) {
            return Ok(());
        }
        let around = self.surroundings(account, BTreeSet::new(), now).await?;
        let question = question.clone();
        let answering =
            move |decider: &mut Decider| decider.answered(&question, question.planned.clone(), now, &around);
        let decisions = self.decide(account, now, answering).await?;
        self.record(account, decisions, now, draft);
        draft.change.answered.push((id.to_owned(), "recipients named".to_owned()));
        Ok(())
    }

    /// `told` are the alerts that may be told.
    pub(super) async fn surroundings(
        &self,
        account: AccountId,
        told: BTreeSet<Fingerprint>,
        now: Timestamp,
    ) -> Result<Surroundings, CatalogError> {
        Surroundings::of(&self.tools, account, told, now).await
    }

    fn told(&mut self, account: AccountId, decided: Decided, now: Timestamp, draft: &mut Draft) {
        for told in decided.told {
            let (id, action_policy) = (told.alert.incident, told.action_policy);
            let escalate_at = told.escalate_at;
            draft.change.incidents.push(IncidentChange::Told { id, action_policy, at: now, escalate_at });
        }
        self.record(account, decided.decisions, now, draft);
    }
}
