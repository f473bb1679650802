//! Functions: Presto's where DataFusion has none or means something else. One file per family.

pub(crate) mod calls;
