//! The journal: accepted batches made durable, numbered and chained; read back after a crash; trimmed.
