//! Parameters of prepared statements, put into the text as literals.
//!
//! A literal is a number, or a text in quotes with the quotes in it doubled and a cast around it where the type is known;
//! nothing a client sends is copied in unquoted.

use pgwire::api::Type;
use pgwire::api::portal::Portal;
use pgwire::error::PgWireResult;

use crate::errors::{self, failed};
use crate::lexer::{Kind, tokens};

/// A statement whose parameters are filled in, and how places in it relate to those in the text that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) sql: String,
    /// Characters before the statement in the text that was sent.
    before: usize,
    /// For each parameter: where it begins in the filled text, its length there, and its length as it was written.
    places: Vec<(usize, usize, usize)>,
}

impl Filled {
    /// A statement without parameters that lies after this many characters of what was sent.
    pub(crate) fn plain(sql: &str, before: usize) -> Filled {
        Filled { sql: sql.to_owned(), before, places: Vec::new() }
    }

    /// Fills in the parameters; `literal` says what stands for `$1`, given 0.
    pub(crate) fn new(sql: &str, literal: impl Fn(usize) -> PgWireResult<String>) -> PgWireResult<Filled> {
        let mut filled = Filled { sql: String::with_capacity(sql.len()), before: 0, places: Vec::new() };
        let mut copied = 0;
        for token in tokens(sql) {
            let Kind::Parameter(number) = token.kind else { continue };
            filled.sql.push_str(&sql[copied..token.range.start]);
            let value = match number.checked_sub(1) {
                Some(index) => literal(index)?,
                None => return Err(no_parameter(number)),
            };
            let written = token.of(sql).chars().count();
            filled.places.push((filled.sql.chars().count(), value.chars().count(), written));
            filled.sql.push_str(&value);
            copied = token.range.end;
        }
        filled.sql.push_str(&sql[copied..]);
        Ok(filled)
    }

    /// A position of the filled text in the text that was sent; both count characters from 0.
    pub(crate) fn place(&self, position: usize) -> usize {
        let (mut added, mut taken) = (0, 0);
        for (start, len, written) in &self.places {
            if position < start + len {
                return self.before + position.min(*start) + taken - added;
            }
            added += len;
            taken += written;
        }
        self.before + position + taken - added
    }
}

/// How many parameters a statement has: its highest.
pub(crate) fn count(sql: &str) -> usize {
    let number = |kind| if let Kind::Parameter(number) = kind { number } else { 0 };
    // The protocol counts them in 16 bits.
    tokens(sql).iter().map(|token| number(token.kind)).max().unwrap_or(0).min(usize::from(u16::MAX))
}

/// What stands for a parameter whose value is not known yet.
pub(crate) fn unknown(declared: Option<&Type>) -> String {
    declared.and_then(sql_name).map_or_else(|| "NULL".to_owned(), |name| format!("CAST(NULL AS {name})"))
}

/// What stands for a parameter of a portal.
pub(crate) fn literal<S: Clone>(portal: &Portal<S>, index: usize) -> PgWireResult<String> {
    let declared = portal.statement.parameter_types.get(index).and_then(Option::as_ref).unwrap_or(&Type::UNKNOWN);
    let Some(value) = portal.parameters.get(index) else { return Err(no_parameter(index + 1)) };
    let Some(bytes) = value else { return Ok(unknown(Some(declared))) };
    if portal.parameter_format.is_binary(index) {
        return binary(declared, bytes);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| invalid(declared, "it is not UTF-8"))?;
    of_text(declared, text)
}

/// A value in text form as a literal of its type.
fn of_text(declared: &Type, text: &str) -> PgWireResult<String> {
    match *declared {
        Type::BOOL => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "on" | "yes" | "y" => Ok("TRUE".to_owned()),
            "f" | "false" | "0" | "off" | "no" | "n" => Ok("FALSE".to_owned()),
            _ => Err(invalid(declared, text)),
        },
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => {
            let number: i64 = text.trim().parse().map_err(|_| invalid(declared, text))?;
            Ok(if number < 0 { format!("({number})") } else { number.to_string() })
        }
        Type::NUMERIC | Type::FLOAT4 | Type::FLOAT8 => {
            text.trim().parse::<f64>().map_err(|_| invalid(declared, text))?;
            Ok(format!("CAST({} AS DOUBLE PRECISION)", quoted(text.trim())))
        }
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::INT2_ARRAY | Type::INT4_ARRAY | Type::INT8_ARRAY => {
            let element =
                if matches!(*declared, Type::TEXT_ARRAY | Type::VARCHAR_ARRAY) { Type::TEXT } else { Type::INT8 };
            let items = array_items(text).ok_or_else(|| invalid(declared, text))?;
            let items: Vec<String> = items
                .iter()
                .map(|item| item.as_ref().map_or(Ok("NULL".to_owned()), |item| of_text(&element, item)))
                .collect::<PgWireResult<_>>()?;
            Ok(format!("ARRAY[{}]", items.join(",")))
        }
        _ => Ok(match sql_name(declared).filter(|name| *name != "TEXT") {
            Some(name) => format!("CAST({} AS {name})", quoted(text)),
            None => quoted(text),
        }),
    }
}

