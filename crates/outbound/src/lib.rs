//! The only way out: blob stores on folders, S3 and OSS.
