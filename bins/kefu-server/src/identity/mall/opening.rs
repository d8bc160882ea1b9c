//! From the settings to sources that can be asked.

use std::sync::Arc;

use kefu_domain::BoxError;
use kefu_storage::{Database, MallTables};
use tokio::runtime::Handle;

use super::asker::Asker;
use super::directory::Members;
use super::http::Http;
use super::redis::Redis;
use super::source::Source;
use super::tables::{CONNECTIONS, Tables};
use crate::config::{MallSettings, MallSource, Settings};

/// The mall could not be prepared for being asked.
#[derive(Debug, thiserror::Error)]
#[error("the mall's {source_name} cannot be asked")]
pub struct MallError {
    pub(super) source_name: &'static str,
    #[source]
    pub(super) cause: BoxError,
}

/// The sources of the settings, in their order, and who the mall's members are. What cannot be asked is soon said in the
/// log.
pub(super) fn askers(
    settings: &Settings,
    database: &Database,
    runtime: &Handle,
) -> Result<(Vec<Arc<Asker>>, Members), MallError> {
    let mall = &settings.mall;
    let mut members = Members::new(database.clone());
    let mut askers = Vec::new();
    let _inside = runtime.enter();
    for &kind in mall.tokens.iter() {
        let asker = |source: Box<dyn Source>| Arc::new(Asker::new(kind, source, mall.within(kind)));
        let broken = |cause: BoxError| MallError { source_name: kind.as_str(), cause };
        let asker = match kind {
            MallSource::Redis => {
                let redis = Redis::at(mall.redis_url.reveal(), mall.within(kind));
                asker(Box::new(redis.map_err(|error| broken(error.into()))?))
            }
            MallSource::Tables => {
                let tables = MallTables::at(settings.mall_database().reveal(), CONNECTIONS);
                let tables = Tables::new(tables.map_err(|error| broken(error.into()))?, mall.tz());
                let asker = asker(Box::new(tables.clone()));
                members = members.with(Arc::clone(&asker), tables, runtime);
                asker
            }
            MallSource::Http => asker(Box::new(http(mall).map_err(|error| broken(error.into()))?)),
        };
        let greeter = Arc::clone(&asker);
        runtime.spawn(async move { greeter.greet().await });
        askers.push(asker);
    }
    Ok((askers, members))
}

fn http(mall: &MallSettings) -> Result<Http, reqwest::Error> {
    let id = Some(mall.client_id.clone()).filter(|id| !id.is_empty());
    let account = id.map(|id| (id, mall.client_secret.clone()));
    Http::new(&mall.url, account, mall.tenants(), mall.within(MallSource::Http))
}
