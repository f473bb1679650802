//! What PostgreSQL's clients ask before they ask anything: `pg_catalog`, `information_schema`, and functions like `version()`.
//!
//! Such a statement is answered in a context of its own, over tables that have columns and no rows. Numbers of tables
//! (oids) must be the same from one statement to the next, so the context of a set of tables is kept. It holds names
//! only; two accounts with the same names may share one.

mod functions;
mod information;
mod shape;
mod spelling;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::error::Result;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::setup_pg_catalog;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use query::{QueryError, Question, Table};

use crate::error::{query_error, syntax_error};
use information::Described;
use shape::Shape;

/// The one database.
const DATABASE: &str = "cairn";
/// Sets of tables whose contexts are kept: as many accounts as look around at once. Each takes about a megabyte.
const KEPT_MAX: usize = 32;
/// What statements about one set of tables may hold together; the catalogs are small.
const MEMORY_BYTES: usize = 64 << 20;
/// Functions whose names do not begin with `pg_`.
const FUNCTIONS: [&str; 13] = [
    "current_catalog",
    "current_database",
    "current_role",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "format_type",
    "obj_description",
    "session_user",
    "to_regclass",
    "to_regtype",
    "version",
];

/// The contexts catalogs are asked in.
pub(crate) struct Catalogs {
    parser: PostgresCompatibilityParser,
    /// The last used at the end.
    kept: Mutex<VecDeque<(Vec<String>, SessionContext)>>,
}

impl Catalogs {
    pub(crate) fn new() -> Catalogs {
        Catalogs { parser: PostgresCompatibilityParser::new(), kept: Mutex::default() }
    }

    /// Plans a statement about the catalogs.
    pub(crate) async fn plan(&self, question: &Question) -> Result<(SessionContext, LogicalPlan), QueryError> {
        let statements = self.parser.parse(&spelling::known(&question.sql));
        let mut statements = statements.map_err(|error| syntax_error(error, &question.sql))?;
        let (Some(statement), true) = (statements.pop(), statements.is_empty()) else {
            return Err(QueryError::Invalid { message: "one statement at a time".to_owned() });
        };
        if !matches!(statement, Statement::Query(_) | Statement::Explain { .. }) {
            let first: String =
                question.sql.trim_start().chars().take_while(char::is_ascii_alphabetic).take(20).collect();
            return Err(QueryError::ReadOnly { statement: first.to_ascii_uppercase() });
        }
        let planned = self.planned(&question.tables, statement).await;
        planned.map_err(|error| query_error(error, MEMORY_BYTES))
    }

    async fn planned(&self, tables: &[Table], statement: Statement) -> Result<(SessionContext, LogicalPlan)> {
        let context = self.context(tables)?;
        let statement = datafusion::sql::parser::Statement::Statement(Box::new(statement));
        let plan = context.state().statement_to_plan(statement).await?;
        Ok((context, plan))
    }

    fn context(&self, tables: &[Table]) -> Result<SessionContext> {
        let names: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(each, _)| *each == names).and_then(|at| kept.remove(at));
        let context = match found {
            Some((_, context)) => context,
            None => new_context(tables)?,
        };
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((names, context.clone()));
        Ok(context)
    }
}

/// Whether a statement is about the catalogs: it names one of their tables or functions outside quotes.
pub(crate) fn is_about_catalogs(sql: &str) -> bool {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize() else { return false };
    tokens.iter().any(|token| match token {
        Token::Word(word) => {
            let name = word.value.to_ascii_lowercase();
            let is_privilege = name.starts_with("has_") && name.ends_with("_privilege");
            name.starts_with("pg_")
                || name == "information_schema"
                || is_privilege
                || FUNCTIONS.contains(&name.as_str())
        }
        _ => false,
    })
}

fn new_context(tables: &[Table]) -> Result<SessionContext> {
    let config = SessionConfig::new().with_default_catalog_and_schema(DATABASE, "public");
    let memory = Arc::new(GreedyMemoryPool::new(MEMORY_BYTES));
    let no_disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let environment =
        RuntimeEnvBuilder::new().with_memory_pool(memory).with_disk_manager_builder(no_disk).build_arc()?;
    let context = SessionContext::new_with_config_rt(config, environment);
    let catalog = MemoryCatalogProvider::new();
    let mut described = Vec::new();
    for table in tables {
        let (schema, name) = table.path();
        let provider = match catalog.schema(schema) {
            Some(provider) => provider,
            None => {
                let provider: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
                catalog.register_schema(schema, provider.clone())?;
                provider
            }
        };
        let shape = Arc::new(Shape::of(&table.source));
        let columns = shape.schema();
        described.push(Described { schema: schema.to_owned(), name: name.to_owned(), columns });
        provider.register_table(name.to_owned(), shape)?;
    }
    catalog.register_schema("information_schema", information::schema(&described)?)?;
    context.register_catalog(DATABASE, Arc::new(catalog));
    setup_pg_catalog(&context, DATABASE, EmptyContextProvider).map_err(|error| *error)?;
    functions::register(&context);
    Ok(context)
}
