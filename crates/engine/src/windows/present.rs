//! The present of a window: `now()` and its like say when the window is asked about, not when the work is done.
//!
//! DataFusion puts the time into the plan; one plan serves many windows, so here it is read when the plan runs.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use model::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// The present of a statement, shared with the functions in its plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Present(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    milliseconds: AtomicI64,
    was_asked: AtomicBool,
}

impl Present {
    /// Puts its functions in the place of those that are known.
    pub(crate) fn register(&self, state: &mut SessionState) {
        for kind in [Kind::Timestamp, Kind::Date, Kind::Time] {
            let function = Function {
                kind,
                aliases: kind.aliases().iter().map(|name| (*name).to_owned()).collect(),
                signature: Signature::nullary(Volatility::Volatile),
                present: self.clone(),
            };
            state.register_udf(Arc::new(ScalarUDF::from(function))).expect("a state takes any function");
        }
    }

    /// The present is now this.
    pub(super) fn set(&self, now: Timestamp) {
        self.0.milliseconds.store(now.0, Ordering::Relaxed);
        self.0.was_asked.store(false, Ordering::Relaxed);
    }

    /// Whether anybody has asked since it was set.
    pub(super) fn was_asked(&self) -> bool {
        self.0.was_asked.load(Ordering::Relaxed)
    }

    fn ask(&self) -> i64 {
        self.0.was_asked.store(true, Ordering::Relaxed);
        self.0.milliseconds.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Timestamp,
    Date,
    Time,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Timestamp => "now",
            Kind::Date => "current_date",
            Kind::Time => "current_time",
        }
    }

    fn aliases(self) -> &'static [&'static str] {
        match self {
            Kind::Timestamp => &["current_timestamp"],
            Kind::Date => &["today"],
            Kind::Time => &[],
        }
    }

    fn value(self, milliseconds: i64) -> ScalarValue {
        match self {
            Kind::Timestamp => ScalarValue::TimestampNanosecond(Some(milliseconds.saturating_mul(1_000_000)), None),
            Kind::Date => ScalarValue::Date32(i32::try_from(milliseconds.div_euclid(DAY_MS)).ok()),
            Kind::Time => ScalarValue::Time64Nanosecond(Some(milliseconds.rem_euclid(DAY_MS) * 1_000_000)),
        }
    }
}

#[derive(Debug)]
struct Function {
    kind: Kind,
    aliases: Vec<String>,
    signature: Signature,
    present: Present,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.kind == other.kind && Arc::ptr_eq(&self.present.0, &other.present.0)
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Kind::Date => DataType::Date32,
            Kind::Time => DataType::Time64(TimeUnit::Nanosecond),
        })
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.kind.value(self.present.ask())))
    }
}
