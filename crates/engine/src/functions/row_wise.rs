//! Functions told row by row: a name, what the arguments are, what comes out, and a plain Rust function.
//!
//! Arguments are brought to their kind before the call (anything to text, a number of seconds or a text to a moment); what
//! cannot be is NULL. A NULL argument gives NULL.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type, TimeUnit, TimestampMillisecondType};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::moments;

/// The key that marks a text as JSON in its field's metadata.
pub(crate) const JSON_MARK: &str = "cairn.json";

/// What an argument or a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A text that is JSON.
    Json,
    /// A whole number.
    Long,
    /// A number.
    Double,
    /// True or false.
    Boolean,
    /// A point in time; as an argument also seconds since 1970, or a text.
    Moment,
    /// A list of texts.
    Texts,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Text(Cow<'a, str>),
    Long(i64),
    Double(f64),
    Boolean(bool),
    /// Milliseconds since 1970.
    Moment(i64),
    Texts(Vec<Option<Cow<'a, str>>>),
}

impl Cell<'_> {
    /// The text; the kinds of a function's arguments say that it is one.
    pub(crate) fn text(&self) -> &str {
        match self {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    pub(crate) fn long(&self) -> i64 {
        match self {
            Cell::Long(number) | Cell::Moment(number) => *number,
            _ => 0,
        }
    }

    pub(crate) fn double(&self) -> f64 {
        match self {
            Cell::Double(number) => *number,
            _ => 0.0,
        }
    }

    pub(crate) fn texts(&self) -> &[Option<Cow<'_, str>>] {
        match self {
            Cell::Texts(texts) => texts,
            _ => &[],
        }
    }
}

/// What a call gives: a value, NULL, or what is wrong with the arguments.
pub(crate) type Outcome = std::result::Result<Option<Cell<'static>>, String>;

pub(crate) fn text(text: impl Into<String>) -> Outcome {
    Ok(Some(Cell::Text(Cow::Owned(text.into()))))
}

/// A function.
#[derive(Debug, Clone)]
pub(crate) struct RowFunction {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [Kind],
    /// The arguments behind these may be left out.
    pub(crate) required: usize,
    pub(crate) returns: Kind,
    pub(crate) call: fn(&[Cell<'_>]) -> Outcome,
}

/// A function with all its arguments.
pub(crate) const fn function(
    name: &'static str,
    arguments: &'static [Kind],
    returns: Kind,
    call: fn(&[Cell<'_>]) -> Outcome,
) -> RowFunction {
    RowFunction { name, arguments, required: arguments.len(), returns, call }
}

/// As DataFusion registers it.
pub(crate) fn udf(function: &RowFunction) -> ScalarUDF {
    let signature = Signature::user_defined(Volatility::Immutable);
    ScalarUDF::from(Udf { function: function.clone(), signature })
}

#[derive(Debug)]
struct Udf {
    function: RowFunction,
    signature: Signature,
}

impl PartialEq for Udf {
    fn eq(&self, other: &Udf) -> bool {
        self.function.name == other.function.name
    }
}

impl Eq for Udf {}

impl Hash for Udf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Long => DataType::Int64,
        Kind::Double => DataType::Float64,
        Kind::Boolean => DataType::Boolean,
        Kind::Moment => DataType::Timestamp(TimeUnit::Millisecond, None),
        Kind::Texts => DataType::new_list(DataType::Utf8, true),
    }
}

/// The type an argument is brought to before the call.
fn coerced(kind: Kind, given: &DataType) -> DataType {
    match given {
        DataType::Null => data_type(kind),
        _ if kind != Kind::Moment => data_type(kind),
        given if given.is_integer() || given.is_floating() => DataType::Int64,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => DataType::Utf8,
        _ => data_type(kind),
    }
}

impl ScalarUDFImpl for Udf {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(data_type(self.function.returns))
    }

    fn return_field_from_args(&self, _arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = Field::new(self.function.name, data_type(self.function.returns), true);
        let marks = HashMap::from([(JSON_MARK.to_owned(), String::new())]);
        Ok(Arc::new(if self.function.returns == Kind::Json { field.with_metadata(marks) } else { field }))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let (name, most) = (self.function.name, self.function.arguments.len());
        if given.len() < self.function.required || given.len() > most {
            let least = self.function.required;
            let wanted = if least == most { most.to_string() } else { format!("{least} to {most}") };
            return plan_err!("the function {name} takes {wanted} arguments, not {}", given.len());
        }
        Ok(self.function.arguments.iter().zip(given).map(|(kind, given)| coerced(*kind, given)).collect())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if is_scalar { 1 } else { args.number_rows };
        let arrays: Vec<ArrayRef> = args.args.into_iter().map(|arg| arg.into_array(rows)).collect::<Result<_>>()?;
        let mut results = Results::new(self.function.returns);
        let mut cells = Vec::with_capacity(arrays.len());
        for row in 0..rows {
            cells.clear();
            cells.extend(arrays.iter().zip(self.function.arguments).map_while(|(array, kind)| cell(array, *kind, row)));
            let outcome = if cells.len() == arrays.len() { (self.function.call)(&cells) } else { Ok(None) };
            match outcome {
                Ok(value) => results.push(value),
                Err(message) => return exec_err!("{}: {message}", self.function.name),
            }
        }
        let array = results.finish();
        Ok(if is_scalar {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?)
        } else {
            ColumnarValue::Array(array)
        })
    }
}

fn cell<'a>(array: &'a dyn Array, kind: Kind, row: usize) -> Option<Cell<'a>> {
    if array.is_null(row) {
        return None;
    }
    Some(match (kind, array.data_type()) {
        (Kind::Moment, DataType::Int64) => {
            Cell::Moment(array.as_primitive::<Int64Type>().value(row).saturating_mul(1000))
        }
        (Kind::Moment, DataType::Utf8) => Cell::Moment(moments::parse(array.as_string::<i32>().value(row))?),
        (Kind::Moment, _) => Cell::Moment(array.as_primitive::<TimestampMillisecondType>().value(row)),
        (Kind::Text | Kind::Json, _) => Cell::Text(Cow::Borrowed(array.as_string::<i32>().value(row))),
        (Kind::Long, _) => Cell::Long(array.as_primitive::<Int64Type>().value(row)),
        (Kind::Double, _) => Cell::Double(array.as_primitive::<Float64Type>().value(row)),
        (Kind::Boolean, _) => Cell::Boolean(array.as_boolean().value(row)),
        (Kind::Texts, _) => {
            let values = array.as_list::<i32>();
            let (start, end) = (values.value_offsets()[row] as usize, values.value_offsets()[row + 1] as usize);
            let texts = values.values().as_string::<i32>();
            let text = |at| (!texts.is_null(at)).then(|| Cow::Borrowed(texts.value(at)));
            Cell::Texts((start..end).map(text).collect())
        }
    })
}

