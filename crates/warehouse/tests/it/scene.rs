//! Events, a location and a reader for the tests.

use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::DeltaTable;
use deltalake_core::arrow::array::AsArray;
use host::metrics::Metrics;
use host::{OsRandom, RealDisk, SystemClock};
use model::{Event, Seq, Timestamp};
use object_store::{ObjectStore, ObjectStoreExt};
use outbound::{BucketSettings, Config, Outbound};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use warehouse::{Batch, Row, TableName, Warehouse, WarehouseMetrics};

pub(crate) const ACCOUNT: &str = "1000000000000001";
pub(crate) const DAY: i64 = 86_400_000;
/// 2026-01-02T00:00:00Z.
pub(crate) const START: i64 = 1_767_312_000_000;

pub(crate) fn name() -> TableName {
    TableName::new(ACCOUNT.parse().expect("an account"), "actiontrail_1000000000000001", "actiontrail_all")
        .expect("a plain name")
}

/// The event of this number, a minute after the one before.
pub(crate) fn row(seq: u64) -> Row {
    row_at(seq, START + seq.cast_signed() * 60_000)
}

pub(crate) fn row_at(seq: u64, time: i64) -> Row {
    let time = Timestamp(time);
    let json = format!(
        r#"{{"eventId":"event-{seq}","eventTime":"{time}","eventName":"PutBucket","serviceName":"Oss","eventRW":"Write",
            "acsRegion":"cn-hangzhou","sourceIpAddress":"192.0.2.1","userIdentity":{{"type":"ram-user","userName":"änna"}},
            "referencedResources":{{"ACS::OSS::Bucket":["one","two"]}},"number":{seq}}}"#
    );
    let event = Event::parse(Bytes::from(json)).expect("an event");
    Row { account: ACCOUNT.parse().expect("an account"), seq: Seq(seq), received: time, event }
}

/// Everything in `(after, through]`.
pub(crate) fn batch(after: u64, through: u64) -> Batch {
    let rows = (after + 1..=through).map(row).collect();
    Batch { application: "trail-1".to_owned(), after: Seq(after), through: Seq(through), rows }
}

pub(crate) fn folder_store(root: &FilePath) -> Arc<dyn ObjectStore> {
    let outbound = Outbound::new(&Config::default(), Arc::new(RealDisk), Arc::new(OsRandom)).expect("certificates");
    outbound.open_tables(&format!("file://{}", root.display()), &BucketSettings::default()).expect("a folder")
}

pub(crate) fn on(store: Arc<dyn ObjectStore>) -> Warehouse {
    Warehouse::new(store, Arc::new(SystemClock), WarehouseMetrics::new(&Metrics::default()))
}

/// The numbers of the table's events, sorted, read from the files its log names.
pub(crate) async fn seqs(warehouse: &Warehouse) -> Vec<i64> {
    let Some(table) = warehouse.open(&name()).await.expect("a readable table") else { return Vec::new() };
    seqs_of(&table).await
}

pub(crate) async fn seqs_of(table: &DeltaTable) -> Vec<i64> {
    let mut all = Vec::new();
    let paths: Vec<_> =
        table.snapshot().expect("a loaded table").log_data().iter().map(|file| file.object_store_path()).collect();
    for path in paths {
        let bytes = table.object_store().get(&path).await.expect("a file").bytes().await.expect("its bytes");
        for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).expect("Parquet").build().expect("a reader") {
            let batch = batch.expect("rows");
            let seqs = batch.column_by_name("seq").expect("a column");
            let seqs = seqs.as_primitive::<deltalake_core::arrow::datatypes::Int64Type>().clone();
            all.extend(seqs.values());
        }
    }
    all.sort_unstable();
    all
}

pub(crate) fn range(after: i64, through: i64) -> Vec<i64> {
    (after + 1..=through).collect()
}
