//! Where a plan is cut: what can be said of each pane by itself, and what needs the whole window.
//!
//! Rows pass filters and projections one by one, and the first step of an aggregate is made to be merged with others. All of
//! that is below the cut. What asks for the present or for a subquery's value is above it.

use std::sync::Arc;

use datafusion::common::internal_datafusion_err;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::physical_expr::scalar_subquery::ScalarSubqueryExpr;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};

use super::fed::{Fed, Feed};
use crate::table::Reading;

/// A plan that was cut.
pub(super) struct Cut {
    /// Run for each window.
    pub(super) top: Arc<dyn ExecutionPlan>,
    /// What the leaves of `top` are fed with.
    pub(super) below: Vec<Below>,
}

/// What is run for each pane, of one table.
pub(super) struct Below {
    pub(super) reading: Arc<Reading>,
    pub(super) plan: Arc<dyn ExecutionPlan>,
    /// Takes a pane's events.
    pub(super) events: Feed,
    /// Takes what was said of the panes.
    pub(super) said: Feed,
}

impl Below {
    /// Whether a pane's events are what is said of it.
    pub(super) fn is_plain(&self) -> bool {
        self.plan.is::<Fed>()
    }
}

/// Cuts as high as possible.
pub(super) fn cut(plan: &Arc<dyn ExecutionPlan>) -> Result<Cut> {
    let mut below = Vec::new();
    let top = match part(plan, &mut below)? {
        Part::OfEachPane(plan) => leaf(plan, &mut below)?,
        Part::OfTheWindow(plan) => plan,
    };
    Ok(Cut { top, below })
}

enum Part {
    OfEachPane(Arc<dyn ExecutionPlan>),
    OfTheWindow(Arc<dyn ExecutionPlan>),
}

fn part(plan: &Arc<dyn ExecutionPlan>, below: &mut Vec<Below>) -> Result<Part> {
    if plan.is::<Fed>() {
        return Ok(Part::OfEachPane(plan.clone()));
    }
    let mut children = Vec::new();
    for child in plan.children() {
        children.push(part(child, below)?);
    }
    if matches!(children.as_slice(), [Part::OfEachPane(_)]) && says_the_same_later(plan)? {
        if is_of_each_row(plan) {
            return Ok(Part::OfEachPane(plan.clone()));
        }
        if is_first_step(plan) {
            return Ok(Part::OfTheWindow(leaf(plan.clone(), below)?));
        }
    }
    let mut replaced = Vec::new();
    for child in children {
        replaced.push(match child {
            Part::OfEachPane(child) => leaf(child, below)?,
            Part::OfTheWindow(child) => child,
        });
    }
    Ok(Part::OfTheWindow(replace_children_if_necessary(plan.clone(), replaced)?))
}

/// The leaf that stands for this plan.
fn leaf(plan: Arc<dyn ExecutionPlan>, below: &mut Vec<Below>) -> Result<Arc<dyn ExecutionPlan>> {
    let mut table = &plan;
    while let [child] = table.children().as_slice() {
        table = child;
    }
    let table = table.downcast_ref::<Fed>().and_then(|fed| Some((fed.reading()?.clone(), fed.feed().clone())));
    let (reading, events) = table.ok_or_else(|| internal_datafusion_err!("a plan without a table of events below"))?;
    let leaf = Fed::new(plan.schema(), None);
    below.push(Below { reading, plan, events, said: leaf.feed().clone() });
    Ok(Arc::new(leaf))
}

fn is_of_each_row(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.fetch().is_none() && (plan.is::<FilterExec>() || plan.is::<ProjectionExec>())
}

fn is_first_step(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let aggregate = plan.downcast_ref::<AggregateExec>();
    aggregate.is_some_and(|each| *each.mode() == AggregateMode::Partial && each.limit_options().is_none())
}

/// Whether what the step says of events depends on nothing else.
fn says_the_same_later(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let mut is_so = true;
    plan.apply_expressions(&mut |expression| {
        expression.apply(|each| {
            is_so &= !each.is_volatile_node() && each.downcast_ref::<ScalarSubqueryExpr>().is_none();
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(is_so)
}
