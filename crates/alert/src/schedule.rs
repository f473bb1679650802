//! When a rule runs.
