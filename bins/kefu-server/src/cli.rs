//! What one types: the commands and their arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::identity::Role;

/// The mall's customer-service server.
#[derive(Debug, Parser)]
#[command(name = "kefu-server", version, about)]
pub struct Cli {
    /// The TOML file with the settings; variables such as KEFU_SERVER__LISTEN go over it
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Development mode: everything in ./data, ready accounts, the demo page; loopback only
    #[arg(long, global = true)]
    pub dev: bool,
    /// What to do; without it: serve
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Run the server
    Serve,
    /// Print the effective settings, secrets masked
    Config,
    /// Bring the database's tables up to date, and take over an existing mall's rows
    #[command(visible_alias = "migrate")]
    Upgrade {
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Agents who log in here
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Tenants that are served
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Shops within a tenant, and who serves them
    #[command(subcommand)]
    Shop(ShopCommand),
    /// Keys with which a mall's server asks for its members' tokens
    #[command(subcommand)]
    Apikey(ApiKeyCommand),
    /// Show the database's epoch, by which clients notice that it was restored from a backup
    Epoch {
        /// Give it a new one: after restoring, while no server runs on it
        #[arg(long)]
        renew: bool,
    },
    /// Make a token for trying things out (development mode only)
    Token(TokenArguments),
}

/// What can be done with accounts.
#[derive(Debug, Clone, Subcommand)]
pub enum AdminCommand {
    /// Add an agent; the password is asked for, or read from standard input
    Add {
        /// The name to log in with: 4 to 30 letters and digits
        username: String,
        /// The tenant's number
        #[arg(long, default_value_t = 1)]
        tenant: i64,
        /// What the account may do
        #[arg(long, value_enum, default_values_t = [Role::Agent])]
        role: Vec<Role>,
        /// A shop that the account serves, 0 is the platform; may be given several times
        #[arg(long, default_values_t = [0])]
        shop: Vec<i64>,
        /// The name that members see; without it the login name
        #[arg(long)]
        nickname: Option<String>,
        /// The address of a picture
        #[arg(long)]
        avatar: Option<String>,
        /// Where the password comes from
        #[command(flatten)]
        password: PasswordArguments,
    },
    /// List a tenant's agents
    List {
        /// The tenant's number
        #[arg(long, default_value_t = 1)]
        tenant: i64,
    },
    /// Keep an agent out, at once
    Disable(AccountArguments),
    /// Let an agent in again
    Enable(AccountArguments),
    /// Set a new password and end all logins
    Passwd {
        /// Which account
        #[command(flatten)]
        account: AccountArguments,
        /// Where the password comes from
        #[command(flatten)]
        password: PasswordArguments,
    },
}

/// Which account.
#[derive(Debug, Clone, Args)]
pub struct AccountArguments {
    /// The login name
    pub username: String,
    /// The tenant's number
    #[arg(long, default_value_t = 1)]
    pub tenant: i64,
}

/// Where the password comes from; never from an argument, which everybody on the machine can read.
#[derive(Debug, Clone, Args)]
pub struct PasswordArguments {
    /// Read the password from standard input, up to the end of the line, without asking
    #[arg(long)]
    pub password_stdin: bool,
}

/// What can be done with tenants.
#[derive(Debug, Clone, Subcommand)]
pub enum TenantCommand {
    /// Serve another tenant
    Add {
        /// Its name
        name: String,
        /// Its number; without it the next free one
        #[arg(long)]
        id: Option<i64>,
    },
    /// List all tenants
    List,
}

/// What can be done with shops.
#[derive(Debug, Clone, Subcommand)]
pub enum ShopCommand {
    /// Open another shop
    Add {
        /// Its name
        name: String,
        /// The tenant's number
        #[arg(long, default_value_t = 1)]
        tenant: i64,
        /// Its number; without it the next after the highest
        #[arg(long)]
        id: Option<i64>,
    },
    /// List a tenant's shops and who serves them
    List {
        /// The tenant's number
        #[arg(long, default_value_t = 1)]
        tenant: i64,
    },
    /// Take no more messages at a shop; its agents keep the history
    Close(ShopArguments),
    /// Take messages again
    Open(ShopArguments),
    /// Let an agent serve a shop
    Grant(GrantArguments),
    /// Take a shop from an agent, and end the agent's logins
    Revoke(GrantArguments),
}

/// Which shop.
#[derive(Debug, Clone, Args)]
pub struct ShopArguments {
    /// The shop's number
    pub id: i64,
    /// The tenant's number
    #[arg(long, default_value_t = 1)]
    pub tenant: i64,
}

/// Who at which shop.
#[derive(Debug, Clone, Args)]
pub struct GrantArguments {
    /// The shop's number; 0 is the platform
    pub id: i64,
    /// The login name of an agent who is kept here, or the number of one of the mall's
    pub admin: String,
    /// The tenant's number
    #[arg(long, default_value_t = 1)]
    pub tenant: i64,
}

/// What can be done with API keys.
#[derive(Debug, Clone, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key and print it; it is shown this once and kept nowhere
    Add {
        /// What to call it
        name: String,
        /// The tenant's number
        #[arg(long, default_value_t = 1)]
        tenant: i64,
    },
    /// List a tenant's keys by their names
    List {
        /// The tenant's number
        #[arg(long, default_value_t = 1)]
        tenant: i64,
    },
    /// Take a key back; within three seconds it opens nothing
    Remove {
        /// What it is called
        name: String,
        /// The tenant's number
        #[arg(long, default_value_t = 1)]
        tenant: i64,
    },
}

/// Whose token.
#[derive(Debug, Clone, Args)]
pub struct TokenArguments {
    /// Which side
    #[arg(long = "type", value_enum)]
    pub side: Side,
    /// The member's or agent's number
    #[arg(long)]
    pub id: i64,
    /// The tenant's number
    #[arg(long, default_value_t = 1)]
    pub tenant: i64,
    /// How others see the bearer
    #[arg(long)]
    pub nickname: Option<String>,
    /// The address of a picture
    #[arg(long)]
    pub avatar: Option<String>,
    /// An agent's permission, such as promotion:kefu-message:send; may be given several times; without it all of them
    #[arg(long)]
    pub permission: Option<Vec<String>>,
    /// A shop that an agent serves, 0 is the platform; may be given several times; without it the platform
    #[arg(long)]
    pub shop: Option<Vec<i64>>,
    /// How many seconds it lives
    #[arg(long, default_value_t = 86_400)]
    pub seconds: i64,
}

/// Which side of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// A shopper
    Member,
    /// An agent
    Admin,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_password_is_never_an_argument() {
        for line in ["kefu-server admin add kefu secret12", "kefu-server admin add kefu --password secret12"] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }

    #[test]
    fn development_may_be_said_before_or_after_the_command() {
        for line in ["kefu-server --dev", "kefu-server --dev serve", "kefu-server serve --dev"] {
            assert!(Cli::try_parse_from(line.split(' ')).unwrap().dev, "{line}");
        }
    }
}
