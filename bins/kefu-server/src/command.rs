//! The commands, carried out: what they print goes to standard output, what went wrong to standard error.

mod admin;
mod api_key;
mod epoch;
mod run;
mod shop;
mod tenant;
mod upgrade;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser as _;
use kefu_storage::{Database, OpenError, Options};

use crate::cli::{Cli, Command, Side, TokenArguments};
use crate::config::{self, Settings};
use crate::identity::{Claims, Reading};
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
        Command::Upgrade { dry_run } => upgrade::execute(settings, dry_run, out),
        Command::Admin(command) => admin::execute(&settings, command, out),
        Command::Tenant(command) => tenant::execute(&settings, command, out),
        Command::Shop(command) => shop::execute(&settings, command, out),
        Command::Apikey(command) => api_key::execute(&settings, command, out),
        Command::Epoch { renew } => epoch::execute(&settings, renew, out),
        Command::Token(arguments) => token(&settings, arguments, out),
    }
}

/// Opens a database that a server has used already, and leaves its tables as they are.
fn open_as_it_is(settings: &Settings) -> Result<Database, Failure> {
    let as_it_is = Options { migrate: false, take_over: false, ..serve::options(settings) };
    Database::connect(settings.database.url.reveal(), &as_it_is).map_err(|error| match error {
        OpenError::NotMigrated => "the database's tables are missing or older than this program; \
                                   run `kefu-server migrate`, or start the server once"
            .into(),
        error => error.into(),
    })
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
        shops: arguments.shop,
    };
    Ok(writeln!(out, "{}", identity::sign_as(&Reading::new(settings.jwt.clone()), secret.reveal(), &claims)?)?)
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn run(file: &std::path::Path, command: &[&str]) -> Result<String, String> {
        let arguments = ["kefu-server", "--config", file.to_str().unwrap()].into_iter().chain(command.iter().copied());
        let mut out = Vec::new();
        let done = execute(&Cli::try_parse_from(arguments).unwrap(), &mut out);
        done.map(|()| String::from_utf8(out).unwrap()).map_err(|failure| chain(failure.as_ref()))
    }

    #[test]
    fn adding_makes_the_tables_and_whatever_only_looks_or_changes_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (file, tables) = (folder.path().join("kefu.toml"), folder.path().join("data/kefu.sqlite3"));
        let url = format!("sqlite:{}", tables.display());
        let secret = "9f86d081884c7d659a2feaa0c55ad015";
        std::fs::write(&file, format!("[auth]\njwt_secret = {secret:?}\n[database]\nurl = {url:?}")).unwrap();

        for command in [&["tenant", "list"][..], &["admin", "list"], &["admin", "disable", "kefu"]] {
            let refusal = run(&file, command).unwrap_err();
            assert!(refusal.contains("kefu-server migrate"), "{refusal}");
            assert!(!tables.parent().unwrap().exists(), "{command:?} left something behind");
        }
        run(&file, &["tenant", "add", "mall", "--id", "1"]).unwrap();

        assert_eq!(run(&file, &["tenant", "list"]).unwrap(), "1\tmall\tenabled\n");
        assert_eq!(run(&file, &["admin", "list"]).unwrap(), "");
    }

    #[test]
    fn a_token_for_trying_things_out_says_what_was_asked_for_under_the_names_of_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kefu.toml");
        let secret = "9f86d081884c7d659a2feaa0c55ad015";
        let settings = format!("[auth]\njwt_secret = {secret:?}\n[jwt]\nclaim_id = \"sub\"\nissuer = \"us\"");
        std::fs::write(&file, settings).unwrap();
        let token = |more: &[&str]| {
            let command = [&["--dev", "token", "--type", "admin", "--id", "7"], more].concat();
            let token = run(&file, &command).unwrap();
            jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(token.trim()).unwrap().claims
        };

        let (plain, shops) = (token(&[]), token(&["--shop", "5", "--shop", "6"]));

        assert_eq!((&plain["sub"], &plain["iss"]), (&serde_json::json!(7), &serde_json::json!("us")));
        assert!(plain.get("shops").is_none() && plain.get("id").is_none(), "{plain}");
        assert_eq!(shops["shops"], serde_json::json!([5, 6]));
    }

    #[test]
    fn a_key_is_printed_once_and_goes_when_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kefu.toml");
        let url = format!("sqlite:{}", folder.path().join("kefu.sqlite3").display());
        let secret = "9f86d081884c7d659a2feaa0c55ad015";
        std::fs::write(&file, format!("[auth]\njwt_secret = {secret:?}\n[database]\nurl = {url:?}")).unwrap();
        run(&file, &["tenant", "add", "mall", "--id", "1"]).unwrap();

        let key = run(&file, &["apikey", "add", "shop"]).unwrap();

        assert_eq!(key.trim().len(), "kefu_".len() + 64);
        assert!(run(&file, &["apikey", "add", "shop"]).unwrap_err().contains("already"));
        assert!(run(&file, &["apikey", "add", "shop", "--tenant", "2"]).unwrap_err().contains("tenant add"));
        assert!(run(&file, &["apikey", "add", "a\tb"]).is_err());
        let listed = run(&file, &["apikey", "list"]).unwrap();
        assert!(listed.starts_with("shop\t20") && !listed.contains("kefu_"), "{listed}");
        assert_eq!(run(&file, &["apikey", "remove", "shop"]).unwrap(), "removed shop from tenant 1\n");
        assert!(run(&file, &["apikey", "remove", "shop"]).unwrap_err().contains("no key"));
    }
}
