//! The SQL part of a query, and GetProjectLogs: rows from the engine, each value as a text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};
use futures::StreamExt;
use model::logstore::View;
use model::{ErrorKind, Timestamp};
use query::{Answer, Cut, Dialect, Meter, QueryError, Question, Search, Source, Sql, Table};
use serde_json::{Map, Value};
use sls::{Fault, fault};

use super::logs::Found;
use super::question::{Asked, admitted};
use super::reply::Reply;
use super::{Call, failed, ours};

/// Bytes of values in one answer; Log Service's own limit.
const ANSWER_BYTES_MAX: usize = 100 << 20;
const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_null("null")
    .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
    .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
    .with_date_format(Some("%Y-%m-%d"))
    .with_duration_format(DurationFormat::Pretty);

/// The rows of a query's statement.
pub(super) async fn answered(
    call: &Call<'_>,
    asked: &Asked,
    sql: &Sql,
    view: Arc<View>,
    meter: Arc<Meter>,
) -> Result<Found, Fault> {
    let name = call.route.logstore.clone().unwrap_or_default();
    let question = Question {
        sql: sql.text.clone(),
        dialect: Dialect::LogService,
        tables: vec![Table { name, source: Source::Events(view) }],
        search: asked.search(),
        from: asked.from,
        before: asked.before,
        meter,
    };
    rows(call, question, sql.offset).await
}

/// GetProjectLogs: a statement over the Logstores of a project, which it names; their times are in its conditions.
pub(super) async fn of_project(call: &Call<'_>) -> Result<Reply, Fault> {
    let invalid = |message: &'static str| fault::PARAMETER_INVALID.because(message);
    let text = call.parameter("query").ok_or_else(|| invalid("The parameter query is missing"))?;
    if !text.trim_start().to_ascii_lowercase().starts_with("select") {
        return Err(invalid("The query must be SELECT ... FROM <logstore> WHERE __time__ > a and __time__ < b"));
    }
    if !text.to_ascii_lowercase().contains("__time__") {
        return Err(invalid("The query must have a condition on __time__"));
    }
    let project = call.project().await?;
    let catalog = &call.gateway.catalog;
    let mut tables = Vec::new();
    for logstore in catalog.logstore_list(project.account, &project.name).await.map_err(ours)? {
        let view = catalog.logstore_view(&logstore, call.request.received).await.map_err(ours)?;
        tables.push(Table { name: logstore.name, source: Source::Events(Arc::new(view)) });
    }
    if tables.is_empty() {
        return Err(fault::LOGSTORE_NOT_EXIST.because("The project has no logstore"));
    }
    let asking = admitted(call).await?;
    let meter = asking.meter();
    let question = Question {
        sql: text.to_owned(),
        dialect: Dialect::LogService,
        tables,
        search: Search::All,
        from: Timestamp(i64::MIN),
        before: Timestamp(i64::MAX),
        meter: meter.clone(),
    };
    let found = rows(call, question, 0).await?;
    let progress = if found.cut.is_some() { "Incomplete" } else { "Complete" };
    Ok(Reply::json(&Value::Array(found.rows.clone()))
        .header("x-log-progress", progress)
        .header("x-log-count", found.rows.len())
        .header("x-log-has-sql", true)
        .header("x-log-processed-rows", meter.rows())
        .header("x-log-elapsed-millisecond", meter.elapsed().as_millis()))
}

async fn rows(call: &Call<'_>, question: Question, offset: usize) -> Result<Found, Fault> {
    let Some(engine) = &call.gateway.engine else {
        return Err(fault::NOT_SUPPORTED.because("This node was built without SQL: send a query without a `|`"));
    };
    let limits = *question.meter.limits();
    let meter = question.meter.clone();
    let Answer { schema, mut batches } = engine.answer(question).await.map_err(|error| told(error, offset))?;
    let keys: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let column_types = schema.fields().iter().map(|field| type_name(field.data_type()).to_owned()).collect();
    let mut found = Found { rows: Vec::new(), keys, column_types, cut: None };
    let mut bytes = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(|error| told(error, offset))?;
        bytes += append(&batch, &found.keys, &mut found.rows).map_err(|error| failed(&error, ErrorKind::Bug))?;
        if found.rows.len() > limits.rows || bytes > ANSWER_BYTES_MAX {
            found.rows.truncate(limits.rows);
            found.cut = Some(Cut::Rows(found.rows.len()));
            meter.cancel();
            break;
        }
    }
    Ok(found)
}

