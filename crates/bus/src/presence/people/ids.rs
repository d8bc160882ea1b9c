//! The members, or the admins, of one scope.

/// Some by name, in order and each once; and how many others there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ids {
    named: Vec<i64>,
    pub(super) unnamed: usize,
}

impl Ids {
    /// All of them by name.
    pub(super) fn of(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self { named: ids, unnamed: 0 }
    }

    /// `None` where the names are not in order: a search would miss somebody.
    pub(super) fn in_order(named: Vec<i64>, unnamed: usize) -> Option<Self> {
        named.is_sorted_by(|before, after| before < after).then_some(Self { named, unnamed })
    }

    pub(super) fn named(&self) -> &[i64] {
        &self.named
    }

    pub(super) fn has(&self, id: i64) -> bool {
        self.named.binary_search(&id).is_ok()
    }

    /// Keeps so many names.
    pub(super) fn shorten(&mut self, most: usize) {
        self.unnamed += self.named.len().saturating_sub(most);
        self.named.truncate(most);
        self.named.shrink_to_fit();
    }
}
