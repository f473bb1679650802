use super::*;

fn answered(question: &'static str, warm_ms: u64, cold_ms: Option<u64>) -> Answered {
    let warm = [Duration::from_millis(warm_ms)];
    let mut answered = Answered::new(question, 5.0, vec![3], &[Duration::from_millis(9)], &warm);
    answered.cold = cold_ms.and_then(|ms| Cold::new(&[Duration::from_millis(ms)], 8192));
    answered
}

fn figures(cpu_seconds: f64, events: u64, disk_bytes: u64) -> Figures {
    Figures { cpu_seconds, events, parts: 3, disk_bytes, index_bytes: disk_bytes / 3 }
}

/// 1,000 events: Cairn 15 ms of CPU and 250 bytes each, ClickHouse 20 ms and 300 bytes.
fn report(with_clickhouse: bool) -> Report {
    let load = Load {
        took: Duration::from_millis(10),
        bytes: 1_358_000,
        acknowledgements: (1..=100).map(Duration::from_millis).collect(),
    };
    let sizes = Sizes { segments: 250_000, rest: 10 };
    let memory = |mib: u64| Memory { resident: mib << 20, mapped: 1 << 20, peak: (2 * mib) << 20 };
    let recovery = |mib: u64| Recovery { journal_bytes: mib << 20, seconds_to_ready: 2.5, memory: memory(50) };
    let theirs = || {
        let (before, settled, merged) = (figures(1.0, 0, 0), figures(1.015, 1000, 0), figures(1.02, 1000, 300_000));
        Theirs {
            versions: Versions { chdb: "4".to_owned(), clickhouse: "26".to_owned() },
            writing: TheirWriting::new(&before, &settled, &merged, 0.5, memory(700)),
            lookups: vec![answered("by id", 4, Some(8))],
        }
    };
    let visibility = Visibility { at_once: 1, times: vec![Duration::from_millis(1)], acknowledgements: Vec::new() };
    let delivery = Delivery {
        age_seconds: 60.0,
        bytes: 8 << 20,
        seconds: 60.2,
        quick_age_seconds: 1.0,
        quick_p50_seconds: 1.1,
        quick_max_seconds: 1.2,
    };
    Report {
        date: "2026-01-01".to_owned(),
        machine: "one core".to_owned(),
        seed: 1,
        connections: 4,
        cold_by: "a restart",
        writing: Writing::new(1000, 100, &load, 0, Duration::from_millis(15), sizes),
        started_rss_bytes: 10 << 20,
        memory: memory(100),
        visibility: Visible::new(&visibility),
        delivery,
        selection: Vec::new(),
        restart_with_defaults: recovery(300),
        restart_with_long_journal: recovery(1024),
        over_http: vec![answered("by id", 1, Some(10))],
        in_process: vec![answered("by id", 2, None)],
        queries: Queries::of_one_page(3.0, with_clickhouse.then_some(4.0)),
        clickhouse: with_clickhouse.then(theirs),
    }
}

#[track_caller]
fn check_row(text: &str, begin: &str, rest: &str) {
    let row = text.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("no row {begin:?}\n{text}"));
    assert_eq!(row[begin.len()..].trim(), rest, "{text}");
}

#[test]
fn percentiles_are_of_the_sorted_times() {
    let times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
    assert_eq!((percentile(&times, 50), percentile(&times, 99), percentile(&times, 100)), (50.0, 99.0, 100.0));
    assert_eq!(percentile(&times[..1], 50), 100.0);
    assert_eq!(percentile(&[], 50), 0.0);
}

#[test]
fn ratios_stand_both_ways_round() {
    let text = report(true).markdown();
    check_row(&text, "| CPU µs an event, all merged |", "15.0 | 20.0 | 0.75 | 1.33 |");
    check_row(&text, "| the same, ClickHouse without", "its last merge (OPTIMIZE FINAL) | 15.0 | 15.0 | 1.00 | 1.00 |");
    check_row(&text, "| bytes an event on disk |", "250 | 300 | 0.83 | 1.20 |");
    check_row(&text, "| memory, peak, MiB |", "200 | 1400 | 0.14 | 7.00 |");
    let lookups: Vec<&str> = text.lines().filter(|line| line.starts_with("| by id |")).collect();
    assert_eq!(lookups[0], "| by id | 1.00 | 2.00 | 4.00 | 0.25 | 4.00 | 0.50 | 2.00 |");
    assert_eq!(lookups[1], "| by id | 10.00 |  | 8.00 | 1.25 | 0.80 |  |  |");
    assert_eq!(lookups[2], "| by id | 8 |  | 8 |");
}

#[test]
fn each_aim_is_met_or_missed_by_something() {
    let text = report(true).markdown();
    check_row(&text, "| CPU an event: ClickHouse's |", "20.0 µs | 15.0 µs | met |");
    check_row(&text, "| CPU an event: 0.4 of ClickHouse's |", "8.0 µs | 15.0 µs | missed by 7.0 µs (87 %) |");
    check_row(&text, "| CPU an event |", "12.0 µs | 15.0 µs | missed by 3.0 µs (25 %) |");
    check_row(&text, "| disk an event: ClickHouse's |", "300 bytes | 250 bytes | met |");
    check_row(&text, "| disk an event |", "200 bytes | 250 bytes | missed by 50 bytes (25 %) |");
    check_row(&text, "| by id, warm |", "5.00 ms | 1.00 ms | met |");
    check_row(&text, "| by id, warm: half of ClickHouse's |", "2.00 ms | 1.00 ms | met |");
    check_row(&text, "| by id, cold: half of ClickHouse's |", "4.00 ms | 10.00 ms | missed by 6.00 ms (150 %) |");
    check_row(&text, "| page: newest 100: half of ClickHouse's |", "2.00 ms | 3.00 ms | missed by 1.00 ms (50 %) |");
    check_row(&text, "| CPU for 100 MB of pulled logs |", "1000.00 ms | 2000.00 ms | missed by 1000.00 ms (100 %) |");
}

#[test]
fn without_clickhouse_there_is_nothing_to_compare() {
    let report = report(false);
    let text = report.markdown();
    check_row(&text, "| CPU µs an event, all merged |", "15.0 |  |  |  |");
    assert!(!text.contains("of ClickHouse's"), "{text}");
    check_row(
        &text,
        "| ready after kill -9, a journal as long",
        "as asked for | 2.50 s with 1024 MiB of journal, 100 MiB of memory |",
    );
}

#[test]
fn the_figures_are_kept_as_json_with_the_aims() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("figures.json");
    report(true).save(&path).expect("saved");
    let saved: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("there")).expect("JSON");
    assert_eq!(saved["writing"]["events"], 1000);
    assert_eq!(saved["clickhouse"]["writing"]["cpu_micros_per_event"].as_f64().map(f64::round), Some(20.0));
    assert_eq!(saved["clickhouse"]["lookups"][0]["cold"]["read_bytes"], 8192);
    assert_eq!(saved["aims"][0]["verdict"], "met");
}
