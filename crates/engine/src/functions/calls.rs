//! Calls that DataFusion knows under another name or in another form.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, OrderByExpr, OrderByOptions, Value,
};
use query::{Dialect, QueryError};

/// Presto's name and DataFusion's.
const RENAMED: [(&str, &str); 20] = [
    // Any value will do: the least is as fast and always the same.
    ("arbitrary", "min"),
    ("any_value", "min"),
    ("approx_percentile", "approx_percentile_cont"),
    ("array_join", "array_to_string"),
    ("array_remove", "array_remove_all"),
    ("ceiling", "ceil"),
    ("contains", "array_has"),
    ("element_at", "array_element"),
    ("every", "bool_and"),
    ("is_nan", "isnan"),
    ("levenshtein_distance", "levenshtein"),
    ("pow", "power"),
    ("rand", "random"),
    ("sequence", "generate_series"),
    ("sign", "signum"),
    ("stddev_samp", "stddev"),
    ("truncate", "trunc"),
    ("typeof", "arrow_typeof"),
    ("variance", "var_samp"),
    ("arrays_overlap", "array_has_any"),
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
        "max_by" => extreme_by(function, false),
        "min_by" => extreme_by(function, true),
        "slice" => slice(function),
        "concat" => replace(expr, concatenated),
        "mod" => replace(expr, |arguments| binary(arguments, BinaryOperator::Modulo)),
        "bitwise_and" => replace(expr, |arguments| binary(arguments, BinaryOperator::BitwiseAnd)),
        "bitwise_or" => replace(expr, |arguments| binary(arguments, BinaryOperator::BitwiseOr)),
        "bitwise_xor" => replace(expr, |arguments| binary(arguments, BinaryOperator::BitwiseXor)),
        "if" => replace(expr, either),
        "try" => replace(expr, |mut arguments| if arguments.len() == 1 { arguments.pop() } else { None }),
        _ => {}
    }
    ControlFlow::Continue(())
}

/// The plain arguments of a call, if it has no others.
fn arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(FunctionArgumentList { args, clauses, duplicate_treatment: None }) = &function.args
    else {
        return None;
    };
    let plain = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    if clauses.is_empty() { args.iter().map(plain).collect() } else { None }
}

fn set_arguments(function: &mut Function, arguments: Vec<Expr>, clauses: Vec<FunctionArgumentClause>) {
    let args = arguments.into_iter().map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))).collect();
    function.args = FunctionArguments::List(FunctionArgumentList { args, clauses, duplicate_treatment: None });
}

fn rename(function: &mut Function, name: &str) {
    function.name = ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]);
}

/// Puts what is made of the arguments in place of the call, if anything can be.
fn replace(expr: &mut Expr, make: impl FnOnce(Vec<Expr>) -> Option<Expr>) {
    if let Expr::Function(function) = expr
        && let Some(made) = arguments(function).and_then(make)
    {
        *expr = made;
    }
}

fn nested(expr: Expr) -> Expr {
    Expr::Nested(Box::new(expr))
}

fn binary(arguments: Vec<Expr>, op: BinaryOperator) -> Option<Expr> {
    let [left, right]: [Expr; 2] = arguments.try_into().ok()?;
    Some(nested(Expr::BinaryOp { left: Box::new(nested(left)), op, right: Box::new(nested(right)) }))
}

/// `concat(a, b)` is NULL when a part is, as `a || b` is.
fn concatenated(arguments: Vec<Expr>) -> Option<Expr> {
    let all = arguments.into_iter().map(nested);
    all.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::StringConcat,
        right: Box::new(right),
    })
    .map(nested)
}

/// `if(c, a, b)` as CASE.
fn either(arguments: Vec<Expr>) -> Option<Expr> {
    let mut arguments = arguments.into_iter();
    let (condition, result, otherwise) = (arguments.next()?, arguments.next()?, arguments.next());
    Some(Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result }],
        else_result: otherwise.map(Box::new),
    })
}

/// `count_if(x)` as `count(*) FILTER (WHERE x)`.
fn count_if(function: &mut Function) {
    let FunctionArguments::List(FunctionArgumentList { args, .. }) = &mut function.args else { return };
    let [FunctionArg::Unnamed(argument @ FunctionArgExpr::Expr(_))] = args.as_mut_slice() else { return };
    let FunctionArgExpr::Expr(condition) = std::mem::replace(argument, FunctionArgExpr::Wildcard) else { return };
    rename(function, "count");
    function.filter = Some(Box::new(condition));
}

/// `max_by(x, y)` as the first of the x in the order of y from the greatest; a y that is NULL does not count.
fn extreme_by(function: &mut Function, is_least: bool) {
    let Some(Ok([value, by])) = arguments(function).map(<[Expr; 2]>::try_from) else { return };
    let options = OrderByOptions { asc: Some(is_least), nulls_first: Some(false) };
    let order = OrderByExpr { expr: by.clone(), options, with_fill: None };
    rename(function, "first_value");
    set_arguments(function, vec![value], vec![FunctionArgumentClause::OrderBy(vec![order])]);
    let is_there = Expr::IsNotNull(Box::new(by));
    function.filter = Some(Box::new(match function.filter.take() {
        Some(filter) => {
            Expr::BinaryOp { left: Box::new(nested(*filter)), op: BinaryOperator::And, right: Box::new(is_there) }
        }
        None => is_there,
    }));
}

/// `slice(a, start, length)` as `array_slice(a, start, start + length - 1)`.
fn slice(function: &mut Function) {
    let Some(Ok([array, start, length])) = arguments(function).map(<[Expr; 3]>::try_from) else { return };
    let sum = Expr::BinaryOp {
        left: Box::new(nested(start.clone())),
        op: BinaryOperator::Plus,
        right: Box::new(nested(length)),
    };
    let one = Box::new(Expr::value(Value::Number("1".to_owned(), false)));
    let end = Expr::BinaryOp { left: Box::new(sum), op: BinaryOperator::Minus, right: one };
    rename(function, "array_slice");
    set_arguments(function, vec![array, start, end], Vec::new());
}
