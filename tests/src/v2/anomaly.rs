//! What a server that keeps its promises never does to a client.

/// Something that must not have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anomaly {
    /// The next change is a message, and its number is not the next one.
    NumberOutOfStep {
        /// Where.
        conversation: i64,
        /// The number that was the next one.
        expected: i64,
        /// The number that came.
        came: i64,
    },
    /// The messages of a resuming do not continue what the client said it has, or one another.
    GapInResume {
        /// Where.
        conversation: i64,
        /// The number that was the next one.
        expected: i64,
        /// The number that came.
        came: i64,
    },
    /// A resuming that does not start over ends before the change that the client has.
    ChangeWentBack {
        /// Where.
        conversation: i64,
        /// What the client has.
        had: i64,
        /// What came.
        came: i64,
    },
    /// A resuming ends with another number of messages than it says there are.
    ShortOfHead {
        /// Where.
        conversation: i64,
        /// The head that it names.
        head: i64,
        /// How far its messages go.
        reached: i64,
    },
    /// A number is another message than before.
    TwoAtOneNumber {
        /// Where.
        conversation: i64,
        /// Which number.
        seq: i64,
        /// The message that the client has there, and the one that came.
        ids: (i64, i64),
    },
    /// A read mark went back.
    ReadWentBack {
        /// Where.
        conversation: i64,
        /// Whose, and from where to where.
        mark: (&'static str, i64, i64),
    },
    /// Two answers to the same key disagree.
    AcksDisagree {
        /// The key.
        key: String,
    },
    /// A frame that is none, or that lacks what its kind must have.
    Malformed(String),
}
