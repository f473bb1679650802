//! Where events live and are found: recent events in memory, immutable segments with an index.
