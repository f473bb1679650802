//! What a statement asks for, told by its first words. Questions go to the engine; the rest is answered here.

use crate::lexer::{Kind, Token, tokens};

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    /// The engine answers it.
    Question,
    /// It would change something. Its first word.
    Change(String),
    /// A transaction begins.
    Begin,
    /// One ends; whether by COMMIT.
    End { is_commit: bool },
    /// A setting is set; `None` puts the default back.
    Set { name: String, value: Option<String> },
    /// A setting is asked for; `None` for all.
    Show(Option<String>),
    /// Nothing needs to be done. What is answered.
    Nothing(&'static str),
    /// A prepared statement is given up; `None` for all.
    Deallocate(Option<String>),
}

const CHANGES: [&str; 24] = [
    "ALTER", "ANALYZE", "CALL", "CLUSTER", "COMMENT", "COPY", "CREATE", "DELETE", "DO", "DROP", "GRANT", "IMPORT",
    "INSERT", "LOCK", "MERGE", "NOTIFY", "REASSIGN", "REFRESH", "REINDEX", "REVOKE", "SECURITY", "TRUNCATE", "UPDATE",
    "VACUUM",
];

impl Statement {
    /// Reads one statement, without a semicolon at its end.
    pub(crate) fn read(sql: &str) -> Statement {
        let tokens = tokens(sql);
        let words: Vec<String> = tokens.iter().take(4).map(|token| token.of(sql).to_uppercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["BEGIN", ..] | ["START", "TRANSACTION", ..] => Statement::Begin,
            ["COMMIT" | "END", ..] => Statement::End { is_commit: true },
            ["ROLLBACK", "TO", ..] | ["ROLLBACK", "WORK" | "TRANSACTION", "TO", ..] => Statement::Nothing("ROLLBACK"),
            ["ROLLBACK" | "ABORT", ..] => Statement::End { is_commit: false },
            ["SAVEPOINT", ..] => Statement::Nothing("SAVEPOINT"),
            ["RELEASE", ..] => Statement::Nothing("RELEASE"),
            ["SET", "TRANSACTION", ..] | ["SET", "SESSION", "CHARACTERISTICS", ..] | ["SET", "CONSTRAINTS", ..] => {
                Statement::Nothing("SET")
            }
            ["SET", "SESSION" | "LOCAL", "TIME", "ZONE"] => set(sql, &tokens, 4, Some("timezone")),
            ["SET", "TIME", "ZONE", ..] => set(sql, &tokens, 3, Some("timezone")),
            ["SET", "NAMES", ..] => set(sql, &tokens, 2, Some("client_encoding")),
            ["SET", "SESSION" | "LOCAL", ..] => set(sql, &tokens, 2, None),
            ["SET", ..] => set(sql, &tokens, 1, None),
            ["RESET", "ALL", ..] => Statement::Nothing("RESET"),
            ["RESET", ..] => Statement::Set { name: text(sql, &tokens[1..]), value: None },
            ["SHOW", "ALL", ..] => Statement::Show(None),
            ["SHOW", "TIME", "ZONE", ..] => Statement::Show(Some("timezone".to_owned())),
            ["SHOW", "TRANSACTION", "ISOLATION", ..] => Statement::Show(Some("transaction_isolation".to_owned())),
            ["SHOW", ..] => Statement::Show(Some(text(sql, &tokens[1..]))),
            ["DISCARD", ..] => Statement::Nothing("DISCARD ALL"),
            ["LISTEN", ..] => Statement::Nothing("LISTEN"),
            ["UNLISTEN", ..] => Statement::Nothing("UNLISTEN"),
            ["DEALLOCATE", "PREPARE", ..] => deallocate(sql, &tokens[2..]),
            ["DEALLOCATE", ..] => deallocate(sql, &tokens[1..]),
            [word, ..] if CHANGES.contains(word) => Statement::Change((*word).to_owned()),
            _ => Statement::Question,
        }
    }
}

/// `name = value`, `name TO value`, or only the value of a setting whose name is known.
fn set(sql: &str, tokens: &[Token], skip: usize, known: Option<&str>) -> Statement {
    let rest = tokens.get(skip..).unwrap_or_default();
    let is_between = |token: &&Token| matches!(token.of(sql).to_uppercase().as_str(), "=" | "TO");
    let between = rest.iter().position(|token| is_between(&token));
    let (name, value) = match (known, between) {
        (Some(name), _) => (name.to_owned(), rest),
        (None, Some(at)) => (text(sql, &rest[..at]), &rest[at + 1..]),
        (None, None) => (text(sql, rest), &rest[rest.len()..]),
    };
    let value = text(sql, value);
    let is_default = value.eq_ignore_ascii_case("default") || value.is_empty();
    Statement::Set { name, value: Some(value).filter(|_| !is_default) }
}

fn deallocate(sql: &str, rest: &[Token]) -> Statement {
    let name = text(sql, rest);
    Statement::Deallocate(Some(name).filter(|name| !name.eq_ignore_ascii_case("all")))
}

/// Tokens as one text, without quotes; a list keeps its commas.
fn text(sql: &str, tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        let written = token.of(sql);
        match token.kind {
            Kind::Text | Kind::Name => text.push_str(written.trim_matches(['\'', '"'])),
            _ if written == "," => text.push_str(", "),
            _ => text.push_str(written),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_say_what_is_asked() {
        let set = |name: &str, value: &str| Statement::Set {
            name: name.to_owned(),
            value: Some(value.to_owned()).filter(|value| !value.is_empty()),
        };
        for (sql, expected) in [
            ("/* x */ select 1", Statement::Question),
            ("with a as (select 1) select * from a", Statement::Question),
            ("(select 1)", Statement::Question),
            ("explain select 1", Statement::Question),
            ("begin read only", Statement::Begin),
            ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", Statement::Begin),
            ("commit", Statement::End { is_commit: true }),
            ("ROLLBACK", Statement::End { is_commit: false }),
            ("rollback to savepoint a", Statement::Nothing("ROLLBACK")),
            ("set extra_float_digits = 3", set("extra_float_digits", "3")),
            ("SET SESSION statement_timeout TO '5s'", set("statement_timeout", "5s")),
            ("set search_path = a, \"b\"", set("search_path", "a, b")),
            ("set time zone 'UTC'", set("timezone", "UTC")),
            ("set names utf8", set("client_encoding", "utf8")),
            ("set statement_timeout to default", set("statement_timeout", "")),
            ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", Statement::Nothing("SET")),
            ("reset statement_timeout", set("statement_timeout", "")),
            ("show all", Statement::Show(None)),
            ("show standard_conforming_strings", Statement::Show(Some("standard_conforming_strings".to_owned()))),
            ("SHOW TRANSACTION ISOLATION LEVEL", Statement::Show(Some("transaction_isolation".to_owned()))),
            ("insert into t values (1)", Statement::Change("INSERT".to_owned())),
            ("Create table t (a int)", Statement::Change("CREATE".to_owned())),
            ("DISCARD ALL", Statement::Nothing("DISCARD ALL")),
            ("deallocate all", Statement::Deallocate(None)),
            ("DEALLOCATE PREPARE \"a\"", Statement::Deallocate(Some("a".to_owned()))),
        ] {
            assert_eq!(Statement::read(sql), expected, "{sql}");
        }
    }
}
