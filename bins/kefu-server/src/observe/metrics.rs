//! Prometheus' metrics, kept in this process and shown at `/metrics`.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Ours is the one recorder of the process.
static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts keeping metrics; a second start in one process gets the first one's.
pub fn start() -> Result<PrometheusHandle, BuildError> {
    if let Some(handle) = INSTALLED.get() {
        return Ok(handle.clone());
    }
    let seconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
    let counts = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .set_buckets_for_metric(Matcher::Prefix("kefu_lane_batch".to_owned()), &counts)?
        .install_recorder();
    match handle {
        Ok(handle) => Ok(INSTALLED.get_or_init(|| handle).clone()),
        // Somebody was faster, at the same time.
        Err(error) => INSTALLED.get().cloned().ok_or(error),
    }
}
