//! Which database an address names.
//!
//! Diesel would take any text that it does not understand for the name of a SQLite file; here a slip is an error.

use std::path::PathBuf;

use crate::OpenError;

/// An address, understood.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// MariaDB or MySQL, as the driver likes to read it.
    MySql(String),
    /// A SQLite file.
    Sqlite(PathBuf),
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, OpenError> {
        let unusable = |why: &str| Err(OpenError::Address(why.to_owned()));
        if let Some(path) = text.strip_prefix("sqlite:") {
            // Three slashes as in a URL without a host, or a plain path.
            let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
            return match path {
                "" => unusable("sqlite: must be followed by the path of a file"),
                ":memory:" => unusable("a SQLite database must be a file, since several connections share it"),
                _ if path.starts_with("//") => unusable("sqlite: must be followed by the path of a file"),
                _ => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        let Some(rest) = text.strip_prefix("mysql://").or_else(|| text.strip_prefix("mariadb://")) else {
            return Err(OpenError::Scheme);
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        match place.split_once('/') {
            Some((_, name)) if !name.is_empty() => match trustless(query) {
                Some(why) => unusable(why),
                None => Ok(Self::MySql(format!("mysql://{place}{}", parameters(query)))),
            },
            _ => unusable("mysql:// must name a database after the host, as in mysql://user:password@host/kefu"),
        }
    }
}

/// Why the address asks for TLS that keeps nobody out, if it does.
#[cfg(not(feature = "mysql-c"))]
fn trustless(query: &str) -> Option<&'static str> {
    let says = |pair| query.split('&').any(|said| said == pair);
    let names = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    if says("verify_ca=false") || says("verify_identity=false") {
        return Some("verify_ca=false and verify_identity=false would trust anybody; name the authority in ssl_ca");
    }
    (names("ssl_ca") && !says("require_ssl=true")).then_some("ssl_ca does nothing without require_ssl=true")
}

/// The C client has words of its own for this.
#[cfg(feature = "mysql-c")]
fn trustless(_: &str) -> Option<&'static str> {
    None
}

/// Adds what the pure-Rust client needs to be told, unless it was told otherwise.
#[cfg(not(feature = "mysql-c"))]
fn parameters(query: &str) -> String {
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    let has = |pairs: &[String], name: &str| pairs.iter().any(|pair| pair.split('=').next() == Some(name));
    // Told a loopback address, the client asks the server for its Unix socket and goes there instead.
    if !has(&pairs, "prefer_socket") && !has(&pairs, "socket") {
        pairs.push("prefer_socket=false".to_owned());
    }
    // A peer that vanished without a word is otherwise waited for without end.
    if !has(&pairs, "tcp_keepalive") {
        pairs.push("tcp_keepalive=10000".to_owned());
    }
    format!("?{}", pairs.join("&"))
}

#[cfg(feature = "mysql-c")]
fn parameters(query: &str) -> String {
    if query.is_empty() { String::new() } else { format!("?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, understood: &str) {
        let found = match Address::parse(text) {
            Ok(Address::MySql(url)) => url,
            Ok(Address::Sqlite(path)) => format!("file {}", path.display()),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(understood), "{text}: {found}");
    }

    #[test]
    fn a_file_is_named_with_or_without_slashes() {
        check("sqlite:kefu.db", "file kefu.db");
        check("sqlite:/var/lib/kefu.db", "file /var/lib/kefu.db");
        check("sqlite:///var/lib/kefu.db", "file /var/lib/kefu.db");
        check("sqlite:./data/kefu.db", "file ./data/kefu.db");
    }

    #[test]
    fn a_slip_is_an_error_and_not_a_file() {
        check("mysql:typo", "must begin with");
        check("postgres://localhost/kefu", "must begin with");
        check("kefu.db", "must begin with");
        check("", "must begin with");
        check("sqlite:", "path of a file");
        check("sqlite://kefu.db", "path of a file");
        check("sqlite::memory:", "must be a file");
        check("mysql://user@host", "must name a database");
        check("mysql://user@host/?x=1", "must name a database");
    }

    #[test]
    fn no_address_is_repeated_in_an_error() {
        for text in ["mysql://k:secret@host", "postgres://k:secret@host/x", "sqlite://secret"] {
            let Err(error) = Address::parse(text) else { panic!("{text} was taken") };
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[cfg(not(feature = "mysql-c"))]
    #[test]
    fn tls_that_keeps_nobody_out_is_refused() {
        check("mysql://k@h/kefu?require_ssl=true&verify_ca=false", "would trust anybody");
        check("mysql://k@h/kefu?verify_identity=false&require_ssl=true", "would trust anybody");
        check("mysql://k@h/kefu?ssl_ca=/etc/ca.pem", "does nothing without require_ssl=true");
        check("mysql://k@h/kefu?ssl_ca=/etc/ca.pem&require_ssl=false", "does nothing without require_ssl=true");
        check("mysql://k@h/kefu?require_ssl=true&ssl_ca=/etc/ca.pem", "require_ssl=true&ssl_ca=/etc/ca.pem");
    }

    #[cfg(not(feature = "mysql-c"))]
    #[test]
    fn the_client_stays_on_tcp_unless_told_otherwise() {
        check(
            "mysql://k:pw@127.0.0.1:3306/kefu",
            "mysql://k:pw@127.0.0.1:3306/kefu?prefer_socket=false&tcp_keepalive=",
        );
        check("mariadb://k@h/kefu?require_ssl=true", "mysql://k@h/kefu?require_ssl=true&prefer_socket=false");
        check("mysql://k@h/kefu?prefer_socket=true", "kefu?prefer_socket=true&tcp_keepalive=10000");
        check("mysql://k@h/kefu?socket=/run/x.sock&tcp_keepalive=5", "kefu?socket=/run/x.sock&tcp_keepalive=5");
    }
}
