//! What stands for everything that one household has.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::{HttpMessage as _, HttpRequest};

/// Where a client is, for limits that are meant for one of many: of version 6 a whole network of 64 bits, since
/// anybody has as many addresses in it as they like.
///
/// A host that knows puts it into a request's extensions, as it does with a [`Caller`](crate::Caller). Without one no
/// limit of addresses holds for the request, so leave out what many share: a proxy's own address, for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The household of an address; one of version 4 inside version 6 is of version 4.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()),
            four @ IpAddr::V4(_) => Self(four),
        }
    }

    /// What the host says of a request.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_version_6_is_one_household_and_an_address_of_version_4_is_one() {
        let of = |address: &str| ClientAddress::new(address.parse().unwrap());

        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
