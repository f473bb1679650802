//! The conditions of `GET /v1/events`: every `Attribute=value` of the query, and the text.
//!
//! Anything the call does not know is refused: a misspelt attribute would otherwise silently find more than was asked
//! for.

use api::rest::GET_EVENTS;
use api::{Given, WireError, codes};
use model::Attribute;
use store::Condition;

/// Conditions of one call; each is checked against every candidate.
const CONDITIONS_MAX: usize = 50;

/// Reads the conditions and refuses what is neither one nor a parameter.
pub(super) fn read(given: &Given) -> Result<Vec<Condition>, WireError> {
    let mut conditions = Vec::new();
    for (name, value) in given.pairs() {
        if let Some(attribute) = Attribute::from_name(name) {
            if value.is_empty() {
                let message = format!("The condition {name} has no value; give one or leave it out.");
                return Err(codes::INVALID_PARAMETER.because(message));
            }
            conditions.push(Condition::Is(attribute, value.to_owned()));
        } else if name == "text" && !value.is_empty() {
            conditions.push(Condition::Text(value.to_owned()));
        } else if !GET_EVENTS.params.iter().any(|param| param.name == name) {
            let shown: String = name.chars().take(64).collect();
            let names: Vec<&str> = Attribute::ALL.iter().map(|attribute| attribute.as_str()).collect();
            let message = format!("There is no parameter {shown:?}. Attributes: {}.", names.join(", "));
            return Err(codes::INVALID_PARAMETER.because(message));
        }
    }
    if conditions.len() > CONDITIONS_MAX {
        return Err(codes::INVALID_PARAMETER.because(format!("There are more than {CONDITIONS_MAX} conditions.")));
    }
    Ok(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(query: &[(&str, &str)]) -> Result<Vec<Condition>, String> {
        let pairs = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&Given::new(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn any_attributes_go_together_also_one_twice() {
        let conditions = read_of(&[("User", "alice"), ("ResourceName", "a"), ("ResourceName", "b"), ("text", "x y")]);
        let is = |attribute, value: &str| Condition::Is(attribute, value.to_owned());
        let expected = vec![
            is(Attribute::User, "alice"),
            is(Attribute::ResourceName, "a"),
            is(Attribute::ResourceName, "b"),
            Condition::Text("x y".into()),
        ];
        assert_eq!(conditions, Ok(expected));
        assert_eq!(read_of(&[("limit", "5"), ("next", "x"), ("text", "")]), Ok(vec![]));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let error = read_of(&[("user", "alice")]).expect_err("attributes are spelled as they are");
        assert!(error.contains("\"user\"") && error.contains("EventAccessKeyId"), "{error}");
        assert!(read_of(&[("User", "")]).expect_err("no value").contains("User"));
        assert!(read_of(&[("User", "a"); 51]).expect_err("too many").contains("50"));
    }
}
