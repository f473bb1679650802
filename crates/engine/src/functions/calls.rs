//! Calls that DataFusion knows under another name or in another form.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    ObjectNamePart,
};
use query::{Dialect, QueryError};

/// Presto's name and DataFusion's.
const RENAMED: [(&str, &str); 12] = [
    // Any value will do: the least is as fast and always the same.
    ("arbitrary", "min"),
    ("any_value", "min"),
    ("array_join", "array_to_string"),
    ("bool_and", "bool_and"),
    ("every", "bool_and"),
    ("contains", "array_has"),
    ("stddev_samp", "stddev"),
    ("variance", "var_samp"),
    ("pow", "power"),
    ("ceiling", "ceil"),
    ("geometric_mean", "geometric_mean"),
    ("chr", "chr"),
];

/// Rewrites one call; its arguments were rewritten before.
pub(crate) fn rewrite(expr: &mut Expr, dialect: Dialect) -> ControlFlow<QueryError> {
    let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
    let [ObjectNamePart::Identifier(ident)] = function.name.0.as_mut_slice() else { return ControlFlow::Continue(()) };
    let name = ident.value.to_ascii_lowercase();
    *ident = Ident::new(name.clone());
    if dialect == Dialect::Postgres {
        return ControlFlow::Continue(());
    }
    if let Some((_, known)) = RENAMED.iter().find(|(presto, _)| *presto == name) {
        *ident = Ident::new(*known);
    }
    match name.as_str() {
        "count_if" => count_if(function),
        _ => {}
    }
    ControlFlow::Continue(())
}

/// `count_if(x)` as `count(*) FILTER (WHERE x)`.
fn count_if(function: &mut Function) {
    let FunctionArguments::List(FunctionArgumentList { args, .. }) = &mut function.args else { return };
    let [FunctionArg::Unnamed(argument @ FunctionArgExpr::Expr(_))] = args.as_mut_slice() else { return };
    let FunctionArgExpr::Expr(condition) = std::mem::replace(argument, FunctionArgExpr::Wildcard) else { return };
    function.name = ObjectName(vec![ObjectNamePart::Identifier(Ident::new("count"))]);
    function.filter = Some(Box::new(condition));
}
