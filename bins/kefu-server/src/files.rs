//! How many files this process may have open; a socket is one of them.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as this process may raise it itself, and says what it is then.
///
/// The lower of the two limits is usually 1,024, for programs of the last century that would break above; the higher
/// one is the operator's.
#[must_use]
pub fn allowed() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    usize::try_from(if raised { hard } else { soft }).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_raised_is_raised() {
        let allowed = allowed();

        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!((soft, allowed as u64), (hard, hard));
    }
}
