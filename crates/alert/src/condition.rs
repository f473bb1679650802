//! The conditions of rules: expressions over a row's fields.
