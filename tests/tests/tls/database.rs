//! TLS towards MariaDB: what the address asks for happens, or nothing does.

use std::path::Path;

use kefu_domain::TenantId;
use kefu_storage::{Backend as Kind, Database, NewTenant, OpenError, Options};
use kefu_tests::{Backend, Books, OwnMariaDb, Place, off_the_runtime};
use tempfile::TempDir;

use super::authority::Authority;

const PASSWORD: &str = "ein-7-langes_Wort";

/// A MariaDB whose certificate is for this name, and the folder with the authority to believe.
struct Site {
    place: Place,
    folder: TempDir,
    // Gone after the database on it.
    _own: OwnMariaDb,
}

fn site(name: &str) -> Site {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let (ca, pair) = (authority.write(folder.path()), authority.issue(name, folder.path()));
    let setting = |name: &str, path: &Path| format!("--ssl-{name}={}", path.display());
    let settings = [setting("ca", &ca), setting("cert", &pair.cert), setting("key", &pair.key)];
    let own = OwnMariaDb::start_with(&settings.each_ref().map(String::as_str));
    let place = Backend::MariaDbAt(own.url()).prepare(folder.path());
    let books = Books::at(place.url());
    books.run(&format!("CREATE USER kefu@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL"));
    books.run("GRANT ALL ON *.* TO kefu@'127.0.0.1'");
    Site { place, folder, _own: own }
}

impl Site {
    /// The address of its database for the account that may come over TLS only, with more parameters.
    fn url(&self, more: &str) -> String {
        format!("{}?{more}", self.place.url().replace("root@", &format!("kefu:{PASSWORD}@")))
    }

    fn authority_file(&self) -> String {
        self.folder.path().join("authority.pem").display().to_string()
    }

    fn open(&self, more: &str) -> Result<Database, OpenError> {
        let url = self.url(more);
        off_the_runtime(|| Database::connect(&url, &Options::default()))
    }

    #[track_caller]
    fn refuses(&self, more: &str, why: &str) {
        let error = self.open(more).expect_err("it must not connect");
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(format!("{error} {cause}").contains(why), "{more}: {error} because {cause}");
        assert!(!format!("{error:?}{cause}").contains(PASSWORD), "{error:?}");
    }
}

#[test]
fn everything_goes_over_tls_where_the_address_says_so() {
    let site = site("127.0.0.1");
    site.refuses("", "Access denied");

    let database = site.open(&format!("require_ssl=true&ssl_ca={}", site.authority_file())).unwrap();

    assert_eq!(database.backend(), Kind::MariaDb);
    let tenant = NewTenant { id: Some(TenantId(1)), name: "mall".into(), expires: None };
    assert_eq!(database.add_tenant(&tenant).unwrap(), Some(TenantId(1)), "connections that write, too");
    assert_eq!(database.tenants().unwrap().len(), 1, "and those that read");
}

#[test]
fn a_server_that_cannot_prove_itself_gets_nothing() {
    let named = site("db.example");
    let ca = named.authority_file();
    named.refuses(&format!("require_ssl=true&ssl_ca={ca}"), "not valid for name");
    named.refuses("require_ssl=true", "UnknownIssuer");
    named.refuses("require_ssl=true&ssl_ca=/nowhere/ca.pem", "(ssl_ca) cannot be read");
    named.refuses("require_ssl=true&verify_identity=false", "would trust anybody");
    named.refuses("require_ssl=true&verify_ca=false", "would trust anybody");

    let stranger = tempfile::tempdir().unwrap();
    let other = Authority::new().write(stranger.path());
    named.refuses(&format!("require_ssl=true&ssl_ca={}", other.display()), "invalid peer certificate");
    let key = named.folder.path().join("key.pem");
    named.refuses(&format!("require_ssl=true&ssl_ca={}", key.display()), "holds no certificate");
}

#[test]
fn a_server_without_tls_is_not_spoken_to_in_the_open() {
    let folder = tempfile::tempdir().unwrap();
    let own = OwnMariaDb::start_with(&["--skip-ssl"]);
    let place = Backend::MariaDbAt(own.url()).prepare(folder.path());
    let url = format!("{}?require_ssl=true", place.url());

    let refusal = off_the_runtime(|| Database::connect(&url, &Options::default())).expect_err("it must not connect");

    let cause = std::error::Error::source(&refusal).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("asked for SSL but server does not"), "{refusal} because {cause}");
}
