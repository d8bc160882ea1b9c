//! The rows of a house, written by the database itself: what ten thousand or a million sendings would have left.
//!
//! The messages lie as time has laid them down: one of every conversation, in an order that jumps about, then the next
//! of each. So a conversation's messages are as far apart as there are conversations, and so are the lines of the
//! list, in the small house and in the large one. All ids and times have equally many digits in both, and so the
//! answers equally many bytes.

use kefu_tests::{Books, nickname, text};

/// Messages of a conversation.
pub(crate) const EACH: i64 = 10;
/// Conversations at the top of the list, all of them with unread messages.
pub(crate) const PINNED: i64 = 10;
/// Who wrote the desk's messages.
pub(crate) const AGENT: i64 = 7;

const FIRST_MEMBER: i64 = 1_000_000;
const FIRST_CONVERSATION: i64 = 2_000_000;
const FIRST_MESSAGE: i64 = 10_000_000;
/// Of so many conversations one has messages that the desk has not read, its last two.
const UNREAD_OF: i64 = 5;
/// From one conversation to that of the next message; prime to every number of conversations.
const STRIDE: i64 = 38_197;
/// The second before the first message, at the beginning of 2026.
const BEGIN: i64 = 1_767_225_600;

/// How many of what there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) conversations: i64,
}

/// What no reading changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sums([i64; 4]);

impl Size {
    pub(crate) fn messages(self) -> i64 {
        self.conversations * EACH
    }

    /// Some conversation that the desk has read to its end, and its member.
    pub(crate) fn any_read(self, draw: impl FnOnce(u64) -> u64) -> (i64, i64) {
        let groups = u64::try_from(self.conversations / UNREAD_OF).expect("a small number");
        let within = u64::try_from(UNREAD_OF - 1).expect("a small number");
        let drawn = i64::try_from(draw(groups * within)).expect("a small number");
        let number = drawn / (UNREAD_OF - 1) * UNREAD_OF + 1 + drawn % (UNREAD_OF - 1);
        (FIRST_CONVERSATION + number, FIRST_MEMBER + number)
    }

    /// Fills empty tables.
    pub(crate) fn fill(self, books: &Books, is_mariadb: bool) {
        let words = if is_mariadb { &MARIADB } else { &SQLITE };
        let statements = (1..=EACH).map(|seq| self.messages_of(words, seq));
        let statements: Vec<_> = statements.chain([self.conversations_of(words), self.profiles_of(words)]).collect();
        books.run(&format!("{}{}{}", words.before, statements.concat(), words.after));
    }

    /// The rows must count as they should.
    pub(crate) fn check(self, books: &Books) -> Sums {
        let sum = |what: &str| {
            books.number(&format!(
                "SELECT CAST(SUM({what}) AS SIGNED) AS number FROM promotion_kefu_conversation WHERE admin_deleted = 0"
            ))
        };
        assert_eq!(books.count("promotion_kefu_message"), self.messages(), "messages");
        assert_eq!(books.count("promotion_kefu_conversation"), self.conversations, "conversations");
        Sums(["head_seq", "change_no", "admin_read_seq", "admin_unread_message_count"].map(sum))
    }

    /// The `seq`th message of every conversation: the member asks, the desk answers.
    fn messages_of(self, words: &Words, seq: i64) -> String {
        let (conversations, from) = (self.conversations, FIRST_MESSAGE + (seq - 1) * self.conversations);
        let by_member = format!("({seq} % 2 = 1 OR ({seq} = {EACH} AND n % {UNREAD_OF} = 0))");
        let (text, time) = (text(""), words.time(&format!("{BEGIN} + id - {FIRST_MESSAGE}")));
        let (random_hex, random_bytes) = (words.random_hex, words.random_bytes);
        format!(
            "INSERT INTO promotion_kefu_message
                 (id, conversation_id, sender_id, sender_type, receiver_id, receiver_type, content_type, content,
                  read_status, creator, create_time, updater, update_time, tenant_id, seq, change_no, client_msg_id,
                  fingerprint)
             SELECT id, {FIRST_CONVERSATION} + n, who, CASE WHEN who = {AGENT} THEN 2 ELSE 1 END,
                 CASE WHEN who = {AGENT} THEN {FIRST_MEMBER} + n END, CASE WHEN who = {AGENT} THEN 1 END, 1,
                 CONCAT('{{\"text\":\"{text}', id, '\"}}'), NOT (n % {UNREAD_OF} = 0 AND {seq} > {EACH} - 2), who, {time}, who,
                 {time}, 1, {seq}, {seq}, {random_hex}, {random_bytes}
             FROM (SELECT id, n, CASE WHEN {by_member} THEN {FIRST_MEMBER} + n ELSE {AGENT} END AS who
                   FROM (SELECT {from} + seq AS id, seq * {STRIDE} % {conversations} AS n FROM {numbers}) AS placed)
                 AS written
             ORDER BY id;",
            numbers = words.numbers(conversations),
        )
    }

