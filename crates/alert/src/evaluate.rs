//! From the rows of a rule's queries to alerts: join, group, severity, threshold.
