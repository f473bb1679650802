//! A leaf of a plan that gives the rows it was fed last, as often as it is asked.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};

use crate::table::Reading;

/// What feeds a leaf.
#[derive(Debug, Clone, Default)]
pub(super) struct Feed(Arc<Mutex<Vec<RecordBatch>>>);

impl Feed {
    /// From now on it gives these.
    pub(super) fn set(&self, batches: Vec<RecordBatch>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = batches;
    }

    fn batches(&self) -> Vec<RecordBatch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Fed {
    feed: Feed,
    /// What it stands for, where it is a table.
    reading: Option<Arc<Reading>>,
    properties: Arc<PlanProperties>,
}

impl Fed {
    pub(super) fn new(schema: SchemaRef, reading: Option<Arc<Reading>>) -> Fed {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let properties = Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative));
        Fed { feed: Feed::default(), reading, properties }
    }

    pub(super) fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(super) fn reading(&self) -> Option<&Arc<Reading>> {
        self.reading.as_ref()
    }
}

impl DisplayAs for Fed {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fed")
    }
}

impl ExecutionPlan for Fed {
    fn name(&self) -> &'static str {
        "Fed"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Ok(Box::pin(MemoryStream::try_new(self.feed.batches(), self.schema(), None)?))
    }
}
