//! What Cairn brings along: rules, policies, templates.
