//! Aggregates that need no rows: counted over combinations of a few low-valued columns.
//!
//! `GROUP BY eventName` over a million events needs to know only how often each name occurs, and the store can tell that
//! from small integers. Where everything an aggregate uses are columns of few values and stretches of time, its scan of
//! events is replaced by the store's combinations: `count` becomes a sum of their counts, `min(__time__)` the least of
//! their first seconds. What depends on the values only (`count(DISTINCT x)`, `min(x)`) stays as it is.

mod buckets;
mod measures;
mod table;

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as Named, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::logical_plan::Aggregate;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias, TableScan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use model::Attribute;
use query::Column;

use crate::columns::Content;
use crate::table::EventsTable;
use table::CombinationsTable;

/// The rule; runs when filters and projections lie where they end up.
#[derive(Debug, Default)]
pub(crate) struct Combined;

impl OptimizerRule for Combined {
    fn name(&self) -> &str {
        "combined"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(aggregate) = &plan else { return Ok(Transformed::no(plan)) };
        match rewritten(aggregate)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(plan)),
        }
    }
}

/// The scan below an aggregate, and what lies between them in terms of its columns.
struct Below<'p> {
    scan: &'p TableScan,
    filters: Vec<Expr>,
    /// What each column of the aggregate's input is.
    columns: Vec<(Named, Expr)>,
}

impl Below<'_> {
    fn of(plan: &LogicalPlan) -> Result<Option<Below<'_>>> {
        Ok(match plan {
            LogicalPlan::TableScan(scan) if scan.fetch.is_none() => {
                let named = scan.projected_schema.columns();
                let columns = named.into_iter().map(|column| (column.clone(), Expr::Column(column))).collect();
                Some(Below { scan, filters: Vec::new(), columns })
            }
            LogicalPlan::Filter(filter) => match Below::of(&filter.input)? {
                Some(mut below) => {
                    let condition = below.resolved(filter.predicate.clone())?;
                    below.filters.extend(split_conjunction_owned(condition));
                    Some(below)
                }
                None => None,
            },
            LogicalPlan::Projection(Projection { expr, input, schema, .. }) => match Below::of(input)? {
                Some(mut below) => {
                    let inner = expr.iter().map(|expr| below.resolved(expr.clone().unalias()));
                    let inner: Vec<Expr> = inner.collect::<Result<_>>()?;
                    below.columns = schema.columns().into_iter().zip(inner).collect();
                    Some(below)
                }
                None => None,
            },
            LogicalPlan::SubqueryAlias(SubqueryAlias { input, schema, .. }) => match Below::of(input)? {
                Some(mut below) => {
                    let inner = std::mem::take(&mut below.columns).into_iter().map(|(_, expr)| expr);
                    below.columns = schema.columns().into_iter().zip(inner).collect();
                    Some(below)
                }
                None => None,
            },
            _ => None,
        })
    }

    /// The expression over the scan's columns.
    fn resolved(&self, expr: Expr) -> Result<Expr> {
        let replaced = expr.transform_up(|expr| {
            let Expr::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
            let known = self.columns.iter().find(|(name, _)| name == column);
            Ok(known.map_or_else(|| Transformed::no(expr.clone()), |(_, inner)| Transformed::yes(inner.clone())))
        });
        replaced.map(|expr| expr.data)
    }
}

/// The same answer from combinations, if they can tell it.
fn rewritten(aggregate: &Aggregate) -> Result<Option<LogicalPlan>> {
    let Some(below) = Below::of(&aggregate.input)? else { return Ok(None) };
    let Ok(provider) = source_as_provider(&below.scan.source) else { return Ok(None) };
    let Some(events) = provider.downcast_ref::<EventsTable>() else { return Ok(None) };
    let content = |name: &str| events.content(name).cloned();
    let mut bucket = buckets::Bucket::default();
    let mut groups = Vec::new();
    for expr in &aggregate.group_expr {
        let expr = below.resolved(expr.clone().unalias())?;
        match bucket.widen(&expr, &content)? {
            Some(expr) => groups.push(expr),
            None => return Ok(None),
        }
    }
    let mut sums = Vec::new();
    for expr in &aggregate.aggr_expr {
        let expr = below.resolved(expr.clone().unalias())?;
        match measures::over_combinations(expr, &content)? {
            Some(measure) => sums.push(measure),
            None => return Ok(None),
        }
    }
    let mut filters = Vec::new();
    for filter in &below.filters {
        if !tells_from_values(filter, &content)? {
            return Ok(None);
        }
        filters.push(filter.clone());
    }
    let (expressions, are_counts): (Vec<Expr>, Vec<bool>) = sums.into_iter().unzip();
    let used = groups.iter().chain(&expressions).chain(&filters);
    let mut names: Vec<String> = Vec::new();
    for expr in used {
        expr.apply(|expr| {
            if let Expr::Column(column) = expr
                && content(&column.name).is_some()
                && !names.contains(&column.name)
            {
                names.push(column.name.clone());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    let scope = events.narrowed(&below.scan.filters);
    let combinations = CombinationsTable::new(events, scope, &names, bucket.width());
    let source = datafusion::datasource::provider_as_source(Arc::new(combinations));
    let mut plan = LogicalPlanBuilder::scan(below.scan.table_name.clone(), source, None)?;
    if let Some(filter) = conjunction(filters) {
        plan = plan.filter(filter)?;
    }
    let counted = Aggregate::try_new(Arc::new(plan.build()?), groups, expressions)?;
    let (groups, schema) = (counted.group_expr.len(), counted.schema.clone());
    let outputs = aggregate.schema.iter().enumerate().map(|(at, (qualifier, field))| {
        let column = Expr::Column(Named::from(schema.qualified_field(at)));
        let is_count = at >= groups && are_counts[at - groups];
        // Of no events there is a count: none.
        let zero = Expr::Literal(ScalarValue::Int64(Some(0)), None);
        let column = if is_count { coalesce(vec![column, zero]) } else { column };
        column.alias_qualified(qualifier.cloned(), field.name())
    });
    let outputs: Vec<Expr> = outputs.collect();
    Ok(Some(LogicalPlanBuilder::from(LogicalPlan::Aggregate(counted)).project(outputs)?.build()?))
}

/// Whether a column has few values, so that combinations are far fewer than events: the typed columns, ids aside.
fn has_few_values(content: &Content) -> bool {
    match content {
        Content::Constant(_) | Content::Read(Column::Account) => true,
        Content::Read(Column::Field(path)) => {
            let mut few = Attribute::ALL.into_iter().filter(|attribute| *attribute != Attribute::EventId);
            few.any(|attribute| attribute.path().is_some_and(|keys| path.keys() == keys))
        }
        Content::Read(_) => false,
    }
}

/// Whether an expression is told from columns of few values alone.
fn tells_from_values(expr: &Expr, content: &dyn Fn(&str) -> Option<Content>) -> Result<bool> {
    let mut tells = !expr.is_volatile();
    expr.apply(|expr| {
        match expr {
            Expr::Column(column) => tells &= content(&column.name).as_ref().is_some_and(has_few_values),
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..) => {
                tells = false
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(tells)
}
