//! Functions that tools call and the library for the catalogs has not: what they say of a server with nothing but tables.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

/// The PostgreSQL whose catalogs are shown.
const VERSION: &str = "PostgreSQL 16.6 (Cairn)";
/// What can be said of any object: nobody wrote a comment on it, nothing defines it.
const NOTHING_TO_SAY: [&str; 13] = [
    "col_description",
    "obj_description",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_function_result",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_serial_sequence",
    "pg_get_triggerdef",
    "pg_get_viewdef",
    "pg_size_pretty",
    "pg_tablespace_location",
    "shobj_description",
];
const TRUE: [&str; 5] = [
    "has_column_privilege",
    "has_function_privilege",
    "has_sequence_privilege",
    "pg_function_is_visible",
    "pg_type_is_visible",
];
const FALSE: [&str; 3] = ["pg_is_in_recovery", "pg_is_other_temp_schema", "row_security_active"];
/// What `current_setting` says.
const SETTINGS: [(&str, &str); 7] = [
    ("search_path", "public"),
    ("server_version", "16.6"),
    ("server_version_num", "160006"),
    ("server_encoding", "UTF8"),
    ("standard_conforming_strings", "on"),
    ("timezone", "Etc/UTC"),
    ("transaction_read_only", "on"),
];

/// Makes them known.
pub(super) fn register(context: &SessionContext) {
    let null = ScalarValue::Utf8(None);
    let constants = NOTHING_TO_SAY
        .iter()
        .map(|name| (*name, null.clone()))
        .chain(TRUE.iter().map(|name| (*name, ScalarValue::Boolean(Some(true)))))
        .chain(FALSE.iter().map(|name| (*name, ScalarValue::Boolean(Some(false)))))
        .chain([
            ("version", ScalarValue::from(VERSION)),
            ("pg_my_temp_schema", ScalarValue::Int32(Some(0))),
            ("to_regtype", ScalarValue::Int32(None)),
            ("pg_table_size", ScalarValue::Int64(None)),
            ("pg_database_size", ScalarValue::Int64(None)),
        ]);
    for (name, value) in constants {
        context.register_udf(ScalarUDF::new_from_impl(Says { name, value, signature: anything() }));
    }
    context.register_udf(ScalarUDF::new_from_impl(CurrentSetting { signature: anything() }));
}

/// Any number of arguments of any type.
fn anything() -> Signature {
    Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], Volatility::Stable)
}

/// A function that always says the same.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Says {
    name: &'static str,
    value: ScalarValue,
    signature: Signature,
}

impl ScalarUDFImpl for Says {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}

/// `current_setting(name)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CurrentSetting {
    signature: Signature,
}

impl ScalarUDFImpl for CurrentSetting {
    fn name(&self) -> &'static str {
        "current_setting"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = match arguments.args.first() {
            Some(ColumnarValue::Scalar(value)) => value.to_string().to_ascii_lowercase(),
            _ => String::new(),
        };
        let value = SETTINGS.iter().find(|(each, _)| *each == name).map(|(_, value)| (*value).to_owned());
        Ok(ColumnarValue::Scalar(ScalarValue::Utf8(value)))
    }
}