/// Adds a batch's rows; says how many bytes their values have.
fn append(batch: &RecordBatch, keys: &[String], rows: &mut Vec<Value>) -> Result<usize, arrow::error::ArrowError> {
    let formatters: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &OPTIONS)).collect::<Result<_, _>>()?;
    let mut bytes = 0;
    for index in 0..batch.num_rows() {
        let mut row = Map::new();
        for ((key, column), formatter) in keys.iter().zip(batch.columns()).zip(&formatters) {
            let text = match column.data_type() {
                kind if kind.is_nested() && column.is_valid(index) => nested(column, index)?.to_string(),
                _ => formatter.value(index).try_to_string()?,
            };
            bytes += key.len() + text.len();
            row.insert(key.clone(), text.into());
        }
        rows.push(Value::Object(row));
    }
    Ok(bytes)
}

/// A list, a map or a structure as JSON.
fn nested(column: &ArrayRef, index: usize) -> Result<Value, arrow::error::ArrowError> {
    if column.is_null(index) {
        return Ok(Value::Null);
    }
    let each = |values: &ArrayRef| (0..values.len()).map(|index| nested(values, index)).collect::<Result<Vec<_>, _>>();
    match column.data_type() {
        DataType::List(_) => Ok(each(&column.as_list::<i32>().value(index))?.into()),
        DataType::LargeList(_) => Ok(each(&column.as_list::<i64>().value(index))?.into()),
        DataType::FixedSizeList(..) => Ok(each(&column.as_fixed_size_list().value(index))?.into()),
        DataType::Struct(fields) => {
            let values = fields.iter().zip(column.as_struct().columns());
            let values = values.map(|(field, values)| Ok((field.name().clone(), nested(values, index)?)));
            Ok(Value::Object(values.collect::<Result<_, arrow::error::ArrowError>>()?))
        }
        DataType::Map(..) => {
            let pairs = column.as_map().value(index);
            let (names, values) = (pairs.column(0), pairs.column(1));
            let names = ArrayFormatter::try_new(names, &OPTIONS)?;
            let pairs =
                (0..values.len()).map(|index| Ok((names.value(index).try_to_string()?, nested(values, index)?)));
            Ok(Value::Object(pairs.collect::<Result<_, arrow::error::ArrowError>>()?))
        }
        kind => {
            let text = ArrayFormatter::try_new(column, &OPTIONS)?.value(index).try_to_string()?;
            let is_plain = kind.is_numeric() || *kind == DataType::Boolean;
            Ok(if is_plain { serde_json::from_str(&text).unwrap_or(Value::String(text)) } else { Value::String(text) })
        }
    }
}

/// A column's type as Presto names it.
fn type_name(kind: &DataType) -> &'static str {
    match kind {
        DataType::Boolean => "boolean",
        kind if kind.is_integer() => "bigint",
        kind if kind.is_numeric() => "double",
        DataType::Timestamp(..) => "timestamp",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "array",
        DataType::Map(..) => "map",
        DataType::Struct(_) => "row",
        _ => "varchar",
    }
}

/// A statement that was not answered. Its positions are told in the whole query.
fn told(error: QueryError, offset: usize) -> Fault {
    match error {
        QueryError::Syntax { position, message } => {
            fault::PARAMETER_INVALID.because(format!("{message} at position {}", position + offset))
        }
        QueryError::Invalid { .. } | QueryError::ReadOnly { .. } => fault::PARAMETER_INVALID.because(error.to_string()),
        QueryError::Cut(_) | QueryError::Memory { .. } => fault::EXCEED_QUOTA.because(error.to_string()),
        QueryError::Failed { kind, .. } => failed(&error, kind),
    }
}

#[cfg(test)]
mod tests;
