//! What a cast means, put into the plan after types were settled.
//!
//! A cast out of JSON takes the quotes off first. A cast out of a text that is none of what is wanted gives NULL: one odd
//! event must not end a query.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ExprSchema};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan, ScalarUDF, TryCast};
use datafusion::optimizer::analyzer::AnalyzerRule;

use crate::functions::row_wise::JSON_MARK;

#[derive(Debug)]
pub(crate) struct Casts {
    pub(crate) json_to_text: Arc<ScalarUDF>,
    pub(crate) json_to_texts: Arc<ScalarUDF>,
}

impl AnalyzerRule for Casts {
    fn name(&self) -> &str {
        "casts"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let mut schema = DFSchema::empty();
            for input in plan.inputs() {
                schema.merge(input.schema());
            }
            // Columns above are known by the names these expressions had.
            let names = NamePreserver::new(&plan);
            let expressions = |expr: Expr| {
                let name = names.save(&expr);
                let rewritten = expr.transform_up(|expr| self.rewritten(expr, &schema))?;
                Ok(rewritten.update_data(|expr| name.restore(expr)))
            };
            let plan = plan.map_expressions(expressions)?;
            if plan.transformed { plan.map_data(LogicalPlan::recompute_schema) } else { Ok(plan) }
        })
        .map(|plan| plan.data)
    }
}

impl Casts {
    fn rewritten(&self, expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
        let (inner, field) = match expr {
            Expr::TryCast(TryCast { expr, field }) => (expr, field),
            Expr::Cast(Cast { expr, field }) if is_text(&expr, schema) => (expr, field),
            other => return Ok(Transformed::no(other)),
        };
        if !is_json(&inner, schema) {
            return Ok(Transformed::yes(Expr::TryCast(TryCast { expr: inner, field })));
        }
        let is_list = matches!(field.data_type(), DataType::List(_));
        let function = if is_list { &self.json_to_texts } else { &self.json_to_text };
        let text = Expr::ScalarFunction(ScalarFunction::new_udf(function.clone(), vec![*inner]));
        Ok(Transformed::yes(Expr::TryCast(TryCast { expr: Box::new(text), field })))
    }
}

fn is_text(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    expr.get_type(schema).is_ok_and(|kind| kind.is_string())
}

fn is_json(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    expr.to_field(schema).is_ok_and(|(_, field)| field.metadata().contains_key(JSON_MARK))
}