enum Results {
    Text(StringBuilder),
    Long(Int64Builder),
    Double(Float64Builder),
    Boolean(BooleanBuilder),
    Moment(TimestampMillisecondBuilder),
    Texts(ListBuilder<StringBuilder>),
}

impl Results {
    fn new(kind: Kind) -> Results {
        match kind {
            Kind::Text | Kind::Json => Results::Text(StringBuilder::new()),
            Kind::Long => Results::Long(Int64Builder::new()),
            Kind::Double => Results::Double(Float64Builder::new()),
            Kind::Boolean => Results::Boolean(BooleanBuilder::new()),
            Kind::Moment => Results::Moment(TimestampMillisecondBuilder::new()),
            Kind::Texts => Results::Texts(ListBuilder::new(StringBuilder::new())),
        }
    }

    fn push(&mut self, value: Option<Cell<'_>>) {
        match (self, value) {
            (Results::Text(all), Some(Cell::Text(text))) => all.append_value(text),
            (Results::Text(all), _) => all.append_null(),
            (Results::Long(all), Some(Cell::Long(number))) => all.append_value(number),
            (Results::Long(all), _) => all.append_null(),
            (Results::Double(all), Some(Cell::Double(number))) => all.append_value(number),
            (Results::Double(all), _) => all.append_null(),
            (Results::Boolean(all), Some(Cell::Boolean(truth))) => all.append_value(truth),
            (Results::Boolean(all), _) => all.append_null(),
            (Results::Moment(all), Some(Cell::Moment(time))) => all.append_value(time),
            (Results::Moment(all), _) => all.append_null(),
            (Results::Texts(all), Some(Cell::Texts(texts))) => {
                texts.iter().for_each(|text| all.values().append_option(text.as_deref()));
                all.append(true);
            }
            (Results::Texts(all), _) => all.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Results::Text(mut all) => Arc::new(all.finish()),
            Results::Long(mut all) => Arc::new(all.finish()),
            Results::Double(mut all) => Arc::new(all.finish()),
            Results::Boolean(mut all) => Arc::new(all.finish()),
            Results::Moment(mut all) => Arc::new(all.finish()),
            Results::Texts(mut all) => Arc::new(all.finish()),
        }
    }
}
