//! Whole nodes in one process: started on real folders, asked over real connections, stopped.

mod hostile;
mod http;
mod lifecycle;
mod tls;
