//! Delta Lake tables of delivered events.
