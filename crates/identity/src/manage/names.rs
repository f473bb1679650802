//! RAM's rules for names.

use crate::ManageError;

pub(super) fn check_user(name: &str) -> Result<(), ManageError> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    check(fits, "UserName", name, "use 1 to 64 letters, digits, periods, hyphens and underscores")
}

pub(super) fn check_policy(name: &str) -> Result<(), ManageError> {
    let fits = (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    check(fits, "PolicyName", name, "use 1 to 128 letters, digits and hyphens")
}

pub(super) fn check_display(parameter: &'static str, name: &str) -> Result<(), ManageError> {
    let fits = (1..=128).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    check(fits, parameter, name, "use 1 to 128 printable characters")
}

pub(super) fn check_comments(comments: &str) -> Result<(), ManageError> {
    let fits = comments.chars().count() <= 128 && !comments.chars().any(char::is_control);
    check(fits, "Comments", comments, "use at most 128 printable characters")
}

fn check(fits: bool, parameter: &'static str, value: &str, rule: &str) -> Result<(), ManageError> {
    if fits {
        return Ok(());
    }
    let shown: String = value.chars().take(64).collect();
    Err(ManageError::InvalidParameter { parameter, reason: format!("{shown:?}; {rule}.") })
}
