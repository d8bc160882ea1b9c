//! What must hold before anything starts.

use std::collections::HashSet;

use chrono::{Datelike as _, NaiveDate, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use kefu_storage::StorageOffset;

use super::{Settings, Wrong};

/// Everything that is wrong with the settings.
pub(super) fn check(settings: &Settings) -> Vec<Wrong> {
    let mut wrongs = Vec::new();
    let mut require = |holds: bool, setting: &str, what: &str| {
        if !holds {
            wrongs.push(Wrong::new(setting, what));
        }
    };

    let server = &settings.server;
    require(
        !server.development || server.listen.ip().is_loopback(),
        "server.listen",
        "development mode lets anybody in, so it listens on loopback only; use 127.0.0.1, or leave development mode",
    );
    require(
        server.public_url.is_empty() || is_web_address(&server.public_url),
        "server.public_url",
        "is not an address of the web; write http:// or https:// with a host, and no query",
    );
    require(
        server.public_url.len() <= 200,
        "server.public_url",
        "is longer than 200 characters; shorten it, it stands before the name of every file",
    );
    require(
        !server.public_url.is_empty() || !server.listen.ip().is_unspecified(),
        "server.public_url",
        "is needed when listening on every address; write the address that browsers use, such as https://kefu.example.com",
    );
    require(server.workers <= 1_024, "server.workers", "is more than 1024; 0 takes one per core");
    require(server.max_connections > 0, "server.max_connections", "is 0, so nobody could connect; write at least 1");
    require(
        (1..=3_600).contains(&server.keep_alive_seconds),
        "server.keep_alive_seconds",
        "is not within 1 to 3600; 75 is a good value",
    );
    require(
        (1..=60).contains(&server.header_timeout_seconds),
        "server.header_timeout_seconds",
        "is not within 1 to 60; 5 is a good value",
    );
    require(
        (1..=10).contains(&server.stop_seconds),
        "server.stop_seconds",
        "is not within 1 to 10; a stop has 15 seconds in all",
    );
    require(server.leave_seconds <= 30, "server.leave_seconds", "is not within 0 to 30; 5 is a good value");
    require(
        server.has_tls() || server.tls_key.as_os_str().is_empty(),
        "server.tls_cert",
        "is missing beside server.tls_key; name both files, or none where a proxy ends TLS",
    );
    require(
        !server.has_tls() || !server.tls_key.as_os_str().is_empty(),
        "server.tls_key",
        "is missing beside server.tls_cert; name both files, or none where a proxy ends TLS",
    );

    let database = &settings.database;
    let url = database.url.reveal();
    require(
        ["sqlite:", "mysql://", "mariadb://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme)),
        "database.url",
        "is not an address of a database; write sqlite:PATH or mysql://USER:PASSWORD@HOST:PORT/NAME",
    );
    require(
        database.zone.parse::<Tz>().is_ok() || database.zone.parse::<StorageOffset>().is_ok(),
        "database.zone",
        "is not a time zone; write the name of the mall's, such as Asia/Shanghai, or its offset, such as +08:00",
    );
    require(
        database.zone.parse::<Tz>().is_err() || database.storage_offset().is_some(),
        "database.zone",
        "has no one offset from UTC (daylight saving): in a clock that repeats an hour messages have no order; \
         write the offset in which the mall's times are kept, such as +08:00",
    );
    let pool = 1..=512;
    require(pool.contains(&database.read_connections), "database.read_connections", "is not within 1 to 512");
    require(pool.contains(&database.write_connections), "database.write_connections", "is not within 1 to 512");
    require(database.lanes <= 64, "database.lanes", "is more than 64; 0 takes what suits the database");
    require((1..=500).contains(&database.batch), "database.batch", "is not within 1 to 500; 128 is a good value");
    require((1..=1_000_000).contains(&database.queue), "database.queue", "is not within 1 to 1000000");

    let auth = &settings.auth;
    let secret = auth.jwt_secret.reveal();
    require(
        server.development || !secret.is_empty() || has_another_way_in(settings),
        "auth.jwt_secret",
        "is missing, and so is every other way in; write at least 32 random bytes (`openssl rand -hex 32` makes some), \
         or name public keys in jwt.keys or jwt.jwks, or try things out with --dev",
    );
    require(
        !auth.guests || server.development || !secret.is_empty(),
        "auth.guests",
        "needs auth.jwt_secret, from which the key of visitors' tokens is made; write at least 32 random bytes there",
    );
    require(
        secret.is_empty() || secret.len() >= 32,
        "auth.jwt_secret",
        "is shorter than 32 bytes and can be guessed; `openssl rand -hex 32` makes a good one",
    );
    require(
        secret.len() < 32 || !is_well_known(secret),
        "auth.jwt_secret",
        "is an example or a pattern that anybody would try; `openssl rand -hex 32` makes a good one",
    );
    require(
        (60..=86_400).contains(&auth.access_token_seconds),
        "auth.access_token_seconds",
        "is not within 60 to 86400 (a day)",
    );
    require(
        auth.refresh_token_seconds >= auth.access_token_seconds && auth.refresh_token_seconds <= 366 * 86_400,
        "auth.refresh_token_seconds",
        "is shorter than an access token's life or longer than a year",
    );
    require((1..=1_000).contains(&auth.login_failures), "auth.login_failures", "is not within 1 to 1000");
    require((1..=86_400).contains(&auth.login_wait_seconds), "auth.login_wait_seconds", "is not within 1 to 86400");

    super::jwt::check(&settings.jwt, &mut require);
    super::socket::check(&settings.socket, &mut require);
    super::nodes::check(settings, &mut require);

    let upload = &settings.upload;
    let size = 1..=(1_u64 << 30);
    for (name, bytes) in [
        ("upload.max_picture_bytes", upload.max_picture_bytes),
        ("upload.max_audio_bytes", upload.max_audio_bytes),
        ("upload.max_video_bytes", upload.max_video_bytes),
        ("upload.max_document_bytes", upload.max_document_bytes),
    ] {
        require(size.contains(&bytes), name, "is not within 1 byte and 1 GiB");
    }
    require(!upload.dir.as_os_str().is_empty(), "upload.dir", "is empty; name a folder that this server may write to");

    let desk = &settings.desk;
    require(
        desk.zone.parse::<Tz>().is_ok(),
        "desk.zone",
        "is not a time zone; write the name of one, such as Asia/Shanghai",
    );
    require((1..=10_000).contains(&desk.list_limit), "desk.list_limit", "is not within 1 to 10000");
    require(desk.revoke_seconds <= 86_400, "desk.revoke_seconds", "is not within 0 to 86400");
    require(
        tracing_subscriber::EnvFilter::builder().parse(&settings.log.level).is_ok(),
        "log.level",
        "is not a level; write error, warn, info, debug or trace, or per part as info,kefu=debug",
    );
    // A bare word would be taken for the name of a part, and everything else fall silent.
    let level = |part: &str| part.contains('=') || LEVELS.contains(&part.trim().to_ascii_lowercase().as_str());
    require(
        settings.log.level.split(',').all(level),
        "log.level",
        "is not a level; write error, warn, info, debug or trace, or per part as info,kefu=debug",
    );
    let ours = |part: &str| part.split_once('=').is_none_or(|(target, _)| target.trim().starts_with("kefu"));
    require(
        settings.log.level.split(',').all(ours),
        "log.level",
        "names a part that is not ours, and libraries log whole requests with their tokens; name only kefu and kefu_…",
    );
    wrongs.extend(super::mall::check(settings));
    wrongs
}

/// Whether members and agents can come in without the secret.
fn has_another_way_in(settings: &Settings) -> bool {
    settings.jwt.has_keys() || !settings.mall.tokens.is_empty()
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// An absolute http(s) address without query, fragment or login.
pub(super) fn is_web_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<actix_web::http::Uri>() else { return false };
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.is_empty())
        && uri.query().is_none()
        && !text.contains(['@', '#', ' '])
}

/// Long enough, and yet nothing that had to be guessed.
fn is_well_known(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    let distinct: HashSet<u8> = lower.bytes().collect();
    let repeats = (1..=secret.len() / 2)
        .any(|period| period < 16 && secret.bytes().enumerate().all(|(i, byte)| byte == secret.as_bytes()[i % period]));
    let counts = secret.as_bytes().windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(1)).count();
    distinct.len() < 5
        || repeats
        || counts * 2 > secret.len()
        || ["secret", "password", "changeme", "change-me", "change_me", "example", "your-", "your_", "yudao", "default"]
            .iter()
            .any(|word| lower.contains(word))
}

/// The years in which a zone must have kept one offset: those of the mall's software, and those known ahead.
const YEARS: std::ops::RangeInclusive<i32> = 2018..=2037;

impl super::DatabaseSettings {
    /// The one offset of the zone; `None` where it has several. Settings that were loaded always have one.
    #[must_use]
    pub fn storage_offset(&self) -> Option<StorageOffset> {
        if let Ok(offset) = self.zone.parse() {
            return Some(offset);
        }
        let zone: Tz = self.zone.parse().ok()?;
        let days = NaiveDate::from_ymd_opt(*YEARS.start(), 1, 1)?.iter_days();
        let days = days.take_while(|day| YEARS.contains(&day.year()));
        let mut seconds = days.map(|day| zone.offset_from_utc_datetime(&day.into()).fix().local_minus_utc());
        let first = seconds.next()?;
        (first % 60 == 0 && seconds.all(|other| other == first))
            .then(|| StorageOffset::from_minutes(first / 60))
            .flatten()
    }
}

impl super::DeskSettings {
    /// The zone of the settings; those that were loaded always have one.
    #[must_use]
    pub fn tz(&self) -> Tz {
        self.zone.parse().unwrap_or(Tz::Asia__Shanghai)
    }
}
