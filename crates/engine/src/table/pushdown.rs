//! Conditions of a statement that narrow what is read. Each is only a proposal: DataFusion checks it again.

use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use model::Timestamp;
use query::search::tokens::words_of;
use query::search::{Test, Word, Words};
use query::{Column as Read, Scope, Search};

use crate::columns::Content;

/// The scope with what these conditions, which all must hold, allow at most.
pub(super) fn narrowed<'c>(scope: &Scope, filters: &[Expr], content: impl Fn(&str) -> Option<&'c Content>) -> Scope {
    let mut scope = scope.clone();
    let mut searches = Vec::new();
    for filter in filters {
        let Some((column, op, value)) = comparison(filter) else { continue };
        match (content(&column.name), value) {
            (Some(Content::Read(Read::Seconds)), ScalarValue::Int64(Some(seconds))) => {
                narrow_time(&mut scope, op, seconds.saturating_mul(1000), 1000);
            }
            (Some(Content::Read(Read::Time)), ScalarValue::TimestampMillisecond(Some(time), _)) => {
                narrow_time(&mut scope, op, *time, 1);
            }
            (Some(Content::Read(Read::Field(path))), value) if op == Operator::Eq => {
                let words = value.try_as_str().flatten().and_then(words_of_equal);
                searches.extend(words.map(|words| Search::Field(path.clone(), Test::Has(words))));
            }
            _ => {}
        }
    }
    if !searches.is_empty() {
        searches.push(scope.search);
        scope.search = Search::And(searches);
    }
    scope
}

/// A column, an operator and a value.
fn comparison(filter: &Expr) -> Option<(&Column, Operator, &ScalarValue)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else { return None };
    match (left.as_ref(), right.as_ref()) {
        (Expr::Column(column), Expr::Literal(value, _)) => Some((column, *op, value)),
        (Expr::Literal(value, _), Expr::Column(column)) => Some((column, op.swap()?, value)),
        _ => None,
    }
}

/// Whether narrowing the scope says all that the condition says.
pub(super) fn is_exact<'c>(filter: &Expr, content: impl Fn(&str) -> Option<&'c Content>) -> bool {
    let ordering = [Operator::Gt, Operator::GtEq, Operator::Eq, Operator::Lt, Operator::LtEq];
    comparison(filter).is_some_and(|(column, op, value)| {
        let is_of_time = match content(&column.name) {
            Some(Content::Read(Read::Seconds)) => matches!(value, ScalarValue::Int64(Some(_))),
            Some(Content::Read(Read::Time)) => matches!(value, ScalarValue::TimestampMillisecond(Some(_), _)),
            _ => false,
        };
        is_of_time && ordering.contains(&op)
    })
}

/// `time` is where a unit of `unit_ms` begins.
fn narrow_time(scope: &mut Scope, op: Operator, time: i64, unit_ms: i64) {
    let behind = Timestamp(time.saturating_add(unit_ms));
    let from = match op {
        Operator::Gt => behind,
        Operator::GtEq | Operator::Eq => Timestamp(time),
        _ => scope.from,
    };
    let before = match op {
        Operator::Lt => Timestamp(time),
        Operator::LtEq | Operator::Eq => behind,
        _ => scope.before,
    };
    scope.from = scope.from.max(from);
    scope.before = scope.before.min(before);
}

/// The words every value has that is this text. A text that looks like an object or a list may be one, written with escapes.
fn words_of_equal(text: &str) -> Option<Words> {
    if text.starts_with(['{', '[']) {
        return None;
    }
    let word = |word: &[u8]| Word::Exact(String::from_utf8_lossy(word).to_ascii_lowercase());
    let words: Vec<Word> = words_of(text.as_bytes()).take(Words::MAX).map(word).collect();
    (!words.is_empty()).then_some(Words { words, in_order: false })
}
