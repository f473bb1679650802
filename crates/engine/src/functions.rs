//! Functions: Presto's where DataFusion has none or means something else. One file per family.

mod addresses;
pub(crate) mod calls;
mod json;
pub(crate) mod moments;
pub(crate) mod row_wise;
mod texts;
mod time_format;

use datafusion::logical_expr::ScalarUDF;

/// Every function of our own.
pub(crate) fn all() -> Vec<ScalarUDF> {
    let families = [json::FUNCTIONS, texts::FUNCTIONS, moments::FUNCTIONS, addresses::FUNCTIONS];
    families.into_iter().flatten().map(row_wise::udf).collect()
}
