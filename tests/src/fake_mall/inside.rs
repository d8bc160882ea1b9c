//! What the mall's pages and its controls share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::office::Office;
use super::redis_copy::RedisCopy;
use super::tables::Tables;
use super::tokens::Change;
use super::wire::{Ask, Refusal, Upload, refused};
use super::{Broken, Outage, now, pages};

/// How the mall does at the moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    pub(super) outage: Option<Outage>,
    pub(super) delay: Duration,
}

/// How often each path was asked for with each token.
pub(super) type Asked = HashMap<(String, String), u64>;

#[derive(Debug)]
pub(super) struct Inside {
    pub(super) office: Mutex<Office>,
    pub(super) redis: Option<RedisCopy>,
    pub(super) tables: Option<Tables>,
    pub(super) weather: watch::Sender<Weather>,
    pub(super) asked: watch::Sender<Asked>,
}

impl Inside {
    /// The tenants, and the number from which tokens are counted on where others were counted before.
    pub(super) fn begin(&self) -> Result<(), Broken> {
        let mut office = self.office();
        office.tenants = [(1, "芋道源码".to_owned()), (2, "小租户".to_owned())].into();
        if let Some(tables) = &self.tables {
            office.purse.count_from(tables.last_token()?);
        }
        Ok(())
    }

    pub(super) fn office(&self) -> MutexGuard<'_, Office> {
        self.office.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self, ask: &Ask) {
        let token = ask.parameters.get("token").map(String::as_str).or(ask.token()).unwrap_or_default();
        let key = (ask.path.clone(), token.to_owned());
        self.asked.send_modify(|asked| *asked.entry(key).or_default() += 1);
    }

    pub(super) fn answer(&self, ask: &Ask) -> Result<Value, Refusal> {
        let mut office = self.office();
        let answer = pages::answer(&mut office, ask, now());
        let only_cached = office.purse.changes.iter().all(|change| matches!(change, Change::Cached(_)));
        match self.settle(&mut office) {
            Err(_) if !only_cached => Err(refused(500, "系统异常")),
            _ => answer,
        }
    }

    pub(super) fn file(&self, name: &str) -> Option<Upload> {
        self.office().files.get(name).cloned()
    }

    /// Writes the copies of what has happened to tokens.
    pub(super) fn settle(&self, office: &mut Office) -> Result<(), Broken> {
        let changes = std::mem::take(&mut office.purse.changes);
        if let Some(tables) = &self.tables {
            tables.write(office, &changes, now())?;
        }
        if let Some(redis) = &self.redis {
            redis.write(office, &changes, now())?;
        }
        Ok(())
    }
}

pub(super) fn count(asked: &Asked, counts: impl Fn(&str, &str) -> bool) -> u64 {
    asked.iter().filter(|((path, token), _)| counts(path, token)).map(|(_, times)| times).sum()
}
