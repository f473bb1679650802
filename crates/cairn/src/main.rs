//! The `cairn` command: the server and its clients in one binary.
//!
//! Each group of subcommands is one file in `commands`. A command says what it did on standard output and everything
//! else on standard error. Exit codes: 0 done, 1 failed or (`doctor`) damage found, 2 done but some events were refused,
//! (`sql`, `query`) not all rows came, or (`doctor`) could not check, 64 the command line is wrong.

mod advice;
mod allocator;
mod cli;
mod commands;
mod connection;
mod demo;
mod files;
mod ingest;
mod marked;
mod output;
mod profiles;
mod rows;
mod secret;
mod when;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

/// The command line is wrong: `EX_USAGE` of sysexits, since 2 says that events were refused.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            // Nobody is left to tell when the terminal is gone.
            let _ = error.print();
            return code;
        }
    };
    // Two libraries of cryptography are linked, because dependencies differ. Whoever asks rustls for the default gets the one
    // our own connections use, instead of a panic about the choice.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cairn: could not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(commands::run(cli.command));
    // A blocking read of standard input may never return; do not wait for it.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprint!("{}", advice::report(&error));
            ExitCode::FAILURE
        }
    }
}
