//! The tables, as both databases have them. Names are the mall's where the table is the mall's.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use crate::stored::Moment;

    /// The mall's conversations.
    promotion_kefu_conversation (id) {
        id -> BigInt,
        user_id -> BigInt,
        last_message_time -> Moment,
        last_message_content -> Text,
        last_message_content_type -> Integer,
        admin_pinned -> Bool,
        user_deleted -> Bool,
        admin_deleted -> Bool,
        admin_unread_message_count -> Integer,
        creator -> Nullable<Text>,
        create_time -> Moment,
        updater -> Nullable<Text>,
        update_time -> Moment,
        deleted -> Bool,
        tenant_id -> BigInt,
        shop_id -> BigInt,
        head_seq -> BigInt,
        change_no -> BigInt,
        member_read_seq -> BigInt,
        admin_read_seq -> BigInt,
        change_time -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
    use crate::stored::Moment;

    /// The mall's messages.
    promotion_kefu_message (id) {
        id -> BigInt,
        conversation_id -> BigInt,
        sender_id -> BigInt,
        sender_type -> Integer,
        receiver_id -> Nullable<BigInt>,
        receiver_type -> Nullable<Integer>,
        content_type -> Integer,
        content -> Text,
        read_status -> Bool,
        creator -> Nullable<Text>,
        create_time -> Moment,
        updater -> Nullable<Text>,
        update_time -> Moment,
        deleted -> Bool,
        tenant_id -> BigInt,
        seq -> Nullable<BigInt>,
        change_no -> Nullable<BigInt>,
        client_msg_id -> Nullable<Text>,
        fingerprint -> Nullable<Binary>,
        quote_id -> Nullable<BigInt>,
        quote_seq -> Nullable<BigInt>,
        revoked_time -> Nullable<Moment>,
        member_deleted -> Bool,
        admin_deleted -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    /// What the database says about itself.
    kefu_meta (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::stored::Moment;

    /// Tenants.
    kefu_tenant (id) {
        id -> BigInt,
        name -> Text,
        status -> Integer,
        expire_time -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};

    /// Accounts of agents.
    kefu_account (id) {
        id -> BigInt,
        tenant_id -> BigInt,
        username -> Text,
        password_hash -> Text,
        nickname -> Text,
        avatar -> Nullable<Text>,
        roles -> Text,
        status -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable};

    /// Tokens of accounts.
    kefu_token (hash) {
        hash -> Binary,
        kind -> Integer,
        refresh_hash -> Binary,
        account_id -> BigInt,
        user_type -> Integer,
        tenant_id -> BigInt,
        expires_ms -> BigInt,
        revoked_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};

    /// How people who were seen are called.
    kefu_profile (tenant_id, user_type, user_id) {
        tenant_id -> BigInt,
        user_type -> Integer,
        user_id -> BigInt,
        nickname -> Nullable<Text>,
        avatar -> Nullable<Text>,
        updated_ms -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    /// Uploaded files.
    kefu_file (name) {
        name -> Text,
        tenant_id -> BigInt,
        shop_id -> BigInt,
        uploader -> Text,
        conversation_id -> Nullable<BigInt>,
        kind -> Text,
        bytes -> BigInt,
        created_ms -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};

    /// Shops, besides the platform.
    kefu_shop (tenant_id, id) {
        tenant_id -> BigInt,
        id -> BigInt,
        name -> Text,
        status -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool};

    /// Who serves which shop.
    kefu_shop_grant (tenant_id, admin_id, shop_id) {
        tenant_id -> BigInt,
        admin_id -> BigInt,
        shop_id -> BigInt,
        active -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};

    /// Ids of those who have no number of their own.
    kefu_identity (id) {
        id -> BigInt,
        tenant_id -> BigInt,
        user_type -> Integer,
        issuer -> Text,
        subject -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Text};

    /// Keys of the malls' own servers.
    kefu_api_key (hash) {
        hash -> Binary,
        tenant_id -> BigInt,
        name -> Text,
        created_ms -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Text};

    /// Tickets that open a socket.
    kefu_ticket (hash) {
        hash -> Binary,
        tenant_id -> BigInt,
        bearer -> Text,
        expires_ms -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(promotion_kefu_conversation, kefu_profile);