/// The elements of `{a,"b,c",NULL}`; `None` when it is not one flat list.
fn array_items(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    let mut characters = inner.chars().peekable();
    while characters.peek().is_some() {
        let mut item = String::new();
        let is_quoted = characters.next_if_eq(&'"').is_some();
        loop {
            match characters.next() {
                Some('\\') => item.push(characters.next()?),
                Some('"') if is_quoted => break,
                Some(',') if !is_quoted => {
                    items.push(Some(item).filter(|item| !item.eq_ignore_ascii_case("null")));
                    item = String::new();
                    break;
                }
                Some('{' | '}') if !is_quoted => return None,
                Some(c) => item.push(c),
                None if is_quoted => return None,
                None => {
                    items.push(Some(std::mem::take(&mut item)).filter(|item| !item.eq_ignore_ascii_case("null")));
                    break;
                }
            }
        }
        if is_quoted {
            items.push(Some(item));
            if !matches!(characters.next(), Some(',') | None) {
                return None;
            }
        }
    }
    Some(items)
}

/// A value in binary form, by way of its text form.
fn binary(declared: &Type, bytes: &[u8]) -> PgWireResult<String> {
    let wrong = || invalid(declared, "the binary form has another length");
    let integer = || -> PgWireResult<i64> {
        match bytes.len() {
            2 => Ok(i16::from_be_bytes(bytes.try_into().map_err(|_| wrong())?).into()),
            4 if *declared == Type::OID => Ok(u32::from_be_bytes(bytes.try_into().map_err(|_| wrong())?).into()),
            4 => Ok(i32::from_be_bytes(bytes.try_into().map_err(|_| wrong())?).into()),
            8 => Ok(i64::from_be_bytes(bytes.try_into().map_err(|_| wrong())?)),
            _ => Err(wrong()),
        }
    };
    let text = match *declared {
        Type::BOOL => if bytes == [0] { "f" } else { "t" }.to_owned(),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => integer()?.to_string(),
        Type::FLOAT4 => f32::from_be_bytes(bytes.try_into().map_err(|_| wrong())?).to_string(),
        Type::FLOAT8 => f64::from_be_bytes(bytes.try_into().map_err(|_| wrong())?).to_string(),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => moment(integer()?),
        Type::DATE => moment(integer()?.checked_mul(DAY_MICROSECONDS).ok_or_else(wrong)?)[..10].to_owned(),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON => {
            std::str::from_utf8(bytes).map_err(|_| invalid(declared, "it is not UTF-8"))?.to_owned()
        }
        _ => {
            let message =
                format!("a parameter of type {} cannot be sent in binary form; send it as text", declared.name());
            return Err(failed(errors::NOT_SUPPORTED, message));
        }
    };
    of_text(declared, &text)
}

const DAY_MICROSECONDS: i64 = 24 * 3600 * 1_000_000;
/// 2000-01-01 in milliseconds since 1970: where PostgreSQL's times begin.
const POSTGRES_EPOCH: i64 = 946_684_800_000;

/// A time in microseconds since 2000 as ISO 8601.
fn moment(microseconds: i64) -> String {
    let (millis, micros) = (microseconds.div_euclid(1000), microseconds.rem_euclid(1000));
    let at = model::Timestamp(millis.saturating_add(POSTGRES_EPOCH));
    let whole = model::Timestamp(at.0.div_euclid(1000).saturating_mul(1000)).to_string();
    let seconds = whole.get(..19).unwrap_or(&whole);
    format!("{seconds}.{:06}Z", at.0.rem_euclid(1000) * 1000 + micros)
}

fn sql_name(declared: &Type) -> Option<&'static str> {
    Some(match *declared {
        Type::BOOL => "BOOLEAN",
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => "BIGINT",
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => "DOUBLE PRECISION",
        Type::TIMESTAMPTZ => "TIMESTAMP WITH TIME ZONE",
        Type::TIMESTAMP => "TIMESTAMP",
        Type::DATE => "DATE",
        Type::TIME => "TIME",
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => "TEXT",
        _ => return None,
    })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn invalid(declared: &Type, what: &str) -> pgwire::error::PgWireError {
    let shown: String = what.chars().take(100).collect();
    failed(errors::INVALID_TEXT, format!("invalid input for a parameter of type {}: {shown:?}", declared.name()))
}

fn no_parameter(number: usize) -> pgwire::error::PgWireError {
    failed("08P01", format!("there is no value for parameter ${number}"))
}

#[cfg(test)]
mod tests;
