//! The client from outside: its signatures against recorded ones, its calls against a scripted server.

mod calls;
mod scripted;
mod vectors;
