//! A bucket's URL, taken apart.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::BucketError;

/// Bytes of a key prefix in a bucket's URL. S3 keys have 1024, of which an object's own name takes up to about 250.
const PREFIX_BYTES_MAX: usize = 512;

/// Where a bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// An absolute path of this machine.
    Folder(PathBuf),
    /// A bucket of an object store.
    Remote(RemoteLocation),
}

/// A bucket of an object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteLocation {
    pub(crate) url: String,
    pub(crate) store: RemoteStore,
    pub(crate) bucket: String,
    /// Put before every key; without slashes at its ends, empty when there is none.
    pub(crate) prefix: String,
}

/// Which rules for endpoints apply. Both speak S3's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RemoteStore {
    S3,
    Oss,
}

impl Location {
    pub(crate) fn parse(url: &str) -> Result<Location, BucketError> {
        let invalid = |reason: &str| BucketError::Invalid { bucket: url.to_owned(), reason: reason.to_owned() };
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(invalid("the URL has no scheme; use file:///absolute/path, s3://bucket or oss://bucket"));
        };
        let store = match scheme {
            "file" => return folder(url, rest).map(Location::Folder),
            "s3" => RemoteStore::S3,
            "oss" => RemoteStore::Oss,
            _ => return Err(invalid("the scheme is unknown; use file, s3 or oss")),
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket_name(bucket) {
            return Err(invalid(
                "the bucket's name must have 3 to 63 characters of a-z 0-9 - . and begin and end with a letter or digit",
            ));
        }
        let prefix = prefix.trim_matches('/');
        if prefix.len() > PREFIX_BYTES_MAX || !(prefix.is_empty() || is_key(prefix)) {
            return Err(invalid("the prefix must be at most 512 bytes of A-Z a-z 0-9 . _ - = in parts split by /"));
        }
        Ok(Location::Remote(RemoteLocation {
            url: url.to_owned(),
            store,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        }))
    }
}

fn folder(url: &str, rest: &str) -> Result<PathBuf, BucketError> {
    let invalid = |reason: &str| BucketError::Invalid { bucket: url.to_owned(), reason: reason.to_owned() };
    let path = percent_decode_str(rest).decode_utf8().map_err(|_| invalid("the path is not UTF-8"))?;
    let path = PathBuf::from(path.into_owned());
    if !path.is_absolute() {
        return Err(invalid("the path must be absolute: file:/// and then the path"));
    }
    let plain = path.components().all(|part| !matches!(part, std::path::Component::ParentDir));
    if !plain || path.parent().is_none() {
        return Err(invalid("the path must name a folder below / and hold no .."));
    }
    Ok(path)
}

fn is_bucket_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && [bytes[0], bytes[bytes.len() - 1]].iter().all(u8::is_ascii_alphanumeric)
        && !name.contains("..")
}

/// Whether this is a key, or a part of one, that means the same in a folder and in an object store: no empty part, no
/// `.` or `..`, no character that one of them would encode.
pub(crate) fn is_key(key: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'=');
    key.split('/').all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_three_schemes() {
        assert_eq!(Location::parse("file:///var/lib/a%20b/"), Ok(Location::Folder("/var/lib/a b/".into())));
        let Ok(Location::Remote(remote)) = Location::parse("s3://audit-logs/year/cairn/") else {
            panic!("a bucket with a prefix");
        };
        assert_eq!((remote.bucket.as_str(), remote.prefix.as_str()), ("audit-logs", "year/cairn"));
        let Ok(Location::Remote(remote)) = Location::parse("oss://audit-logs") else {
            panic!("a bucket without a prefix");
        };
        assert_eq!((remote.store, remote.prefix.as_str()), (RemoteStore::Oss, ""));
    }

    #[test]
    fn refuses_with_the_fix() {
        for (url, expected) in [
            ("audit-logs", "no scheme"),
            ("gs://audit-logs", "scheme is unknown"),
            ("file://relative/path", "must be absolute"),
            ("file:///a/../etc", "no .."),
            ("file:///", "below /"),
            ("s3://", "3 to 63"),
            ("s3://Audit", "3 to 63"),
            ("s3://-audit", "3 to 63"),
            ("s3://user:secret@audit", "3 to 63"),
            ("s3://audit/a//b", "parts split by /"),
            ("oss://audit/../b", "parts split by /"),
        ] {
            let error = Location::parse(url).expect_err(url);
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.kind(), model::ErrorKind::Invalid);
        }
    }
}
