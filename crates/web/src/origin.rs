//! From which pages a socket may be opened.
//!
//! A browser lets any page open a socket to anybody, and says in `Origin` which page it was; no page can change that.
//! So the list stops foreign pages in browsers, and nothing else: whoever is no browser writes what they like, or
//! leaves the header out. That is why a handshake without it passes, as apps and servers make it.

use std::fmt;
use std::str::FromStr;

use actix_web::http::header::{HeaderMap, ORIGIN};
use serde::{Serialize, Serializer};

use crate::ApiError;

/// A scheme, a host and a port, as browsers have them: compared whole, so no subdomain comes along.
///
/// ```
/// use kefu_web::Origin;
///
/// let shop: Origin = "https://shop.example.com".parse().unwrap();
///
/// assert_eq!(shop, "https://SHOP.example.com:443".parse().unwrap());
/// assert_ne!(shop, "http://shop.example.com".parse().unwrap());
/// assert!("https://shop.example.com/".parse::<Origin>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    /// `None` for the scheme's own.
    port: Option<u16>,
}

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin; write a scheme and a host, in ASCII, and a port if need be, such as https://shop.example.com")]
pub struct NoOrigin;

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let (scheme, rest) = text.split_once("://").ok_or(NoOrigin)?;
        // A host of version 6 has colons of its own, between brackets.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
        let port = match port {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(port.parse::<u16>().map_err(|_| NoOrigin)?)
            }
            Some(_) => return Err(NoOrigin),
            None => None,
        };
        if !is_scheme(&scheme) || !is_host(&host) {
            return Err(NoOrigin);
        }
        let usual = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Ok(Self { scheme, host, port: port.filter(|port| Some(*port) != usual) })
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
}

/// A name as browsers send it, or an address.
fn is_host(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.map_or_else(
        || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
        |address| address.parse::<std::net::Ipv6Addr>().is_ok(),
    )
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The origins that may; the empty list, which is the default, is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

impl FromIterator<Origin> for Origins {
    fn from_iter<I: IntoIterator<Item = Origin>>(origins: I) -> Self {
        Self(origins.into_iter().collect())
    }
}

impl Origins {
    /// Lets a handshake with these headers go on, or refuses it ([`ApiError::Forbidden`]).
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.admits(headers) {
            return Ok(());
        }
        metrics::counter!("kefu_socket_refused_total", "reason" => "origin").increment(1);
        Err(ApiError::Forbidden)
    }

    /// Every origin that is named has to be on the list: a browser names one.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let known = |text: &str| text.parse().is_ok_and(|origin: Origin| self.0.contains(&origin));
        self.0.is_empty() || headers.get_all(ORIGIN).all(|origin| origin.to_str().is_ok_and(known))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(origins: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        origins.iter().for_each(|origin| headers.append(ORIGIN, HeaderValue::from_bytes(origin).unwrap()));
        headers
    }

    #[track_caller]
    fn check(origin: &str, admitted: bool) {
        let list = [
            "https://shop.example.com",
            "http://localhost:5173",
            "https://xn--gtr84j.example",
            "capacitor://localhost",
        ];
        let list: Origins = list.iter().map(|origin| origin.parse().unwrap()).collect();

        assert_eq!(list.admits(&headers(&[origin.as_bytes()])), admitted, "{origin}");
        assert!(Origins::default().admits(&headers(&[origin.as_bytes()])), "an empty list is any");
    }

    #[test]
    fn only_the_very_origins_of_the_list_may() {
        check("https://shop.example.com", true);
        check("https://shop.example.com:443", true);
        check("https://shop.example.com:0443", true);
        check("HTTPS://Shop.Example.COM", true);
        check("http://localhost:5173", true);
        check("capacitor://localhost", true);
        check("https://xn--gtr84j.example", true);
        check("https://XN--GTR84J.example", true);

        check("null", false);
        check("", false);
        check("*", false);
        check("https://evil.example", false);
        check("https://shop.example.com.evil.example", false);
        check("https://evil-shop.example.com", false);
        check("https://a.shop.example.com", false);
        check("https://example.com", false);
        check("https://shop.example.com.", false);
        check("http://shop.example.com", false);
        check("https://shop.example.com:444", false);
        check("https://shop.example.com:", false);
        check("https://shop.example.com:65979", false);
        check("https://shop.example.com/", false);
        check("https://shop.example.com/a", false);
        check("https://shop.example.com@evil.example", false);
        check("https://evil.example#https://shop.example.com", false);
        check("https://shop.example.com https://evil.example", false);
        check(" https://shop.example.com", false);
        check("http://localhost", false);
        check("http://localhost:5174", false);
        check("shop.example.com", false);
        check("//shop.example.com", false);
        check("https://xn--gtr84.example", false);
        check("https://买家.example", false);
        check("https://sһop.example.com", false);
    }

    #[test]
    fn apps_and_servers_name_no_origin_and_two_are_one_too_many() {
        let list: Origins = ["https://shop.example.com".parse().unwrap()].into_iter().collect();

        assert!(list.admits(&headers(&[])));
        assert!(!list.admits(&headers(&[b"https://shop.example.com", b"https://evil.example"])));
        assert!(!list.admits(&headers(&[b"https://evil.example", b"https://shop.example.com"])));
    }

    #[test]
    fn an_entry_is_shown_as_browsers_write_it_and_what_no_browser_sends_is_none() {
        let shown = |text: &str| text.parse::<Origin>().map(|origin| origin.to_string());

        assert_eq!(shown("HTTP://Shop.example:80"), Ok("http://shop.example".into()));
        assert_eq!(shown("https://[2001:db8::1]:8443"), Ok("https://[2001:db8::1]:8443".into()));
        assert_eq!(shown("https://[::1]"), Ok("https://[::1]".into()));
        for text in [
            "null",
            "*",
            "https://*.example.com",
            "https://",
            "https://买家.example",
            "https://a b",
            "://a",
            "https://[::1",
        ] {
            assert_eq!(shown(text), Err(NoOrigin), "{text}");
        }
    }
}
