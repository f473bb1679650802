//! Everything configured or remembered about configuration, and the manifest. The only crate that holds SQL.
