use proptest::prelude::*;

use super::expression::{Expression, FieldName, Operator, Pattern};
use super::*;

fn row(pairs: &[(&str, &str)]) -> Row {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn holds(condition: &str, pairs: &[(&str, &str)]) -> Result<bool, NotBoolean> {
    Condition::parse(condition).unwrap().holds(&row(pairs))
}

#[test]
fn holds_as_published() {
    let fields = [("x", "50"), ("y", "7"), ("name", "alice"), ("5xx percent (%)", "21"), ("404", "3"), ("big", "1e3")];
    for (condition, expected) in [
        ("x * 100 + y > 200", true),
        ("x % 10 > 5", false),
        ("x+(-100)<100", true),
        ("x >= 50 && y < 8", true),
        ("x < 50 || y != 7", false),
        ("!(x < 50) && true", true),
        ("name == 'alice'", true),
        ("name == \"bob\"", false),
        ("name =~ 'ali'", true),
        ("name !~ '^b'", true),
        ("name =~ \"^\\\\w+$\"", true),
        ("contains(name, 'lic')", true),
        ("contains(name, 'x')", false),
        ("[5xx percent (%)] > 20", true),
        ("[404] > 20", false),
        ("$0.x == $0.x", true),
        ("big == 1000", true),
        ("x - y * 2 == 36", true),
        ("x / 0 > 1", true),
        ("missing == ''", true),
        ("missing > 0", false),
        ("missing < 0", false),
        ("missing + 1 > 0", false),
        ("name > 5", false),
        ("name != 5", true),
        ("x == '50'", true),
        ("x > '6'", false),
        ("x > y", true),
        ("name > y", true),
    ] {
        assert_eq!(holds(condition, &fields), Ok(expected), "{condition}");
    }
}

#[test]
fn what_is_no_question_says_so() {
    for condition in ["100 + 100", "x", "'true'", "x && true", "!x", "(-1)"] {
        assert_eq!(holds(condition, &[("x", "true")]), Err(NotBoolean), "{condition}");
    }
    assert_eq!(NotBoolean.to_string(), "result type is not bool");
    // What is not reached is not asked.
    assert_eq!(holds("true || x", &[]), Ok(true));
    assert_eq!(holds("x == true", &[("x", "TRUE")]), Ok(true));
}

#[test]
fn errors_name_the_place() {
    for (condition, position, expected) in [
        ("", 0, "a field"),
        ("cnt >", 5, "a field"),
        ("cnt > 5)", 7, "an operator"),
        ("(cnt > 5", 8, "`)`"),
        ("cnt = 5", 4, "a field, a number, a text in quotes or an operator"),
        ("a < b < c", 6, "comparisons do not chain"),
        ("a =~ 'b' == c", 9, "comparisons do not chain"),
        ("name =~ '('", 8, "a regular expression"),
        ("name =~ 'a{1000}{1000}'", 8, "a regular expression"),
        ("name =~ other", 8, "a pattern in quotes"),
        ("'open", 5, "ends the text begun at position 0"),
        ("[open", 5, "ends the name begun at position 0"),
        ("$7.x > 1", 0, "`$0.`"),
        ("$0x > 1", 0, "`$0.`"),
        ("contains(x)", 10, "`,`"),
        ("1.2.3 > 1", 0, "a number"),
        ("cnt \u{1F600} 5", 4, "a field"),
    ] {
        let error = Condition::parse(condition).unwrap_err();
        assert_eq!(error.position, position, "{condition}: {error}");
        assert!(error.expected.contains(expected), "{condition}: {error}");
    }
    let long = "1 == 1 || ".repeat(13) + "true";
    assert_eq!(Condition::parse(&long).unwrap_err().position, CONDITION_CHARACTERS_MAX);
    let deep = "(".repeat(60) + "true" + &")".repeat(60);
    assert!(Condition::parse(&deep).unwrap_err().expected.contains("levels"));
}

#[test]
fn a_condition_filled_in_shows_the_values() {
    let condition = Condition::parse("cnt>10 && ( $1.name=~'a' || missing=='' )").unwrap();
    let filled = condition.filled(&row(&[("cnt", "12"), ("name", "alice")]));
    assert_eq!(filled, "[12] > 10 && ([alice] =~ 'a' || [] == '')");
    let count = Condition::parse("__count__ > 3").unwrap();
    assert_eq!(count.filled(&Count::of(5)), "[5] > 3");
    assert_eq!(count.holds(&Count::of(5)), Ok(true));
    assert_eq!(count.fields().len(), 1);
}

fn expression() -> impl Strategy<Value = Expression> {
    let name =
        prop_oneof!["[a-z_][a-z0-9_.]{0,3}", "[^\\]\\s]{1,3}", Just("true".to_owned()), Just("contains".to_owned())];
    let query = prop_oneof![Just(None), (0..3_usize).prop_map(Some)];
    let leaf = prop_oneof![
        (0.0..1e9_f64).prop_map(Expression::Number),
        any::<u16>().prop_map(|number| Expression::Number(f64::from(number))),
        "[a'\"\\\\]{0,4}".prop_map(Expression::Text),
        any::<bool>().prop_map(Expression::Boolean),
        (query, name).prop_map(|(query, name)| Expression::Field(FieldName { query, name })),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let operator = prop_oneof![
            Just(Operator::Or),
            Just(Operator::And),
            Just(Operator::Equal),
            Just(Operator::NotEqual),
            Just(Operator::Less),
            Just(Operator::GreaterOrEqual),
            Just(Operator::Add),
            Just(Operator::Subtract),
            Just(Operator::Multiply),
            Just(Operator::Remainder),
        ];
        let boxed = inner.prop_map(Box::new).boxed();
        let pattern = "[a-c'\\\\d]{0,3}".prop_filter_map("compiles", |text| Pattern::compile(&text).ok());
        prop_oneof![
            boxed.clone().prop_map(Expression::Not),
            boxed.clone().prop_map(Expression::Negative),
            (operator, boxed.clone(), boxed.clone()).prop_map(|(op, left, right)| Expression::Binary(op, left, right)),
            (boxed.clone(), boxed.clone()).prop_map(|(value, part)| Expression::Contains(value, part)),
            (boxed, pattern, any::<bool>()).prop_map(|(value, pattern, is_negated)| Expression::Matches {
                value,
                pattern,
                is_negated
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(tree in expression()) {
        let printed = tree.to_string();
        prop_assume!(printed.chars().count() <= CONDITION_CHARACTERS_MAX);
        let read = Condition::parse(&printed);
        prop_assert_eq!(read.map(|condition| condition.expression), Ok(tree), "{}", printed);
    }

    #[test]
    fn any_text_ends(text in ".{0,140}") {
        let _ = Condition::parse(&text).map(|condition| condition.holds(&Row::new()));
    }

    #[test]
    fn any_mix_of_its_own_words_ends(parts in proptest::collection::vec(
        prop_oneof!["[a-z]{1,2}", "[0-9.e]{1,3}", "[-+*/%!<>=&|~(),\\[\\]$'\" ]{1,3}"], 0..30)
    ) {
        let _ = Condition::parse(&parts.concat()).map(|condition| condition.holds(&Row::new()));
    }
}
