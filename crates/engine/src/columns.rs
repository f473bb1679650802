//! Which identifiers are columns of a table of events, and what each reads.
//!
//! `"event.<path>"` is a column whatever the path. Without `event.` in front only the documented keys of an event are, so
//! that a misspelt name is an error and not a column of NULL. Names compare without regard to case.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use model::Attribute;
use query::search::holds::{SOURCE, TOPICS};
use query::{Column, FieldPath};

/// The keys of an event, as ActionTrail documents them.
pub(crate) const EVENT_KEYS: [&str; 29] = [
    "eventId",
    "eventVersion",
    "eventCategory",
    "eventType",
    "eventName",
    "eventSource",
    "eventTime",
    "eventRW",
    "serviceName",
    "acsRegion",
    "apiVersion",
    "requestId",
    "sourceIpAddress",
    "userAgent",
    "userIdentity",
    "requestParameters",
    "requestParameterJson",
    "responseElements",
    "errorCode",
    "errorMessage",
    "additionalEventData",
    "referencedResources",
    "resourceType",
    "resourceName",
    "isGlobal",
    "recipientAccountId",
    "vpcId",
    "eventAttributes",
    "insightDetails",
];

/// What `*` stands for in Log Service's dialect: everything an event has, once.
pub(crate) const ALL_COLUMNS: [&str; 4] = ["__source__", "__topic__", "__time__", "event"];

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// Read from the event.
    Read(Column),
    /// The same text for every event.
    Constant(&'static str),
}

/// The column an identifier names, if it names one.
pub(crate) fn column(name: &str) -> Option<Content> {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    Some(if is("__time__") {
        Content::Read(Column::Seconds)
    } else if is("__topic__") {
        Content::Constant(TOPICS[0])
    } else if is("__source__") {
        Content::Constant(SOURCE)
    } else if is("event") {
        Content::Read(Column::Raw)
    } else if is("time") {
        Content::Read(Column::Time)
    } else if is("received") {
        Content::Read(Column::Received)
    } else if is("seq") {
        Content::Read(Column::Seq)
    } else if is("account") {
        Content::Read(Column::Account)
    } else {
        Content::Read(Column::Field(path(name)?))
    })
}

fn path(name: &str) -> Option<FieldPath> {
    let in_event = name.get(..6).filter(|head| head.eq_ignore_ascii_case("event.")).map(|_| &name[6..]);
    let dotted = in_event.unwrap_or(name);
    let (key, rest) = dotted.split_once('.').map_or((dotted, None), |(key, rest)| (key, Some(rest)));
    let documented = EVENT_KEYS.into_iter().find(|each| each.eq_ignore_ascii_case(key));
    if documented.is_none() && in_event.is_none() {
        return None;
    }
    let key = documented.unwrap_or(key);
    let path = FieldPath::parse(&rest.map_or_else(|| key.to_owned(), |rest| format!("{key}.{rest}")))?;
    // In its documented spelling a path is found among the typed columns.
    let mut typed = Attribute::ALL.into_iter().filter_map(Attribute::path);
    let typed = typed.find(|keys| {
        keys.len() == path.keys().len()
            && keys.iter().zip(path.keys()).all(|(one, other)| one.eq_ignore_ascii_case(other))
    });
    Some(typed.map_or(path, |keys| FieldPath::new(keys.iter().map(|key| (*key).to_owned()).collect())))
}

impl Content {
    /// What has to be read for these, each once.
    pub(crate) fn read(contents: &[Content]) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for content in contents {
            if let Content::Read(column) = content
                && !columns.contains(column)
            {
                columns.push(column.clone());
            }
        }
        columns
    }

    fn data_type(&self) -> DataType {
        match self {
            Content::Read(Column::Seconds) => DataType::Int64,
            Content::Read(Column::Seq) => DataType::UInt64,
            Content::Read(Column::Time | Column::Received) => DataType::Timestamp(TimeUnit::Millisecond, None),
            Content::Read(Column::Account | Column::Raw | Column::Field(_)) | Content::Constant(_) => DataType::Utf8,
        }
    }
}

/// The columns of a table, by the names the statement uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    named: Vec<(String, Content)>,
}

impl Columns {
    /// Adds the column this identifier names; whether it names one.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        if self.named.iter().any(|(each, _)| each == name) {
            return true;
        }
        let content = column(name);
        let is_column = content.is_some();
        self.named.extend(content.map(|content| (name.to_owned(), content)));
        is_column
    }

    /// What each column holds.
    pub(crate) fn contents(&self) -> Vec<Content> {
        self.named.iter().map(|(_, content)| content.clone()).collect()
    }

    /// As a schema.
    pub(crate) fn schema(&self) -> Schema {
        let field = |(name, content): &(String, Content)| {
            let is_always_there = !matches!(content, Content::Read(Column::Field(_)));
            Field::new(name, content.data_type(), !is_always_there)
        };
        Schema::new(self.named.iter().map(field).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_name_columns() {
        let field = |path: &str| Some(Content::Read(Column::Field(FieldPath::parse(path).unwrap())));
        assert_eq!(column("eventRw"), field("eventRW"));
        assert_eq!(column("event.eventrw"), field("eventRW"));
        assert_eq!(column("USERIDENTITY.username"), field("userIdentity.userName"));
        assert_eq!(column("event.anything.At.all"), field("anything.At.all"));
        assert_eq!(column("anything"), None);
        assert_eq!(column("event."), None);
        assert_eq!(column("__TIME__"), Some(Content::Read(Column::Seconds)));
    }
}
