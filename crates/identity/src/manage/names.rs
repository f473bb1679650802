//! RAM's rules for names.

use crate::ManageError;

pub(crate) fn check_user(name: &str) -> Result<(), ManageError> {
    check(is_plain(name), "UserName", name, "use 1 to 64 letters, digits, periods, hyphens and underscores")
}

pub(crate) fn check_group(name: &str) -> Result<(), ManageError> {
    check(is_plain(name), "GroupName", name, "use 1 to 64 letters, digits, periods, hyphens and underscores")
}

pub(crate) fn check_role(name: &str) -> Result<(), ManageError> {
    check(is_plain(name), "RoleName", name, "use 1 to 64 letters, digits, periods, hyphens and underscores")
}

pub(crate) fn check_device(name: &str) -> Result<(), ManageError> {
    check(is_plain(name), "VirtualMFADeviceName", name, "use 1 to 64 letters, digits, periods, hyphens and underscores")
}

/// An alias must not look like an account's id.
pub(crate) fn check_alias(alias: &str) -> Result<(), ManageError> {
    let fits = (3..=32).contains(&alias.len())
        && alias.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !alias.bytes().all(|byte| byte.is_ascii_digit())
        && !alias.starts_with('-')
        && !alias.ends_with('-');
    check(fits, "AccountAlias", alias, "use 3 to 32 lower-case letters, digits and hyphens, not only digits")
}

fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

pub(crate) fn check_policy(name: &str) -> Result<(), ManageError> {
    let fits = (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    check(fits, "PolicyName", name, "use 1 to 128 letters, digits and hyphens")
}

pub(crate) fn check_display(parameter: &'static str, name: &str) -> Result<(), ManageError> {
    let fits = (1..=128).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    check(fits, parameter, name, "use 1 to 128 printable characters")
}

pub(crate) fn check_description(description: &str) -> Result<(), ManageError> {
    let fits = description.chars().count() <= 1024 && !description.chars().any(|c| c.is_control() && c != '\n');
    check(fits, "Description", description, "use at most 1,024 printable characters")
}

pub(crate) fn check_comments(comments: &str) -> Result<(), ManageError> {
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
