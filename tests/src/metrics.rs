//! The server's metrics, as Prometheus would read them.

/// One reading of `/metrics`.
#[derive(Debug, Clone)]
pub struct Metrics(pub(crate) String);

impl Metrics {
    /// The sum of a metric over all its labels; 0 where it does not occur.
    #[must_use]
    pub fn sum(&self, name: &str) -> f64 {
        let values = self.0.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            // Another metric may have a longer name.
            let value = match rest.strip_prefix('{') {
                Some(labels) => labels.split_once('}')?.1,
                None => rest.starts_with(' ').then_some(rest)?,
            };
            value.split_whitespace().next()?.parse::<f64>().ok()
        });
        values.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_no_longer_name_is_taken_for_it() {
        let metrics = Metrics("# TYPE a counter\na{lane=\"0\"} 1\na{lane=\"1\"} 2.5\na_count 40\nb 7\n".into());

        assert!((metrics.sum("a") - 3.5).abs() < f64::EPSILON);
        assert!((metrics.sum("b") - 7.0).abs() < f64::EPSILON);
        assert!(metrics.sum("c").abs() < f64::EPSILON);
    }
}
