//! Functions, family by family: an expression and what Presto's documentation says it is, told by hand.

use crate::node::Node;

const EXPRESSIONS: &[(&str, &str)] = &[
    // JSON
    (r#"json_extract('{"a":{"b":[1,"x"]}}', '$.a.b')"#, r#"[1,"x"]"#),
    (r#"json_extract('{"a":{"b":[1,"x"]}}', '$.a.b[1]')"#, r#""x""#),
    (r#"json_extract('{"a b":7}', '$["a b"]')"#, "7"),
    (r#"json_extract('{"a":1}', '$.b')"#, "NULL"),
    (r#"json_extract('no json', '$.b')"#, "NULL"),
    (r#"cast(json_extract('{"a":"off"}', '$.a') as varchar)"#, "off"),
    (r#"cast(json_extract('{"a":0}', '$.a') as varchar)"#, "0"),
    (r#"cast(json_extract('{"a":false}', '$.a') as boolean)"#, "false"),
    (r#"cast(json_extract('{"a":"true"}', '$.a') as boolean)"#, "true"),
    (r#"cast(json_extract('{"a":90}', '$.a') as bigint)"#, "90"),
    (r#"cast(json_extract('{"a":"90"}', '$.a') as bigint)"#, "90"),
    (r#"cast(json_extract('{"a":null}', '$.a') as varchar)"#, "NULL"),
    (r#"cast(json_extract('{"a":"x"}', '$.a') as bigint)"#, "NULL"),
    (r#"json_extract_scalar('{"a":"é\n"}', '$.a')"#, "é\n"),
    (r#"json_extract_scalar('{"a":{}}', '$.a')"#, "NULL"),
    (r#"json_extract_long('{"a":12345678901}', '$.a')"#, "12345678901"),
    (r#"json_extract_double('{"a":1.5}', '$.a') + 1"#, "2.5"),
    (r#"json_extract_bool('{"a":true}', '$.a')"#, "true"),
    (r#"json_extract_scalar('{"a":12345678901234567890123}', '$.a')"#, "12345678901234567890123"),
    (r#"json_array_length('[1,2,3]')"#, "3"),
    (r#"json_array_length('{}')"#, "NULL"),
    (r#"json_array_get('[1,"b"]', -1)"#, r#""b""#),
    (r#"json_array_contains('["a","b"]', 'b')"#, "true"),
    (r#"json_size('{"x":{"a":1,"b":2}}', '$.x')"#, "2"),
    (r#"json_format(json_parse(' {"a": 1} '))"#, r#"{"a": 1}"#),
    (r#"is_json_scalar('[1]')"#, "false"),
    // texts
    ("split('a;b;c', ';')[2]", "b"),
    ("split('a;b;c', ';')[9]", "NULL"),
    ("cardinality(split('a;b;c', ';', 2))", "2"),
    ("split_part('a,b,c', ',', 3)", "c"),
    ("split_part('a,b,c', ',', 4)", "NULL"),
    ("array_position(split('a;b', ';'), 'b')", "2"),
    ("array_position(split('a;b', ';'), 'z')", "0"),
    ("concat('a', 'b', 'c')", "abc"),
    ("concat('a', cast(null as varchar))", "NULL"),
    ("length('中文')", "2"),
    ("strpos('abcd', 'c')", "3"),
    ("position('c' in 'abcd')", "3"),
    ("lpad('7', 3, '0')", "007"),
    ("substr('abcdef', 2, 3)", "bcd"),
    ("upper(reverse('abc'))", "CBA"),
    ("replace('aXbX', 'X', '-')", "a-b-"),
    ("levenshtein_distance('kitten', 'sitting')", "3"),
    ("chr(65)", "A"),
    ("starts_with('abc', 'ab')", "true"),
    ("'abc' like 'a%'", "true"),
    // regular expressions
    (r"regexp_like('i-123', '^i-\d+$')", "true"),
    (r"regexp_extract('a=1,b=2', '(\w)=(\d)', 2)", "1"),
    (r"regexp_extract('none', '\d+')", "NULL"),
    (r"array_join(regexp_extract_all('a1b22', '\d+'), '|')", "1|22"),
    (r"regexp_replace('a1b22', '\d+', '<$0>')", "a<1>b<22>"),
    (r"regexp_replace('a1b22', '\d+')", "ab"),
    (r"array_join(regexp_split('a1b22c', '\d+'), '|')", "a|b|c"),
    // times
    ("date_format(1767323045, '%Y-%m-%d %H:%i:%S')", "2026-01-02 03:04:05"),
    ("date_format(from_unixtime(1767323045), '%W %e %M %y %l:%i %p %j %%')", "Friday 2 January 26 3:04 AM 002 %"),
    ("to_unixtime(date_parse('2026-01-02 03:04:05', '%Y-%m-%d %H:%i:%S'))", "1767323045.0"),
    ("date_parse('02/Jan/2026 3 PM', '%d/%b/%Y %h %p')", "2026-01-02T15:00:00"),
    ("date_parse('no', '%Y')", "NULL"),
    ("from_unixtime(1767323045)", "2026-01-02T03:04:05"),
    ("date_trunc('hour', 1767323045)", "2026-01-02T03:00:00"),
    ("date_trunc('week', from_unixtime(1767323045))", "2025-12-29T00:00:00"),
    ("date_trunc('month', '2026-02-27T10:00:00Z')", "2026-02-01T00:00:00"),
    ("date_trunc('quarter', timestamp '2026-06-27 10:00:00')", "2026-04-01T00:00:00"),
    ("date_add('month', 1, timestamp '2026-01-31 10:00:00')", "2026-02-28T10:00:00"),
    ("date_add('day', -1, 1767323045)", "2026-01-01T03:04:05"),
    ("date_diff('hour', timestamp '2026-01-01 00:00:00', timestamp '2026-01-02 03:30:00')", "27"),
    ("date_diff('month', timestamp '2026-01-31 00:00:00', timestamp '2026-02-28 00:00:00')", "1"),
    ("date_diff('month', timestamp '2026-01-15 00:00:00', timestamp '2026-03-14 00:00:00')", "1"),
    ("year(1767323045) * 100 + month(1767323045)", "202601"),
    ("day_of_week(1767323045)", "5"),
    ("time_series(1767323045, '15m', '%H:%i', '0')", "03:00"),
    ("to_iso8601(1767323045)", "2026-01-02T03:04:05.000"),
    // addresses
    ("url_extract_host('https://u@a.b.com:8443/p/q?x=1%202&y=#f')", "a.b.com"),
    ("url_extract_port('https://a.b.com:8443/p')", "8443"),
    ("url_extract_path('https://a.b.com/p/q?x=1')", "/p/q"),
    ("url_extract_parameter('https://a/p?x=1%202&y=3', 'x')", "1 2"),
    ("url_decode(url_encode('a b&中'))", "a b&中"),
    ("is_subnet_of('192.168.0.0/16', '192.168.7.1')", "true"),
    ("is_subnet_of('192.168.0.0/16', 'AWS Internal')", "NULL"),
    ("ip_prefix('10.1.2.3', 8)", "10.0.0.0/8"),
    ("ip_subnet_max('10.1.0.0/16')", "10.1.255.255"),
    ("is_prefix_subnet_of('10.0.0.0/8', '10.1.0.0/16')", "true"),
    ("is_private_ip('10.9.9.9')", "true"),
    // lists
    ("contains(split('a;b', ';'), 'b')", "true"),
    ("element_at(split('a;b', ';'), -1)", "b"),
    ("array_join(slice(split('a;b;c;d', ';'), 2, 2), ',')", "b,c"),
    ("array_join(array_distinct(split('a;b;a', ';')), ',')", "a,b"),
    ("array_max(split('a;c;b', ';'))", "c"),
    ("arrays_overlap(split('a;b', ';'), split('b;c', ';'))", "true"),
    ("cardinality(sequence(1, 5))", "5"),
    // conditions and numbers
    ("if(1 > 2, 'a', 'b')", "b"),
    ("if(1 > 2, 'a')", "NULL"),
    ("try(cast('x' as bigint))", "NULL"),
    ("cast('x' as bigint)", "NULL"),
    ("'10' > 9", "true"),
    ("mod(7, 3)", "1"),
    ("bitwise_and(6, 3)", "2"),
    ("round(2.567, 1)", "2.6"),
    ("coalesce(null, 'x')", "x"),
    ("nullif('a', 'a')", "NULL"),
    ("greatest(1, 3, 2)", "3"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_family() {
    let node = Node::open().await;
    let mut wrong = Vec::new();
    for (expression, expected) in EXPRESSIONS {
        let answer = node.ask(&format!("* | select {expression} as x")).await;
        let found = match answer {
            Ok((_, rows)) => rows[0][0].clone().unwrap_or_else(|| "NULL".to_owned()),
            Err(error) => format!("{error}"),
        };
        if found != *expected {
            wrong.push(format!("{expression}\n  is {found}\n  not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_make_no_sense_are_named() {
    let node = Node::open().await;
    for (expression, expected) in [
        ("regexp_like('a', '(')", "is not a regular expression"),
        ("json_extract('{}', 'a.b')", "is not a JSON path"),
        ("date_trunc('fortnight', 1)", "is not a unit"),
        ("split('a')", "the function split takes 2 to 3 arguments, not 1"),
        ("is_subnet_of('a', '10.0.0.1')", "is not a network"),
    ] {
        let error = node.ask(&format!("* | select {expression} as x")).await.unwrap_err();
        assert_eq!(error.kind(), model::ErrorKind::Invalid, "{expression}: {error:?}");
        assert!(error.to_string().contains(expected), "{expression}: {error}");
    }
    node.close().await;
}

/// Over rows, because a plan may compute these differently from constants.
#[tokio::test(flavor = "multi_thread")]
async fn aggregates_and_windows() {
    let node = Node::open().await;
    let event = |n: usize| {
        format!(
            r#"{{"eventId":"e{n}","eventTime":"2026-01-02T03:0{n}:00Z","eventName":"N{}","requestParameterJson":"{{\"Size\":{n}}}"}}"#,
            n % 2
        )
    };
    node.put(&(0..6).map(event).collect::<Vec<_>>()).await;
    let size = r#"cast(json_extract("event.requestParameterJson", '$.Size') as bigint)"#;
    for (query, expected) in [
        (format!("select sum(size) as s from (select {size} as size from log)"), vec!["15"]),
        ("select max_by(eventId, __time__) as a, min_by(eventId, __time__) as b".to_owned(), vec!["e5|e0"]),
        ("select count(distinct eventName) as a, approx_distinct(eventName) as b".to_owned(), vec!["2|2"]),
        (format!("select approx_percentile({size}, 0.5) as a"), vec!["2"]),
        ("select cardinality(array_agg(distinct eventName)) as a".to_owned(), vec!["2"]),
        (
            "select eventName as n, array_join(array_agg(eventId order by eventId), ',') as a group by n order by n".to_owned(),
            vec!["N0|e0,e2,e4", "N1|e1,e3,e5"],
        ),
        (
            "select eventId, row_number() over (partition by eventName order by __time__ desc) as r order by eventId limit 3".to_owned(),
            vec!["e0|3", "e1|3", "e2|2"],
        ),
        (
            "select eventId, __time__ - lag(__time__) over (order by __time__) as gap order by eventId limit 2".to_owned(),
            vec!["e0|NULL", "e1|60"],
        ),
        ("select date_format(__time__, '%Y-%m-%d %H:00:00') as time, count(*) as c from log group by time order by time".to_owned(), vec!["2026-01-02 03:00:00|6"]),
        ("select date_trunc('minute', __time__) as t, count(1) as c group by t order by t limit 1".to_owned(), vec!["2026-01-02T03:00:00|1"]),
        ("select __time__ - __time__ % 120 as t, count(1) as c group by t order by t limit 2".to_owned(), vec!["1767322800|2", "1767322920|2"]),
        ("select avg(cast(substr(eventId, 2) as bigint)) as a".to_owned(), vec!["2.5"]),
        ("select count(distinct __time__) as c".to_owned(), vec!["6"]),
        ("select eventName, count(*) filter (where __time__ > 1767322860) as c group by eventName order by 1".to_owned(), vec!["N0|2", "N1|2"]),
        ("select distinct eventName order by eventName".to_owned(), vec!["N0", "N1"]),
        ("select eventName from log where eventId in (select eventId from log where eventName = 'N1') limit 1".to_owned(), vec!["N1"]),
        ("select a.eventId from log a join log b on a.__time__ = b.__time__ + 60 order by 1 limit 1".to_owned(), vec!["e1"]),
        ("select eventId from log where eventName = 'N1' union all select 'x' from log where eventId = 'e0' order by 1".to_owned(), vec!["e1", "e3", "e5", "x"]),
        ("select date_trunc('hour', __time__) as h, count(distinct eventName) as c, min(__time__) as a, max(__time__) as b group by h".to_owned(), vec!["2026-01-02T03:00:00|2|1767322800|1767323100"]),
    ] {
        assert_eq!(node.rows(&format!("* | {query}")).await, expected, "{query}");
    }
    node.close().await;
}
