//! Statements over a warehouse table in a folder.

use std::time::Duration;

use arrow::util::pretty::pretty_format_batches;
use futures::TryStreamExt;
use host::metrics::Metrics;
use host::{OsRandom, RealDisk, SystemClock};
use model::logstore::View;
use model::{AccountId, Event, Seq, Timestamp};
use outbound::Outbound;
use query::{Column, Cut, Dialect, Engine, Limits, Scope, Search};
use warehouse::{Batch, Row, WarehouseMetrics};

use super::*;
use crate::SqlEngine;
use crate::events::{Batches, Events};

/// A table of forty events of two days.
async fn table(root: &std::path::Path) -> (Warehouse, TableName) {
    let outbound = Outbound::new(&outbound::Config::default(), Arc::new(RealDisk), Arc::new(OsRandom)).unwrap();
    let metrics = WarehouseMetrics::new(&Metrics::default());
    let warehouse = Warehouse::new(outbound.open_table_folder(root.to_owned()), Arc::new(SystemClock), metrics);
    let account: AccountId = "1000000000000001".parse().unwrap();
    let name = TableName::new(account, "actiontrail_1000000000000001", "actiontrail_audit").unwrap();
    let row = |seq: u64| {
        let (day, rw) = (2 + seq / 21, if seq.is_multiple_of(4) { "Write" } else { "Read" });
        let json = format!(r#"{{"eventId":"e{seq}","eventTime":"2026-01-0{day}T03:04:05Z","eventRW":"{rw}"}}"#);
        let event = Event::parse(json.into_bytes().into()).unwrap();
        Row { account, seq: Seq(seq), received: Timestamp(1_767_400_000_000), event }
    };
    for after in [0, 10, 20, 30] {
        let rows = (after + 1..=after + 10).map(row).collect();
        let batch = Batch { application: "trail-1".into(), after: Seq(after), through: Seq(after + 10), rows };
        warehouse.append(&name, batch).await.unwrap();
    }
    (warehouse, name)
}

/// A node without events.
#[derive(Debug)]
struct Nothing;

impl Events for Nothing {
    fn scan(&self, _: &Scope, _: &[Column], _: Arc<Meter>, _: usize) -> Vec<Batches> {
        Vec::new()
    }
}

fn question(sql: &str, name: &TableName, scanned_bytes: u64) -> Question {
    let time = Duration::from_secs(60);
    let limits = Limits { time, rows: 1000, scanned_bytes, memory_bytes: 1 << 28 };
    let events = Source::Events(Arc::new(View::of_account(name.account())));
    let source = Source::Warehouse { project: name.project().to_owned(), location: name.to_string() };
    let tables = vec![
        query::Table { name: "events".to_owned(), source: events },
        query::Table { name: "warehouse.actiontrail_audit".to_owned(), source },
    ];
    Question {
        sql: sql.to_owned(),
        dialect: Dialect::Postgres,
        tables,
        search: Search::All,
        from: Timestamp(0),
        before: Timestamp(i64::MAX),
        meter: Arc::new(Meter::new(limits)),
    }
}

async fn ask(engine: &SqlEngine, question: Question) -> Result<String, QueryError> {
    let answer = engine.answer(question).await?;
    let batches: Vec<_> = answer.batches.try_collect().await?;
    Ok(pretty_format_batches(&batches).unwrap().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_asked_in_sql_and_its_bytes_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let (warehouse, name) = table(root.path()).await;
    let engine = SqlEngine::over(Arc::new(Nothing)).unwrap().with_warehouse(Arc::new(warehouse));
    let sql = "SELECT day, event_rw, count(*) AS events, max(seq) AS last, min(event_id) AS id \
               FROM warehouse.\"actiontrail_audit\" \
               WHERE event_time >= '2026-01-02T00:00:00Z' GROUP BY day, event_rw ORDER BY day, event_rw";
    let whole = question(sql, &name, 1 << 20);
    let meter = whole.meter.clone();
    let expected = "\
+------------+----------+--------+------+-----+
| day        | event_rw | events | last | id  |
+------------+----------+--------+------+-----+
| 2026-01-02 | Read     | 15     | 19   | e1  |
| 2026-01-02 | Write    | 5      | 20   | e12 |
| 2026-01-03 | Read     | 15     | 39   | e21 |
| 2026-01-03 | Write    | 5      | 40   | e24 |
+------------+----------+--------+------+-----+";
    assert_eq!(ask(&engine, whole).await.unwrap(), expected);
    // Files of other days are not read.
    let sql = "SELECT count(event_id) AS n, count(event_rw) AS m, max(seq) AS seq FROM warehouse.actiontrail_audit \
               WHERE day = DATE '2026-01-03'";
    let day = question(sql, &name, 1 << 20);
    let one_day = day.meter.clone();
    let expected = "\
+----+----+-----+
| n  | m  | seq |
+----+----+-----+
| 20 | 20 | 40  |
+----+----+-----+";
    assert_eq!(ask(&engine, day).await.unwrap(), expected);
    let (one_day, whole) = (one_day.bytes(), meter.bytes());
    assert!(0 < one_day && one_day < whole, "one day of two cost {one_day} bytes, both {whole}");
    // Every column is there.
    let all = question("SELECT * FROM warehouse.actiontrail_audit LIMIT 1", &name, 1 << 20);
    let answer = engine.answer(all).await.unwrap();
    assert_eq!(answer.schema.fields().len(), 23);
    // A statement that names other tables opens none.
    let other = question("SELECT count(*) FROM events", &name, 1 << 20);
    let meter = other.meter.clone();
    ask(&engine, other).await.unwrap();
    assert_eq!(meter.bytes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_reads_too_much_ends_and_a_table_that_is_not_there_is_told() {
    let root = tempfile::tempdir().unwrap();
    let (warehouse, name) = table(root.path()).await;
    let engine = SqlEngine::over(Arc::new(Nothing)).unwrap().with_warehouse(Arc::new(warehouse));
    let sql = "SELECT count(event) FROM warehouse.actiontrail_audit";
    let whole = question(sql, &name, 1 << 20);
    let meter = whole.meter.clone();
    ask(&engine, whole).await.unwrap();
    // Cut while the log is read, and while the files are.
    for scanned_bytes in [0, meter.bytes() - 1] {
        let cut = ask(&engine, question(sql, &name, scanned_bytes)).await.unwrap_err();
        assert!(matches!(cut, QueryError::Cut(Cut::ScannedBytes(limit)) if limit == scanned_bytes), "{cut:?}");
    }
    for location in ["1000000000000001/actiontrail_1000000000000001/actiontrail_other", ".."] {
        let mut missing = question(sql, &name, 1 << 20);
        let Source::Warehouse { location: there, .. } = &mut missing.tables[1].source else { panic!("the second") };
        location.clone_into(there);
        let missing = ask(&engine, missing).await.unwrap_err();
        assert!(matches!(missing, QueryError::Invalid { .. }), "{missing:?}");
    }
}
