use super::*;

#[test]
fn values_stay_in_their_quotes_and_places_are_told_in_the_text_that_was_sent() {
    let values = ["'it''s; -- $2'", "7"];
    let filled = Filled::new("select '$1', $1, $2 -- $3\n where x", |index| Ok(values[index].to_owned())).unwrap();
    assert_eq!(filled.sql, "select '$1', 'it''s; -- $2', 7 -- $3\n where x");
    let sent = "select '$1', $1, $2 -- $3\n where x";
    for (needle, expected) in [("select", 0), ("'it''s", sent.find("$1,").unwrap()), ("7", sent.find("$2").unwrap())] {
        assert_eq!(filled.place(filled.sql.find(needle).unwrap()), expected, "{needle}");
    }
    assert_eq!(filled.place(filled.sql.find("where").unwrap()), sent.find("where").unwrap());
    assert_eq!(filled.place(filled.sql.find("s; --").unwrap()), sent.find("$1,").unwrap(), "inside a value");
    assert_eq!(Filled::plain("x", 5).place(1), 6);
    assert_eq!(count("select $2, '$9', $1"), 2);
    assert!(Filled::new("select $0", |_| Ok(String::new())).is_err());
}

#[test]
fn a_value_becomes_a_literal_of_its_type() {
    for (declared, text, expected) in [
        (Type::UNKNOWN, "a'b", "'a''b'"),
        (Type::TEXT, "a\\", "'a\\'"),
        (Type::INT4, "-5", "(-5)"),
        (Type::INT8, "9223372036854775807", "9223372036854775807"),
        (Type::BOOL, "t", "TRUE"),
        (Type::FLOAT8, "1.5", "CAST('1.5' AS DOUBLE PRECISION)"),
        (Type::TIMESTAMPTZ, "2026-01-02 03:04:05+00", "CAST('2026-01-02 03:04:05+00' AS TIMESTAMP WITH TIME ZONE)"),
        (Type::TEXT_ARRAY, r#"{a,"b,\"c",NULL,"NULL"}"#, r#"ARRAY['a','b,"c',NULL,'NULL']"#),
        (Type::INT8_ARRAY, "{1,-2}", "ARRAY[1,(-2)]"),
        (Type::TEXT_ARRAY, "{}", "ARRAY[]"),
    ] {
        assert_eq!(of_text(&declared, text).unwrap(), expected, "{declared} {text}");
    }
    for (declared, text) in [
        (Type::INT4, "1; drop"),
        (Type::INT8, "9223372036854775808"),
        (Type::BOOL, "maybe"),
        (Type::FLOAT8, "1.5'"),
        (Type::INT8_ARRAY, "{1,x}"),
        (Type::TEXT_ARRAY, "{{a},{b}}"),
        (Type::TEXT_ARRAY, "{\"a"),
    ] {
        assert!(of_text(&declared, text).is_err(), "{declared} {text}");
    }
}

#[test]
fn binary_values_are_read_as_postgresql_writes_them() {
    assert_eq!(binary(&Type::INT4, &(-7_i32).to_be_bytes()).unwrap(), "(-7)");
    assert_eq!(binary(&Type::BOOL, &[1]).unwrap(), "TRUE");
    assert_eq!(binary(&Type::TEXT, "it's".as_bytes()).unwrap(), "'it''s'");
    // 2026-01-02T03:04:05.000006Z
    let micros: i64 = (1_767_323_045_000 - POSTGRES_EPOCH) * 1000 + 6;
    assert_eq!(
        binary(&Type::TIMESTAMPTZ, &micros.to_be_bytes()).unwrap(),
        "CAST('2026-01-02T03:04:05.000006Z' AS TIMESTAMP WITH TIME ZONE)"
    );
    assert_eq!(binary(&Type::DATE, &1_i32.to_be_bytes()).unwrap(), "CAST('2000-01-02' AS DATE)");
    assert!(binary(&Type::INT4, &[1, 2, 3]).is_err());
    assert!(binary(&Type::UUID, &[0; 16]).is_err());
}
