//! Statements over a warehouse table in a folder.

use std::time::Duration;

use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use host::metrics::Metrics;
use host::{OsRandom, RealDisk, SystemClock};
use model::{AccountId, Event, Seq, Timestamp};
use outbound::Outbound;
use query::Limits;
use warehouse::{Batch, Row, WarehouseMetrics};

use super::*;

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

fn meter(scanned_bytes: u64) -> Arc<Meter> {
    let time = Duration::from_secs(60);
    Arc::new(Meter::new(Limits { time, rows: 1000, scanned_bytes, memory_bytes: 1 << 28 }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_asked_in_sql_and_its_bytes_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let (warehouse, name) = table(root.path()).await;
    let meter = meter(1 << 20);
    let table = provider(&warehouse, &name.to_string(), meter.clone()).await.unwrap();
    let context = SessionContext::new();
    context.register_table("audit", table).unwrap();
    let sql = "SELECT day, event_rw, count(*) AS events, max(seq) AS last, min(event_id) AS id FROM audit \
               WHERE event_time >= '2026-01-02T00:00:00Z' GROUP BY day, event_rw ORDER BY day, event_rw";
    let rows = context.sql(sql).await.unwrap().collect().await.unwrap();
    let expected = "\
+------------+----------+--------+------+-----+
| day        | event_rw | events | last | id  |
+------------+----------+--------+------+-----+
| 2026-01-02 | Read     | 15     | 19   | e1  |
| 2026-01-02 | Write    | 5      | 20   | e12 |
| 2026-01-03 | Read     | 15     | 39   | e21 |
| 2026-01-03 | Write    | 5      | 40   | e24 |
+------------+----------+--------+------+-----+";
    assert_eq!(pretty_format_batches(&rows).unwrap().to_string(), expected);
    let whole = meter.bytes();
    assert!(whole > 0);
    // Files of other days are not read.
    let sql = "SELECT count(event_id) FROM audit WHERE day = DATE '2026-01-03'";
    context.sql(sql).await.unwrap().collect().await.unwrap();
    assert!(meter.bytes() - whole < whole, "one day of two cost {} after {whole}", meter.bytes() - whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_reads_too_much_ends_and_a_table_that_is_not_there_is_told() {
    let root = tempfile::tempdir().unwrap();
    let (warehouse, name) = table(root.path()).await;
    let too_little = meter(0);
    let refused = provider(&warehouse, &name.to_string(), too_little.clone()).await;
    assert!(refused.is_err());
    assert!(matches!(too_little.check(), Err(Cut::ScannedBytes(0))));
    let other = TableName::new(name.account(), name.project(), "actiontrail_other").unwrap();
    let refused = provider(&warehouse, &other.to_string(), meter(1 << 20)).await;
    assert!(matches!(refused, Err(QueryError::Invalid { .. })));
    assert!(matches!(provider(&warehouse, "..", meter(1)).await, Err(QueryError::Invalid { .. })));
}
