//! The commands, carried out: what they print goes to standard output, what went wrong to standard error.

mod admin;
mod run;
mod tenant;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command, Side, TokenArguments};
use crate::config::{self, Settings};
use crate::identity::Claims;
use crate::serve;
use crate::{clock, development, identity};

/// Why a command was not carried out; shown with its causes.
pub type Failure = Box<dyn std::error::Error>;

/// The program: reads its command line, carries it out, and says on standard error why it could not.
#[must_use]
pub fn main() -> ExitCode {
    match execute(&Cli::parse(), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody to tell where standard error is closed.
            let _ = writeln!(std::io::stderr(), "kefu-server: {}", chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Carries a command line out.
pub fn execute(cli: &Cli, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = config::load(cli.config.as_deref(), cli.dev)?;
    match cli.command.clone().unwrap_or(Command::Serve) {
        Command::Serve => run::serve(settings, out),
        Command::Config => Ok(write!(out, "{}", config::show(&settings)?)?),
        Command::Migrate => migrate(settings, out),
        Command::Admin(command) => admin::execute(&settings, command, out),
        Command::Tenant(command) => tenant::execute(&settings, command, out),
        Command::Token(arguments) => token(&settings, arguments, out),
    }
}

fn migrate(mut settings: Settings, out: &mut dyn Write) -> Result<(), Failure> {
    settings.database.migrate = true;
    let database = serve::open(&settings)?;
    Ok(writeln!(out, "{}: the tables are up to date", database.version())?)
}

fn token(settings: &Settings, arguments: TokenArguments, out: &mut dyn Write) -> Result<(), Failure> {
    if !settings.server.development {
        return Err("tokens are made in development mode only (--dev); elsewhere the shop's server signs them".into());
    }
    let mut secret = settings.auth.jwt_secret.clone();
    if secret.reveal().is_empty() {
        secret = development::kept_secret(&settings.server.data_dir).map_err(development::DevelopmentError::Folder)?;
    }
    let all = || kefu_domain::Permission::ALL.iter().map(|permission| permission.as_str().to_owned()).collect();
    let claims = Claims {
        id: arguments.id,
        user_type: if arguments.side == Side::Member { 1 } else { 2 },
        tenant: arguments.tenant,
        exp: clock::now().0 / 1_000 + arguments.seconds,
        nbf: None,
        nickname: arguments.nickname,
        avatar: arguments.avatar,
        permissions: (arguments.side == Side::Admin).then(|| arguments.permission.unwrap_or_else(all)),
    };
    Ok(writeln!(out, "{}", identity::sign(secret.reveal(), &claims)?)?)
}

/// An error and its causes, one line each.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\n  because ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
