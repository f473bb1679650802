//! Where one kind of a trail's deliveries goes.

use model::trail::{BucketTarget, DestinationKind, Destinations, LogTarget, TableTarget};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Objects.
    Bucket(BucketTarget),
    /// Logs, to a project outside this node.
    Logs(LogTarget),
    /// Rows.
    Table(TableTarget),
}

impl Target {
    /// The one of this kind.
    pub(crate) fn of(destinations: &Destinations, kind: DestinationKind) -> Option<Target> {
        match kind {
            DestinationKind::Bucket => destinations.bucket.clone().map(Target::Bucket),
            DestinationKind::LogService => destinations.logs.clone().filter(|logs| logs.is_remote).map(Target::Logs),
            DestinationKind::Table => destinations.table.clone().map(Target::Table),
        }
    }

    /// Its name, for the log.
    pub(crate) fn name(&self) -> &str {
        match self {
            Target::Bucket(bucket) => &bucket.name,
            Target::Logs(logs) => &logs.project,
            Target::Table(table) => &table.project,
        }
    }
}
