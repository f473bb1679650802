//! Stretches of time: expressions that say the same for every second of a minute, an hour or a day.

use std::time::Duration;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use query::Column;

use crate::columns::Content;
use crate::combined::has_few_values;
use crate::functions::moments::{Unit, unit, window_ms};

/// The column a combination's stretch of time begins in, in seconds.
pub(super) const BUCKET: &str = "__bucket__";
/// Shorter stretches are nearly as many as events.
const SHORTEST_SECONDS: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// The stretches everything seen so far can be told from.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    seconds: Option<i64>,
}

impl Bucket {
    /// How long one is, if any expression asked about time.
    pub(super) fn width(&self) -> Option<Duration> {
        self.seconds.map(|seconds| Duration::from_secs(seconds.unsigned_abs()))
    }

    /// The expression over combinations, if they can tell it.
    pub(super) fn widen(&mut self, expr: &Expr, content: &dyn Fn(&str) -> Option<Content>) -> Result<Option<Expr>> {
        if expr.is_volatile() {
            return Ok(None);
        }
        let mut tells = true;
        let replaced = expr.clone().transform_down(|expr| {
            if let Some(seconds) = self.told_by(&expr, content).filter(|seconds| *seconds >= SHORTEST_SECONDS) {
                self.seconds = Some(self.seconds.map_or(seconds, |known| common_divisor(known, seconds)));
                let begins = |expr: Expr| match expr {
                    Expr::Column(mut column) => {
                        BUCKET.clone_into(&mut column.name);
                        Ok(Transformed::yes(Expr::Column(column)))
                    }
                    other => Ok(Transformed::no(other)),
                };
                let replaced = expr.transform_up(begins)?.data;
                return Ok(Transformed::new(replaced, true, TreeNodeRecursion::Jump));
            }
            match &expr {
                Expr::Column(column) => tells &= content(&column.name).as_ref().is_some_and(has_few_values),
                Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::GroupingSet(_) => tells = false,
                _ => {}
            }
            Ok(Transformed::no(expr))
        })?;
        Ok(tells.then_some(replaced.data))
    }

    /// For how many seconds from a multiple of them the expression says the same, if it is about nothing but time.
    fn told_by(&self, expr: &Expr, content: &dyn Fn(&str) -> Option<Content>) -> Option<i64> {
        match expr {
            Expr::ScalarFunction(ScalarFunction { func, args }) => match (func.name(), args.as_slice()) {
                ("date_trunc", [name, time]) if is_seconds(time, content) => match unit(text(name)?).ok()? {
                    Unit::Fixed(length_ms) => Some(length_ms / 1000),
                    Unit::Week | Unit::Months(_) => Some(DAY),
                },
                ("date_format", [time, format]) if is_seconds(time, content) => finest(text(format)?),
                ("time_series", [time, window, ..]) if is_seconds(time, content) => {
                    Some(window_ms(text(window)?)? / 1000)
                }
                _ => None,
            },
            // `__time__ - __time__ % 60`
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Minus, right }) if is_seconds(left, content) => {
                match right.as_ref() {
                    Expr::BinaryExpr(BinaryExpr { left, op: Operator::Modulo, right }) if is_seconds(left, content) => {
                        match right.as_ref() {
                            Expr::Literal(ScalarValue::Int64(Some(seconds)), _) => Some(*seconds),
                            _ => None,
                        }
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn is_seconds(expr: &Expr, content: &dyn Fn(&str) -> Option<Content>) -> bool {
    matches!(expr, Expr::Column(column) if content(&column.name) == Some(Content::Read(Column::Seconds)))
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

/// The length of what a format's finest part says.
fn finest(format: &str) -> Option<i64> {
    let mut shortest = DAY;
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character == '%' {
            shortest = shortest.min(match characters.next()? {
                'H' | 'k' | 'h' | 'I' | 'l' | 'p' => HOUR,
                'i' => 60,
                'Y' | 'y' | 'm' | 'c' | 'M' | 'b' | 'd' | 'e' | 'W' | 'a' | 'j' | '%' => DAY,
                _ => return None,
            });
        }
    }
    Some(shortest)
}

fn common_divisor(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { common_divisor(other, one % other) }
}
