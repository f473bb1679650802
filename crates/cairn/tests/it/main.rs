//! The real binary, end to end: nodes as processes on free loopback ports, commands as people give them.

mod backup;
mod client_commands;
mod demo;
mod doctor;
mod events;
mod fixture;
mod import;
mod metrics;
mod process;
mod serve;
mod trails;
