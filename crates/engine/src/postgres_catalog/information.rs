//! `information_schema`, with the columns PostgreSQL has: what tools ask for and DataFusion's own has not.
//!
//! There are no keys, constraints, views and routines, so those tables are empty.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::{MemTable, MemorySchemaProvider, SchemaProvider};
use datafusion::error::Result;

use super::DATABASE;

/// A table as it is described: schema, name, columns.
pub(super) struct Described {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: arrow::datatypes::SchemaRef,
}

/// Tables without rows, and their columns, all of text.
const EMPTY: [(&str, &[&str]); 9] = [
    ("views", &["table_catalog", "table_schema", "table_name", "view_definition", "check_option", "is_updatable"]),
    (
        "table_constraints",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "constraint_type",
            "is_deferrable",
            "initially_deferred",
            "enforced",
        ],
    ),
    (
        "key_column_usage",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "ordinal_position",
            "position_in_unique_constraint",
        ],
    ),
    (
        "constraint_column_usage",
        &[
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
        ],
    ),
    (
        "referential_constraints",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "unique_constraint_catalog",
            "unique_constraint_schema",
            "unique_constraint_name",
            "match_option",
            "update_rule",
            "delete_rule",
        ],
    ),
    ("routines", &["specific_name", "routine_catalog", "routine_schema", "routine_name", "routine_type", "data_type"]),
    ("parameters", &["specific_name", "ordinal_position", "parameter_mode", "parameter_name", "data_type"]),
    ("triggers", &["trigger_catalog", "trigger_schema", "trigger_name", "event_object_table", "action_statement"]),
    ("sequences", &["sequence_catalog", "sequence_schema", "sequence_name", "data_type"]),
];

/// The schema over these tables.
pub(super) fn schema(tables: &[Described]) -> Result<Arc<dyn SchemaProvider>> {
    let provider = MemorySchemaProvider::new();
    let add = |name: &str, columns: Vec<(&str, ArrayRef)>| -> Result<()> {
        let fields: Vec<Field> =
            columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, column)| column).collect())?;
        provider.register_table(name.to_owned(), Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))?;
        Ok(())
    };
    for (name, columns) in EMPTY {
        let nothing = || Arc::new(StringArray::from(Vec::<Option<&str>>::new())) as ArrayRef;
        add(name, columns.iter().map(|column| (*column, nothing())).collect())?;
    }
    let mut schemas: Vec<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
    schemas.extend(["public", "information_schema", "pg_catalog"]);
    schemas.sort_unstable();
    schemas.dedup();
    let same = |text: &str, len: usize| Arc::new(StringArray::from(vec![text; len])) as ArrayRef;
    let none = |len: usize| Arc::new(StringArray::from(vec![None::<&str>; len])) as ArrayRef;
    add(
        "schemata",
        vec![
            ("catalog_name", same(DATABASE, schemas.len())),
            ("schema_name", Arc::new(StringArray::from(schemas.clone()))),
            ("schema_owner", same(DATABASE, schemas.len())),
            ("default_character_set_name", none(schemas.len())),
            ("sql_path", none(schemas.len())),
        ],
    )?;
    let of_tables = |text: fn(&Described) -> &str| Arc::new(StringArray::from_iter_values(tables.iter().map(text)));
    add(
        "tables",
        vec![
            ("table_catalog", same(DATABASE, tables.len())),
            ("table_schema", of_tables(|table| &table.schema)),
            ("table_name", of_tables(|table| &table.name)),
            ("table_type", same("BASE TABLE", tables.len())),
            ("self_referencing_column_name", none(tables.len())),
            ("reference_generation", none(tables.len())),
            ("is_insertable_into", same("NO", tables.len())),
            ("is_typed", same("NO", tables.len())),
            ("commit_action", none(tables.len())),
        ],
    )?;
    add("columns", columns(tables))?;
    Ok(Arc::new(provider))
}

fn columns(tables: &[Described]) -> Vec<(&'static str, ArrayRef)> {
    let each: Vec<(&Described, usize, &Field)> = tables
        .iter()
        .flat_map(|table| table.columns.fields().iter().enumerate().map(move |(at, field)| (table, at, field.as_ref())))
        .collect();
    let len = each.len();
    let text = |of: fn(&(&Described, usize, &Field)) -> String| {
        Arc::new(StringArray::from_iter_values(each.iter().map(of))) as ArrayRef
    };
    let same = |value: Option<&str>| Arc::new(StringArray::from(vec![value; len])) as ArrayRef;
    let no_number = || Arc::new(Int32Array::from(vec![None; len])) as ArrayRef;
    let ordinal = each.iter().map(|(_, at, _)| i32::try_from(at + 1).unwrap_or(i32::MAX));
    vec![
        ("table_catalog", same(Some(DATABASE))),
        ("table_schema", text(|(table, ..)| table.schema.clone())),
        ("table_name", text(|(table, ..)| table.name.clone())),
        ("column_name", text(|(_, _, field)| field.name().clone())),
        ("ordinal_position", Arc::new(Int32Array::from_iter_values(ordinal))),
        ("column_default", same(None)),
        ("is_nullable", text(|(_, _, field)| if field.is_nullable() { "YES" } else { "NO" }.to_owned())),
        ("data_type", text(|(_, _, field)| names(field.data_type()).0.to_owned())),
        ("character_maximum_length", no_number()),
        ("character_octet_length", no_number()),
        ("numeric_precision", no_number()),
        ("numeric_scale", no_number()),
        ("datetime_precision", no_number()),
        ("udt_catalog", same(Some(DATABASE))),
        ("udt_schema", same(Some("pg_catalog"))),
        ("udt_name", text(|(_, _, field)| names(field.data_type()).1.to_owned())),
        ("is_identity", same(Some("NO"))),
        ("identity_generation", same(None)),
        ("is_generated", same(Some("NEVER"))),
        ("generation_expression", same(None)),
        ("is_updatable", same(Some("NO"))),
    ]
}

/// PostgreSQL's long and short name of a type.
fn names(kind: &DataType) -> (&'static str, &'static str) {
    match kind {
        DataType::Int64 => ("bigint", "int8"),
        DataType::UInt64 => ("numeric", "numeric"),
        DataType::Boolean => ("boolean", "bool"),
        DataType::Float64 => ("double precision", "float8"),
        DataType::Date32 => ("date", "date"),
        DataType::Timestamp(
            TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond,
            zone,
        ) => {
            if zone.is_some() {
                ("timestamp with time zone", "timestamptz")
            } else {
                ("timestamp without time zone", "timestamp")
            }
        }
        _ => ("text", "text"),
    }
}
