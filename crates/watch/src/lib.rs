//! Alerting at work: runs rules on their schedules and on the stream of new events, keeps incidents and merge sets, and
//! sends what the outbox holds. What alerting means is decided in `alert`.
