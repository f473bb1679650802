//! The engine: from a question to rows.
//!
//! Queries run on the engine's own few threads, so that however much one computes the node goes on serving. Each has its own
//! memory pool and no disk. The functions are registered once; a query clones that state and adds its tables.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    TableProvider,
};
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use model::ErrorKind;
use query::{Answer, Dialect, Engine, QueryError, Question, Scope, Search, Source, Window, WindowAnswers};
use store::Store;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::casts::Casts;
use crate::combined::Combined;
use crate::dialect::{Prepared, prepare};
use crate::error::query_error;
use crate::events::{Events, StoreEvents};
use crate::functions;
use crate::guarded::{self, Running};
use crate::postgres_catalog::{self, Catalogs};
use crate::table::EventsTable;
use crate::windows::{self, Present, Walk, WindowedTable};

/// Threads that compute, and parts a query is cut into.
const THREADS: usize = 2;
/// Answers of windows that wait to be taken.
const WAITING_WINDOWS: usize = 16;

/// Where the tables of a statement are read.
#[derive(Clone)]
struct Sources {
    events: Arc<dyn Events>,
    catalogs: Arc<Catalogs>,
    #[cfg(feature = "warehouse")]
    warehouse: Option<Arc<dyn crate::warehouse::Location>>,
}

/// Answers statements over events.
pub struct SqlEngine {
    sources: Sources,
    /// Everything but tables and memory, for each dialect.
    log_service: SessionState,
    postgres: SessionState,
    /// Log Service's, for many windows at once.
    windowed: SessionState,
    runtime: Option<Runtime>,
}

impl SqlEngine {
    /// Over the events of a store.
    pub fn new(store: Store) -> Result<SqlEngine, std::io::Error> {
        SqlEngine::over(Arc::new(StoreEvents::new(store)))
    }

    /// Over these events.
    pub fn over(events: Arc<dyn Events>) -> Result<SqlEngine, std::io::Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("sql")
            // Warehouse tables may lie behind a network.
            .enable_all()
            .build()?;
        let sources = Sources {
            events,
            catalogs: Arc::new(Catalogs::new()),
            #[cfg(feature = "warehouse")]
            warehouse: None,
        };
        Ok(SqlEngine {
            sources,
            log_service: answering(prototype(Dialect::LogService)),
            postgres: answering(prototype(Dialect::Postgres)),
            windowed: windows::prototype(prototype(Dialect::LogService)),
            runtime: Some(runtime),
        })
    }

    /// The same with the warehouse tables that lie there.
    #[cfg(feature = "warehouse")]
    #[must_use]
    pub fn with_warehouse(mut self, location: Arc<dyn crate::warehouse::Location>) -> SqlEngine {
        self.sources.warehouse = Some(location);
        self
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("taken only by drop")
    }

    /// A state of a question's own.
    fn state(&self, question: &Question) -> Result<SessionState, QueryError> {
        own_state(
            question,
            match question.dialect {
                Dialect::LogService => &self.log_service,
                Dialect::Postgres => &self.postgres,
            },
        )
    }
}

impl Drop for SqlEngine {
    fn drop(&mut self) {
        // Waiting for queries is not allowed inside another runtime, and nobody is left to hear them.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn own_state(question: &Question, prototype: &SessionState) -> Result<SessionState, QueryError> {
    let memory_bytes = question.meter.limits().memory_bytes;
    let no_disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let environment = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory_bytes)))
        .with_disk_manager_builder(no_disk)
        .build_arc()
        .map_err(|error| query_error(error, memory_bytes))?;
    Ok(SessionStateBuilder::new_from_existing(prototype.clone())
        .with_runtime_env(environment)
        .with_catalog_list(own_catalogs(prototype))
        .build())
}

/// An empty catalog list: a state's clones share theirs, and a query's tables are nobody else's.
fn own_catalogs(prototype: &SessionState) -> Arc<dyn CatalogProviderList> {
    let options = &prototype.config_options().catalog;
    let catalog = MemoryCatalogProvider::new();
    catalog
        .register_schema(&options.default_schema, Arc::new(MemorySchemaProvider::new()))
        .expect("a catalog in memory takes any schema");
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(options.default_catalog.clone(), Arc::new(catalog));
    Arc::new(catalogs)
}

/// Where DataFusion and Presto have a function of one name, each dialect gets its own.
fn prototype(dialect: Dialect) -> SessionState {
    let mut config = SessionConfig::new().with_target_partitions(THREADS).with_batch_size(8192);
    let options = config.options_mut();
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    let mut state = SessionStateBuilder::new().with_config(config).with_default_features().build();
    for function in functions::all() {
        if dialect == Dialect::Postgres && state.scalar_functions().contains_key(function.name()) {
            continue;
        }
        // Also under its aliases: they would bring the name back.
        if let Some(known) = state.scalar_functions().get(function.name()).cloned() {
            for name in [known.name(), function.name()] {
                state.deregister_udf(name).expect("a state gives up any function");
            }
        }
        state.register_udf(Arc::new(function)).expect("a state takes any function");
    }
    let known = |name: &str| state.scalar_functions().get(name).cloned().expect("registered above");
    let casts = Casts { json_to_text: known("json_to_text"), json_to_texts: known("json_to_texts") };
    SessionStateBuilder::new_from_existing(state).with_analyzer_rule(Arc::new(casts)).build()
}

