//! The columns of a table, once for Arrow and once for Delta. `docs/book/warehouse.md` is their description.
//!
//! Columns may be added at the end, nullable; what a released version wrote is never renamed, retyped or removed, because
//! tables outlive versions and others read them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::{ArrayType, DataType as DeltaType, StructField};
use model::Attribute;

/// The column a table is partitioned by; it is in the files' paths and not in the files.
pub(crate) const DAY: &str = "day";
/// The columns of which each file states the least and the greatest value, so that readers skip files.
pub(crate) const STATED: [&str; 4] = ["event_time", "received_time", "seq", "account_id"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// When the event happened.
    EventTime,
    /// When it was received.
    ReceivedTime,
    /// Its number.
    Seq,
    /// Whose it is.
    Account,
    /// The first value of an attribute.
    One(Attribute),
    /// Every value of an attribute.
    All(Attribute),
    /// The JSON as it was sent.
    Event,
}

/// Every column of a data file, in order.
pub(crate) const COLUMNS: [(&str, Kind); 22] = [
    ("event_time", Kind::EventTime),
    ("event_id", Kind::One(Attribute::EventId)),
    ("event_name", Kind::One(Attribute::EventName)),
    ("service_name", Kind::One(Attribute::ServiceName)),
    ("event_rw", Kind::One(Attribute::EventRw)),
    ("event_type", Kind::One(Attribute::EventType)),
    ("event_category", Kind::One(Attribute::EventCategory)),
    ("acs_region", Kind::One(Attribute::Region)),
    ("source_ip_address", Kind::One(Attribute::SourceIpAddress)),
    ("error_code", Kind::One(Attribute::ErrorCode)),
    ("user_name", Kind::One(Attribute::User)),
    ("user_type", Kind::One(Attribute::UserType)),
    ("principal_id", Kind::One(Attribute::PrincipalId)),
    ("role_name", Kind::One(Attribute::RoleName)),
    ("access_key_id", Kind::One(Attribute::EventAccessKeyId)),
    ("resource_types", Kind::All(Attribute::ResourceType)),
    ("resource_names", Kind::All(Attribute::ResourceName)),
    ("sensitive_action", Kind::One(Attribute::SensitiveAction)),
    ("account_id", Kind::Account),
    ("seq", Kind::Seq),
    ("received_time", Kind::ReceivedTime),
    ("event", Kind::Event),
];

/// Microseconds, because Delta has no other timestamps.
fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The element of a column with several values.
pub(crate) fn element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

impl Kind {
    fn is_nullable(self) -> bool {
        !matches!(
            self,
            Kind::EventTime
                | Kind::ReceivedTime
                | Kind::Seq
                | Kind::Account
                | Kind::Event
                | Kind::One(Attribute::EventId)
        )
    }

    fn arrow(self) -> DataType {
        match self {
            Kind::EventTime | Kind::ReceivedTime => timestamp(),
            Kind::Seq => DataType::Int64,
            Kind::Account | Kind::One(_) | Kind::Event => DataType::Utf8,
            Kind::All(_) => DataType::List(element()),
        }
    }

    fn delta(self) -> DeltaType {
        match self {
            Kind::EventTime | Kind::ReceivedTime => DeltaType::TIMESTAMP,
            Kind::Seq => DeltaType::LONG,
            Kind::Account | Kind::One(_) | Kind::Event => DeltaType::STRING,
            Kind::All(_) => DeltaType::Array(Box::new(ArrayType::new(DeltaType::STRING, false))),
        }
    }
}

/// The schema of a data file.
pub(crate) fn file_schema() -> SchemaRef {
    let field = |(name, kind): &(&str, Kind)| Field::new(*name, kind.arrow(), kind.is_nullable());
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

/// The columns of a table, with the one it is partitioned by.
pub(crate) fn table_columns() -> Vec<StructField> {
    let column = |(name, kind): &(&str, Kind)| StructField::new(*name, kind.delta(), kind.is_nullable());
    let day = StructField::new(DAY, DeltaType::DATE, false);
    COLUMNS.iter().map(column).chain([day]).collect()
}
