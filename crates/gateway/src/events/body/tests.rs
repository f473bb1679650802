use std::io::Write;

use super::*;

fn cut(body: &str, shape: Shape) -> Result<Vec<String>, String> {
    let cut = events(&Bytes::copy_from_slice(body.as_bytes()), shape).map_err(|error| error.to_string())?;
    Ok(cut.iter().map(|event| String::from_utf8(event.to_vec()).expect("text")).collect())
}

#[test]
fn arrays_single_objects_and_lines_are_cut_verbatim() {
    let array = "  [ {\"a\": 1e400, \"a\":2} ,{\"b\":\"\\u4e2d}\"},\n 7 ]\n";
    assert_eq!(cut(array, Shape::Json).expect("valid"), [r#"{"a": 1e400, "a":2}"#, r#"{"b":"\u4e2d}"}"#, "7"]);
    assert_eq!(cut("{\"a\":\n1}", Shape::Json).expect("valid"), ["{\"a\":\n1}"]);
    assert_eq!(cut("[]", Shape::Json).expect("valid"), Vec::<String>::new());
    assert_eq!(cut("{\"a\":1}\r\n\n  \nnonsense\n{}", Shape::Lines).expect("valid"), ["{\"a\":1}\r", "nonsense", "{}"]);
    assert_eq!(cut("\u{FEFF}[{}]", Shape::Json).expect("valid"), ["{}"]);
}

#[test]
fn events_are_slices_of_the_body_unless_that_would_pin_mostly_nothing() {
    let body = Bytes::from_static(b"[{\"a\":1},{\"b\":2}]");
    let within = |body: &Bytes, event: &Bytes| body.as_ptr_range().contains(&event.as_ptr());
    assert!(events(&body, Shape::Json).expect("valid").iter().all(|event| within(&body, event)));
    let padded = Bytes::from(format!("[{{}}{}]", " ".repeat(1000)));
    assert!(!within(&padded, &events(&padded, Shape::Json).expect("valid")[0]));
}

#[test]
fn a_broken_array_is_refused_as_a_whole_and_says_where() {
    for body in ["[{\"a\":1},{\"b\"]", "[{}", "[{}] x", "[{},]"] {
        let error = cut(body, Shape::Json).expect_err("malformed");
        assert!(error.starts_with("MalformedBody") && error.contains("line 1 column"), "{error}");
    }
    for empty in ["", " \n\t\n"] {
        assert!(cut(empty, Shape::Json).expect_err("empty").contains("empty"));
        assert!(cut(empty, Shape::Lines).expect_err("empty").contains("empty"));
    }
}

#[test]
fn deep_nesting_is_cut_and_left_to_the_events_check() {
    let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(cut(&deep, Shape::Json).expect("valid").len(), 1);
}

#[test]
fn more_events_than_allowed_are_refused_in_both_shapes() {
    let array = format!("[{}{{}}]", "{},".repeat(REQUEST_EVENTS_MAX - 1));
    assert_eq!(cut(&array, Shape::Json).expect("as many as allowed").len(), REQUEST_EVENTS_MAX);
    let array = format!("[{}{{}}]", "{},".repeat(REQUEST_EVENTS_MAX));
    assert!(cut(&array, Shape::Json).expect_err("too many").starts_with("RequestTooLarge"));
    assert!(cut(&"{}\n".repeat(REQUEST_EVENTS_MAX + 1), Shape::Lines).expect_err("too many").contains("10000"));
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory").into()
}

fn zstd(plain: &[u8]) -> Bytes {
    zstd::encode_all(plain, 3).expect("memory").into()
}

#[test]
fn compression_is_undone_also_in_several_members() {
    let twice = |pack: fn(&[u8]) -> Bytes| Bytes::from([pack(b"[{}"), pack(b",{}]")].concat());
    assert_eq!(decoded(twice(gzip), Encoding::Gzip), Ok(Bytes::from("[{},{}]")));
    assert_eq!(decoded(twice(zstd), Encoding::Zstd), Ok(Bytes::from("[{},{}]")));
    assert_eq!(decoded(Bytes::from("[]"), Encoding::Plain), Ok(Bytes::from("[]")));
    for coding in [Encoding::Gzip, Encoding::Zstd] {
        let error = decoded(Bytes::from("not compressed"), coding).expect_err("malformed");
        assert_eq!(error.code, "MalformedBody");
    }
    let cut = gzip(b"[{\"eventId\":\"1\"}]");
    assert_eq!(decoded(cut.slice(..cut.len() - 5), Encoding::Gzip).expect_err("cut").code, "MalformedBody");
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let fits = vec![b' '; REQUEST_BYTES_MAX];
    assert_eq!(decoded(gzip(&fits), Encoding::Gzip).map(|plain| plain.len()), Ok(REQUEST_BYTES_MAX));
    let bomb = vec![b' '; 8 * REQUEST_BYTES_MAX];
    assert_eq!(decoded(gzip(&bomb), Encoding::Gzip), Err(too_large()));
    assert_eq!(decoded(zstd(&bomb), Encoding::Zstd), Err(too_large()));
}

#[test]
fn headers_name_shape_and_compression_or_are_refused() {
    assert_eq!(shape(Some("application/json; charset=utf-8")), Ok(Shape::Json));
    assert_eq!(shape(Some("Application/X-NDJSON")), Ok(Shape::Lines));
    assert_eq!(shape(None), Ok(Shape::Json));
    assert_eq!(shape(Some("text/csv")).expect_err("refused").status, 415);
    assert_eq!(encoding(Some("GZIP")), Ok(Encoding::Gzip));
    assert_eq!(encoding(Some("identity")), Ok(Encoding::Plain));
    assert_eq!(encoding(Some("br")).expect_err("refused").status, 415);
}
