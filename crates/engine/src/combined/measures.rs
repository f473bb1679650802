//! Aggregates over combinations that say what the same aggregates say over events.

use datafusion::common::{Column as Named, ScalarValue};
use datafusion::error::Result;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Expr, lit, when};
use query::Column;

use super::tells_from_values;
use crate::columns::Content;

/// How many events a combination stands for, and the seconds of its first and last.
pub(super) const COUNT: &str = "__count__";
pub(super) const FIRST: &str = "__first__";
pub(super) const LAST: &str = "__last__";

/// Aggregates that do not care how often a value occurs.
const INDIFFERENT: [&str; 5] = ["min", "max", "approx_distinct", "bool_and", "bool_or"];

/// The aggregate over combinations, and whether it is a count, which is 0 and not NULL when there is nothing.
pub(super) fn over_combinations(expr: Expr, content: &dyn Fn(&str) -> Option<Content>) -> Result<Option<(Expr, bool)>> {
    let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else { return Ok(None) };
    let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment } = params;
    if let Some(filter) = &filter
        && !tells_from_values(filter, content)?
    {
        return Ok(None);
    }
    let [argument] = args.as_slice() else { return Ok(None) };
    if !order_by.is_empty() || null_treatment.is_some() {
        return Ok(None);
    }
    let call = |func, argument| {
        let params = AggregateFunctionParams {
            args: vec![argument],
            distinct: false,
            filter: filter.clone(),
            order_by: Vec::new(),
            null_treatment: None,
        };
        Expr::AggregateFunction(AggregateFunction { func, params })
    };
    let tells = tells_from_values(argument, content)?;
    Ok(match (func.name(), distinct) {
        ("count", false) => match argument {
            Expr::Literal(value, _) if !value.is_null() => Some((call(sum_udaf(), column(COUNT)), true)),
            argument if tells => {
                let counted = when(argument.clone().is_not_null(), column(COUNT)).otherwise(lit(0_i64))?;
                Some((call(sum_udaf(), counted), true))
            }
            // Every event has a time.
            argument if is_seconds(argument, content) => Some((call(sum_udaf(), column(COUNT)), true)),
            _ => None,
        },
        ("sum", false) if tells && is_whole(argument) => {
            Some((call(sum_udaf(), argument.clone() * column(COUNT)), false))
        }
        ("min", _) if is_seconds(argument, content) => Some((call(min_udaf(), column(FIRST)), false)),
        ("max", _) if is_seconds(argument, content) => Some((call(max_udaf(), column(LAST)), false)),
        (name, _) if tells && (INDIFFERENT.contains(&name) || (distinct && name == "count")) => {
            let params = AggregateFunctionParams { args, distinct, filter, order_by, null_treatment };
            Some((Expr::AggregateFunction(AggregateFunction { func, params }), false))
        }
        _ => None,
    })
}

fn column(name: &str) -> Expr {
    Expr::Column(Named::new_unqualified(name))
}

fn is_seconds(expr: &Expr, content: &dyn Fn(&str) -> Option<Content>) -> bool {
    matches!(expr, Expr::Column(column) if content(&column.name) == Some(Content::Read(Column::Seconds)))
}

/// Whether it is a whole number whatever the event: a CASE between whole numbers.
fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value, _) => matches!(value, ScalarValue::Int64(_)),
        Expr::Case(case) => {
            let results = case.when_then_expr.iter().map(|(_, result)| result).chain(&case.else_expr);
            results.into_iter().all(|result| is_whole(result))
        }
        _ => false,
    }
}
