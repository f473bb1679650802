//! The real binary, end to end: nodes as processes on free loopback ports, commands as people give them.

mod client_commands;
mod demo;
mod events;
mod import;
mod metrics;
mod process;
mod serve;
mod trails;
