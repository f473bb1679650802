//! A number of days, whole or not: a history of hours is for nodes that try something out.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

const DAY_SECONDS: f64 = 86_400.0;
/// A century. The calendar of events has four digits for the year.
const DAYS_MAX: f64 = 36_525.0;

/// A time span given in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(Duration);

impl Days {
    /// The span; `None` for 0, which means without end.
    pub fn span(self) -> Option<Duration> {
        (!self.0.is_zero()).then_some(self.0)
    }

    fn read<E: de::Error>(days: f64) -> Result<Days, E> {
        if !(0.0..=DAYS_MAX).contains(&days) {
            return Err(E::custom(format!("{days} is not a number of days from 0 to {DAYS_MAX}")));
        }
        Ok(Days(Duration::from_secs_f64(days * DAY_SECONDS)))
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let days = self.0.as_secs_f64() / DAY_SECONDS;
        if days.fract() == 0.0 { to.serialize_u64(days as u64) } else { to.serialize_f64(days) }
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Days, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Days;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of days")
            }

            fn visit_i64<E: de::Error>(self, days: i64) -> Result<Days, E> {
                Days::read(days as f64)
            }

            fn visit_u64<E: de::Error>(self, days: u64) -> Result<Days, E> {
                Days::read(days as f64)
            }

            fn visit_f64<E: de::Error>(self, days: f64) -> Result<Days, E> {
                Days::read(days)
            }
        }
        from.deserialize_any(Number)
    }
}
