//! The SQL part of a query, and GetProjectLogs: rows from the engine, each value as a text.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use futures::StreamExt;
use model::logstore::View;
use model::{ErrorKind, Timestamp};
use query::{Answer, Cut, Dialect, Meter, QueryError, Question, Search, Source, Sql, Table};
use serde_json::Value;
use sls::{Fault, fault};

use super::logs::{Found, progress};
use super::question::{Asked, admitted};
use super::reply::Reply;
use super::{Call, failed, ours};

/// Bytes of values in one answer; Log Service's own limit.
const ANSWER_BYTES_MAX: usize = 100 << 20;

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
    let progress = progress(found.cut);
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
    let mut bytes = 0;
    for texts in query::texts(batch, usize::MAX)? {
        bytes += keys.iter().zip(&texts).map(|(key, text)| key.len() + text.len()).sum::<usize>();
        rows.push(Value::Object(keys.iter().cloned().zip(texts.into_iter().map(Value::from)).collect()));
    }
    Ok(bytes)
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