/// For statements that are answered once.
fn answering(state: SessionState) -> SessionState {
    SessionStateBuilder::new_from_existing(state).with_optimizer_rule(Arc::new(Combined)).build()
}

/// A question's plan and the context it runs in.
struct Planned {
    context: SessionContext,
    plan: LogicalPlan,
}

/// How a table of events is read.
type AsTable = fn(EventsTable) -> Arc<dyn TableProvider>;

async fn plan(
    state: SessionState,
    sources: &Sources,
    question: &Question,
    as_table: AsTable,
) -> Result<Planned, QueryError> {
    let memory_bytes = question.meter.limits().memory_bytes;
    let failed = |error: DataFusionError| query_error(error, memory_bytes);
    if question.dialect == Dialect::Postgres && postgres_catalog::is_about_catalogs(&question.sql) {
        let (context, plan) = sources.catalogs.plan(question).await?;
        return Ok(Planned { context, plan });
    }
    let Prepared { statement, columns } = prepare(&question.sql, question.dialect, &question.tables)?;
    let context = SessionContext::new_with_state(state);
    for (at, table) in question.tables.iter().enumerate() {
        let Source::Events(view) = &table.source else { continue };
        let search = if at == 0 { question.search.clone() } else { Search::All };
        let scope = Scope { view: view.clone(), from: question.from, before: question.before, search };
        let events_table = as_table(EventsTable::new(sources.events.clone(), scope, &columns, question.meter.clone()));
        if at == 0 {
            context.register_table(TableReference::bare("log"), events_table.clone()).map_err(failed)?;
        }
        if table.name != "log" {
            context.register_table(TableReference::bare(table.name.clone()), events_table).map_err(failed)?;
        }
    }
    #[cfg(feature = "warehouse")]
    if let Some(location) = &sources.warehouse {
        crate::warehouse::register(&**location, &context, &statement, question).await?;
    }
    let statement = datafusion::sql::parser::Statement::Statement(Box::new(statement));
    let plan = context.state().statement_to_plan(statement).await.map_err(failed)?;
    Ok(Planned { context, plan })
}

/// Plans, says what the columns are, and sends the rows.
async fn run(
    state: SessionState,
    sources: Sources,
    question: Question,
    schema: oneshot::Sender<Result<SchemaRef, QueryError>>,
    rows: tokio::sync::mpsc::Sender<guarded::Batch>,
) {
    let meter = question.meter.clone();
    let started = async {
        let failed = |error: DataFusionError| query_error(error, meter.limits().memory_bytes);
        let planned = plan(state, &sources, &question, |table| Arc::new(table)).await?;
        let state = planned.context.state();
        let physical = state.create_physical_plan(&planned.plan).await.map_err(failed)?;
        execute_stream(physical, state.task_ctx()).map_err(failed)
    };
    match started.await {
        Ok(stream) => {
            if schema.send(Ok(stream.schema())).is_ok() {
                guarded::send(stream, meter, rows).await;
            }
        }
        Err(error) => drop(schema.send(Err(error))),
    }
}

#[async_trait]
impl Engine for SqlEngine {
    async fn answer(&self, question: Question) -> Result<Answer, QueryError> {
        let state = self.state(&question)?;
        let meter = question.meter.clone();
        let (schema_sender, schema) = oneshot::channel();
        let (sender, receiver) = guarded::channel();
        let task = self.runtime().spawn(run(state, self.sources.clone(), question, schema_sender, sender));
        let running = Running { task: task.abort_handle(), meter };
        let schema =
            schema.await.map_err(|source| QueryError::Failed { kind: ErrorKind::Bug, source: Box::new(source) })??;
        Ok(Answer { schema, batches: guarded::receive(receiver, running) })
    }

    async fn answer_windows(&self, question: Question, windows: Vec<Window>) -> Result<WindowAnswers, QueryError> {
        let mut state = own_state(&question, &self.windowed)?;
        let present = Present::default();
        present.register(&mut state);
        let (meter, sources) = (question.meter.clone(), self.sources.clone());
        let planning = self.runtime().spawn(async move {
            let failed = |error: DataFusionError| query_error(error, question.meter.limits().memory_bytes);
            let planned = plan(state, &sources, &question, |table| Arc::new(WindowedTable(table))).await?;
            let state = planned.context.state();
            let physical = state.create_physical_plan(&planned.plan).await.map_err(failed)?;
            Walk::new(&physical, present, state.task_ctx(), windows, question.meter.clone()).map_err(failed)
        });
        let broke = |source| QueryError::Failed { kind: ErrorKind::Bug, source: Box::new(source) };
        let walk = planning.await.map_err(broke)??;
        let (sender, receiver) = tokio::sync::mpsc::channel(WAITING_WINDOWS);
        let runtime = self.runtime().handle().clone();
        let task = self.runtime().spawn_blocking(move || walk.run(&runtime, &sender));
        Ok(guarded::receive(receiver, Running { task: task.abort_handle(), meter }))
    }

    async fn describe(&self, question: Question) -> Result<SchemaRef, QueryError> {
        let state = self.state(&question)?;
        let sources = self.sources.clone();
        let task = self.runtime().spawn(async move {
            let planned = plan(state, &sources, &question, |table| Arc::new(table)).await?;
            Ok(Arc::new(planned.plan.schema().as_arrow().clone()))
        });
        task.await.map_err(|source| QueryError::Failed { kind: ErrorKind::Bug, source: Box::new(source) })?
    }
}
