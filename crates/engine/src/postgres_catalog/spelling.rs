//! Parts of well-known statements that cannot be planned, said in other words. They are compared token by token, so
//! spaces and lines do not matter.

use datafusion::sql::sqlparser::ast::{Expr, Ident, SelectItem, SetExpr, Statement};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// What a tool says, and what means the same here.
const KNOWN: [(&str, &str); 11] = [
    // Grafana: the schemas of the search path.
    (
        "select case when trim(s[i]) = '\"$user\"' then user else trim(s[i]) end from generate_series( \
         array_lower(string_to_array(current_setting('search_path'),','),1), \
         array_upper(string_to_array(current_setting('search_path'),','),1) ) as i, \
         string_to_array(current_setting('search_path'),',') s",
        "'public'",
    ),
    // Metabase: the comment on a column, which nobody can write.
    (
        "COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST(\"c\".\"table_schema\" AS TEXT), CAST(\"c\".\"table_name\" AS TEXT)) \
         AS REGCLASS) AS OID), \"c\".\"ordinal_position\")",
        "CAST(NULL AS TEXT)",
    ),
    // Metabase: the columns of a foreign key. There are none.
    ("\"fk_column\".\"attnum\" = ANY(\"c\".\"conkey\")", "FALSE"),
    ("\"pk_column\".\"attnum\" = ANY(\"c\".\"confkey\")", "FALSE"),
    // pgjdbc: the columns of a primary key. There are none.
    ("(information_schema._pg_expandarray(i.indkey)).n", "CAST(NULL AS INT)"),
    ("information_schema._pg_expandarray(i.indkey)", "CAST(NULL AS INT)"),
    ("(result.KEYS).x", "result.KEYS"),
    // psql's \d+, \du, \dn+ and \dp: options, roles and privileges. There are none.
    (
        "pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(tc.reloptions) x), ', ')",
        "CAST(NULL AS TEXT)",
    ),
    (
        "ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) \
         WHERE m.member = r.oid)",
        "CAST(NULL AS TEXT)",
    ),
    (r"pg_catalog.array_to_string(n.nspacl, E'\n')", "CAST(NULL AS TEXT)"),
    (r"pg_catalog.array_to_string(c.relacl, E'\n')", "CAST(NULL AS TEXT)"),
];

/// The statement in words that can be planned.
pub(super) fn known(sql: &str) -> String {
    let Some(mut tokens) = cut(sql) else { return sql.to_owned() };
    let mut is_changed = false;
    for (said, meant) in KNOWN {
        let (Some(said), Some(meant)) = (cut(said), cut(meant)) else { continue };
        while let Some(at) = tokens.windows(said.len()).position(|window| same(window, &said)) {
            tokens.splice(at..at + said.len(), meant.iter().cloned());
            is_changed = true;
        }
    }
    let sql = match is_changed {
        true => tokens.iter().map(Token::to_string).collect::<Vec<_>>().join(" "),
        false => sql.to_owned(),
    };
    let Ok(mut statements) = Parser::parse_sql(&PostgreSqlDialect {}, &sql) else { return sql };
    let [statement] = statements.as_mut_slice() else { return sql };
    if name_calls(statement) { statement.to_string() } else { sql }
}

/// In a SELECT without FROM columns that are calls of functions are called like them, as in PostgreSQL; whether there are
/// any. Of two of one name only the first.
fn name_calls(statement: &mut Statement) -> bool {
    let Statement::Query(query) = statement else { return false };
    let SetExpr::Select(select) = query.body.as_mut() else { return false };
    if !select.from.is_empty() {
        // The library knows some of those by their every word.
        return false;
    }
    let mut named: Vec<String> = Vec::new();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let name = match expr {
            Expr::Function(call) => call.name.0.last().and_then(|part| part.as_ident()).map(|name| name.value.clone()),
            // These two are functions without parentheses, one for the other.
            Expr::Identifier(name) if is_user(&name.value) => Some(name.value.clone()),
            _ => None,
        };
        let Some(name) = name.map(|name| name.to_ascii_lowercase()).filter(|name| !named.contains(name)) else {
            continue;
        };
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name.as_str()) };
        named.push(name);
    }
    !named.is_empty()
}

fn is_user(name: &str) -> bool {
    ["current_user", "session_user", "user"].iter().any(|each| name.eq_ignore_ascii_case(each))
}

fn same(one: &[Token], other: &[Token]) -> bool {
    one.iter().zip(other).all(|(one, other)| match (one, other) {
        (Token::Word(one), Token::Word(other)) => one.value.eq_ignore_ascii_case(&other.value),
        _ => one == other,
    })
}

fn cut(sql: &str) -> Option<Vec<Token>> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize().ok()?;
    Some(tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect())
}