    /// The conversations as their messages have left them, each side having read once.
    fn conversations_of(self, words: &Words) -> String {
        let conversations = self.conversations;
        let (text, time) = (text(""), words.time(&format!("{BEGIN} + last - {FIRST_MESSAGE}")));
        let created = words.time(&format!("{BEGIN} + last - {FIRST_MESSAGE} - ({EACH} - 1) * {conversations}"));
        format!(
            "INSERT INTO promotion_kefu_conversation
                 (id, user_id, last_message_time, last_message_content, last_message_content_type, admin_pinned,
                  admin_unread_message_count, creator, create_time, updater, update_time, tenant_id, head_seq,
                  change_no, member_read_seq, admin_read_seq, change_time)
             SELECT {FIRST_CONVERSATION} + n, {FIRST_MEMBER} + n, {time}, CONCAT('{{\"text\":\"{text}', last, '\"}}'), 1,
                 n % {UNREAD_OF} = 0 AND n < {PINNED} * {UNREAD_OF}, CASE WHEN n % {UNREAD_OF} = 0 THEN 2 ELSE 0 END, '', {created}, '', {time}, 1, {EACH},
                 {EACH} + 2, {EACH}, CASE WHEN n % {UNREAD_OF} = 0 THEN {EACH} - 2 ELSE {EACH} END, {time}
             FROM (SELECT {FIRST_MESSAGE} + ({EACH} - 1) * {conversations} + seq AS last,
                       seq * {STRIDE} % {conversations} AS n FROM {numbers}) AS ended
             ORDER BY n;",
            numbers = words.numbers(conversations),
        )
    }

    /// The members' names and pictures, as their tokens say them.
    fn profiles_of(self, words: &Words) -> String {
        let nickname = nickname(FIRST_MEMBER).replace(&FIRST_MEMBER.to_string(), "");
        format!(
            "INSERT INTO kefu_profile (tenant_id, user_type, user_id, nickname, avatar, updated_ms)
             SELECT 1, 1, {FIRST_MEMBER} + seq, CONCAT('{nickname}', {FIRST_MEMBER} + seq),
                 CONCAT('https://mall.example/', {FIRST_MEMBER} + seq, '.png'), {BEGIN} * 1000
             FROM {numbers};",
            numbers = words.numbers(self.conversations),
        )
    }
}

/// What the two databases say differently.
struct Words {
    before: &'static str,
    after: &'static str,
    random_hex: &'static str,
    random_bytes: &'static str,
    is_mariadb: bool,
}

// The pages are on the disk before anything is measured, or their writing would be measured too.
const MARIADB: Words = Words {
    before: "",
    after: "FLUSH TABLES promotion_kefu_conversation, promotion_kefu_message, kefu_profile FOR EXPORT;
            UNLOCK TABLES;
            ANALYZE TABLE promotion_kefu_conversation, promotion_kefu_message, kefu_profile",
    random_hex: "MD5(id)",
    random_bytes: "UNHEX(MD5(-id))",
    is_mariadb: true,
};
const SQLITE: Words = Words {
    before: "PRAGMA synchronous = OFF; PRAGMA cache_size = -1048576; BEGIN;",
    after: "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)",
    random_hex: "lower(hex(randomblob(16)))",
    random_bytes: "randomblob(16)",
    is_mariadb: false,
};

impl Words {
    /// A table with the numbers below a bound in its column `seq`.
    fn numbers(&self, bound: i64) -> String {
        let last = bound - 1;
        if self.is_mariadb {
            format!("seq_0_to_{last} AS numbers")
        } else {
            format!(
                "(WITH RECURSIVE numbers (seq) AS (SELECT 0 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < {last})
                  SELECT seq FROM numbers) AS numbers"
            )
        }
    }

    /// A time as rows keep it, of seconds of the epoch.
    fn time(&self, seconds: &str) -> String {
        if self.is_mariadb { format!("FROM_UNIXTIME({seconds})") } else { format!("(({seconds}) * 1000)") }
    }
}
