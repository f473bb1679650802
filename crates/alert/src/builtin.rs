//! What Cairn brings along: rules, policies, templates.

pub mod rules;
