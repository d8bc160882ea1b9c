//! The server's program, built beside the tests that start it.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use kefu_server::cli::Cli;
use kefu_server::command;

fn main() -> ExitCode {
    match command::execute(&Cli::parse(), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "kefu-server: {}", command::chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}
