//! What is written back of a conversation: everything that can change.

/// Hands the columns to another macro.
macro_rules! written_columns {
    ($macro:ident) => {
        $macro![
            last_message_time,
            last_message_content,
            last_message_content_type,
            admin_pinned,
            user_deleted,
            admin_deleted,
            admin_unread_message_count,
            update_time,
            head_seq,
            change_no,
            member_read_seq,
            admin_read_seq,
            change_time
        ]
    };
}
pub(crate) use written_columns;
