//! What to make: whose events, how many people act, and over which time.

use std::str::FromStr;

use model::{AccountId, Timestamp};

use crate::random::{DIGITS, Random};

/// What a [`crate::Generator`] makes.
#[derive(Debug, Clone)]
pub struct Config {
    /// The accounts, busiest first; at least one.
    pub accounts: Vec<AccountId>,
    /// Who acts in each account: RAM users and roles, busiest first.
    pub users_per_account: usize,
    /// The time of the first event.
    pub start: Timestamp,
    /// The time of the last of `events`.
    pub end: Timestamp,
    /// How many events lie between `start` and `end`. Later ones follow at the same pace.
    pub events: u64,
}

impl Default for Config {
    /// Twenty accounts and 200,000 events over the first thirty days of 2026.
    fn default() -> Self {
        Config {
            accounts: account_ids(1, 20),
            users_per_account: 50,
            start: Timestamp(1_767_225_600_000),
            end: Timestamp(1_769_817_600_000),
            events: 200_000,
        }
    }
}

/// `count` account ids of 16 digits that follow from the seed.
pub fn account_ids(seed: u64, count: usize) -> Vec<AccountId> {
    let mut random = Random::new(seed ^ 0xACC0);
    let mut one = || {
        let mut digits = String::from("1");
        random.text(&mut digits, DIGITS, 15);
        AccountId::from_str(&digits).expect("sixteen digits are an account id")
    };
    (0..count).map(|_| one()).collect()
}
