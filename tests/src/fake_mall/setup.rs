//! How a mall is to be started.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use chrono_tz::Tz;
use tokio::sync::watch;

use super::FakeMall;
use super::counter::Counter;
use super::inside::Inside;
use super::people::{MallAdmin, MallMember};
use super::redis_copy::RedisCopy;
use super::tables::Tables;
use crate::ports::free_port;

/// What to start.
#[derive(Debug, Clone)]
#[must_use = "nothing runs before `start`"]
pub struct MallSetup {
    address: Option<SocketAddr>,
    redis: Option<String>,
    tables: Option<String>,
    zone: Tz,
    people: bool,
}

impl MallSetup {
    /// A mall with the usual people, on a free port of this machine.
    pub fn new() -> Self {
        Self { address: None, redis: None, tables: None, zone: Tz::Asia__Shanghai, people: true }
    }

    /// With its tenants and nobody in them.
    pub fn empty(self) -> Self {
        Self { people: false, ..self }
    }

    /// On this address.
    pub fn at(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// With its tokens in this Redis, `redis://HOST:PORT/DB`.
    pub fn redis(self, url: &str) -> Self {
        Self { redis: Some(url.to_owned()), ..self }
    }

    /// With people, roles and tokens in this database, `mysql://USER@HOST:PORT/NAME`. Missing tables are made.
    pub fn tables(self, url: &str) -> Self {
        Self { tables: Some(url.to_owned()), ..self }
    }

    /// With the wall clock of this zone in its tables; Asia/Shanghai unless told.
    pub fn zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// When the address is taken, or a copy cannot be written.
    #[must_use]
    pub fn start(self) -> FakeMall {
        self.try_start().unwrap_or_else(|error| panic!("the mall does not open: {error}"))
    }

    /// Starts it, or says why not.
    pub fn try_start(self) -> Result<FakeMall, Box<dyn std::error::Error + Send + Sync>> {
        let listener = match self.address {
            Some(address) => TcpListener::bind(address).map_err(|error| format!("{address} cannot be had: {error}"))?,
            None => loop {
                // Somebody may take the port between our look and the start.
                if let Ok(listener) = TcpListener::bind(("127.0.0.1", free_port())) {
                    break listener;
                }
            },
        };
        let address = listener.local_addr()?;
        let redis = self.redis.map(|url| RedisCopy::at(&url)).transpose();
        let redis = redis.map_err(|error| format!("its Redis cannot be had: {error}"))?;
        let tables = self.tables.map(|url| Tables::at(&url, self.zone)).transpose();
        let tables = tables.map_err(|error| format!("its database cannot be had: {error}"))?;
        let inside = Arc::new(Inside {
            office: Mutex::default(),
            redis,
            tables,
            weather: watch::Sender::default(),
            asked: watch::Sender::default(),
        });
        inside.begin()?;

        let counter = Mutex::new(Some(Counter::open(listener, Arc::clone(&inside))));
        let mall = FakeMall { address, counter, inside };
        if self.people {
            mall.put_admin(MallAdmin::new(1).with_every_right());
            mall.put_admin(MallAdmin::new(7));
            mall.put_admin(MallAdmin::new(8).allowed(&["trade:order:query"]));
            mall.put_admin(MallAdmin::new(27).at(2));
            mall.put_member(MallMember::new(101));
            mall.put_member(MallMember::new(102));
            mall.put_member(MallMember::new(201).at(2));
        }
        Ok(mall)
    }
}

impl Default for MallSetup {
    fn default() -> Self {
        Self::new()
    }
}
