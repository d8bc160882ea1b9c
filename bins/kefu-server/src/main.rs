//! `kefu-server`: the desk as a server of its own. All of it is in the library.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use kefu_server::cli::Cli;
use kefu_server::command;

fn main() -> ExitCode {
    match command::execute(&Cli::parse(), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody to tell where standard error is closed.
            let _ = writeln!(std::io::stderr(), "kefu-server: {}", command::chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}
