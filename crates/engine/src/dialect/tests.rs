//! Trees after the rewriting, as text.

use std::sync::Arc;

use model::logstore::View;
use query::Source;

use super::*;

fn tables() -> Vec<Table> {
    let source = Source::Events(Arc::new(View::new(Vec::new())));
    vec![Table { name: "actiontrail_t".to_owned(), source }]
}

fn rewritten(sql: &str) -> String {
    prepare(sql, Dialect::LogService, &tables()).unwrap_or_else(|error| panic!("{sql}: {error}")).statement.to_string()
}

#[test]
fn what_log_service_leaves_out() {
    for (sql, expected) in [
        ("select count(1) as c", r#"SELECT count(1) AS c FROM "log" LIMIT 100"#),
        ("select 1 as one", "SELECT 1 AS one LIMIT 100"),
        (
            "select * limit 10,20",
            r#"SELECT "__source__", "__topic__", "__time__", "event" FROM "log" LIMIT 20 OFFSET 10"#,
        ),
        ("SELECT\"event.eventRw\"AS x from LOG limit 5", r#"SELECT "event.eventRw" AS x FROM "log" LIMIT 5"#),
        ("select event.a.b from Actiontrail_T limit 1", r#"SELECT "event.a.b" FROM "actiontrail_t" LIMIT 1"#),
        (
            "select lower(eventName) as N, count(*) group by n limit 1",
            r#"SELECT lower("eventName") AS N, count(*) AS "_col1" FROM "log" GROUP BY lower("eventName") LIMIT 1"#,
        ),
        (
            "select Cnt from (select count_if(true) as cnt) limit 1",
            r#"SELECT cnt FROM (SELECT count(*) FILTER (WHERE true) AS cnt FROM "log") LIMIT 1"#,
        ),
        (
            "select cast(eventVersion as bigint) as v limit 1",
            r#"SELECT TRY_CAST("eventVersion" AS BIGINT) AS v FROM "log" LIMIT 1"#,
        ),
    ] {
        assert_eq!(rewritten(sql), expected, "{sql}");
    }
}

#[test]
fn statements_that_are_no_queries() {
    for (sql, expected) in [
        ("drop table log", "DROP is not possible here: everything is read-only"),
        ("insert into log values (1)", "INSERT is not possible here: everything is read-only"),
        ("select 1; select 2", "Expected: one statement, found several at position 18"),
        ("", "Expected: a SELECT statement at position 0"),
        ("select a b c", "Expected: end of statement, found: c at position 11"),
        ("select count(\n from é", "Expected: ), found: é at position 20"),
    ] {
        assert_eq!(prepare(sql, Dialect::LogService, &tables()).unwrap_err().to_string(), expected, "{sql}");
    }
}
