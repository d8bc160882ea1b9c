//! Where a request comes from: the peer of its connection, or what the operator's own proxies say of it.
//!
//! A header is anybody's to write. So `X-Forwarded-For` counts only on connections from an address that the setting
//! `server.trusted_proxies` names, and of its list only what those proxies themselves have written: from the right,
//! the first address that is not one of theirs. `Forwarded` and `X-Real-IP` never count.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::Data;
use ipnet::IpNet;
use kefu_web::ClientAddress;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word about their clients counts; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The client's address; `None` only for a request that came over no network.
///
/// Whoever sits behind an untrusted proxy shares its address. Addresses of version 4 inside version 6 are given as
/// version 4.
#[must_use]
pub fn address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let proxies = request.app_data::<Data<TrustedProxies>>();
    Some(proxies.map_or(peer, |proxies| proxies.client(peer, request.headers())))
}

/// The client's address where it stands for one of many, for limits of addresses: not where it is this machine's own,
/// from which nobody comes but proxies and tests, nor a trusted proxy's that has named nobody.
#[must_use]
pub fn household(request: &HttpRequest) -> Option<ClientAddress> {
    let address = address(request).filter(|address| !address.is_loopback())?;
    let proxies = request.app_data::<Data<TrustedProxies>>();
    let is_proxy = proxies.is_some_and(|proxies| proxies.contain(address));
    (!is_proxy).then(|| ClientAddress::new(address))
}

impl TrustedProxies {
    /// The client behind a connection from `peer`.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.contain(peer) {
            return peer;
        }
        self.behind(headers).unwrap_or(peer)
    }

    /// From the right, the first address that is not a proxy's; where all are, the one farthest away. Beyond an entry
    /// that is no address nothing counts.
    fn behind(&self, headers: &HeaderMap) -> Option<IpAddr> {
        // One list may stand in several lines, in their order. Its left end is anybody's to write, so it is no text.
        let lines: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).map(|line| line.as_bytes()).collect();
        let entries = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        let mut farthest = None;
        for address in entries.map_while(parse) {
            farthest = Some(address);
            if !self.contain(address) {
                break;
            }
        }
        farthest
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, with or without a port, as proxies write it.
fn parse(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bare {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => text.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip())),
    };
    address.map(|address| address.to_canonical())
}

/// One entry of the setting: an address, or a network such as `10.0.0.0/8`.
fn network(text: &str) -> Result<IpNet, String> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text
            .parse::<IpNet>()
            .map_err(|_| format!("{text:?} is neither an address nor a network such as 10.0.0.0/8"))?,
    };
    if network.trunc() != network {
        return Err(format!("{text:?} names an address and a network; write {} or the address alone", network.trunc()));
    }
    if network.prefix_len() == 0 {
        return Err(format!("{text:?} is everybody, and anybody could then choose an address"));
    }
    Ok(network)
}

impl<'de> Deserialize<'de> for TrustedProxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = TrustedProxies;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of addresses and networks")
            }

            /// A variable of the environment has no lists: there commas stand between the entries.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<TrustedProxies, E> {
                let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
                entries.map(network).collect::<Result<_, _>>().map(TrustedProxies).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<TrustedProxies, A::Error> {
                let mut networks = Vec::new();
                while let Some(entry) = list.next_element::<String>()? {
                    networks.push(network(entry.trim()).map_err(de::Error::custom)?);
                }
                Ok(TrustedProxies(networks))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for TrustedProxies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

#[cfg(test)]
mod tests;
