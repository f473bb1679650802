//! Action policies: who hears of a set of alerts, and how.
