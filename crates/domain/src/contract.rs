//! What every store promises, one test per promise; the store in memory and both databases keep the same ones.
//!
//! A promise sees nothing but the ports. It cannot set a clock or look into tables, so what it says about time it
//! says about whatever time the database has. Each promise gets a store of its own, made by the expression that
//! [`store_contract!`](crate::store_contract) is given and dropped at its end:
//!
//! ```
//! # mod promises {
//! use kefu_domain::memory::MemoryStore;
//!
//! kefu_domain::store_contract!(MemoryStore::new());
//! # }
//! ```
//!
//! Two stores share a file under names of their own: `store_contract!(mariadb, fresh_mariadb());`.

mod changes;
mod conversations;
mod fates;
mod list;
mod locks;
mod messages;
mod pages;
mod reading;
mod schedule;
mod sloppy;
mod tools;

pub use changes::*;
pub use conversations::*;
pub use fates::*;
pub use list::*;
pub use locks::*;
pub use messages::*;
pub use pages::*;
pub use reading::*;
pub use schedule::*;
pub use sloppy::*;

use crate::memory::MemoryStore;
use crate::{ConversationRepository, MemberId, MessageRepository, Store, TenantId};

/// All three ports of one store.
pub trait WholeStore: Store + ConversationRepository + MessageRepository {}

impl<S: Store + ConversationRepository + MessageRepository> WholeStore for S {}

/// An empty store, and the ways into it that are no business of the ports. Dropping it ends its database.
pub trait Fixture {
    /// The store.
    type Store: WholeStore;

    /// The store.
    fn store(&self) -> &Self::Store;

    /// Makes the store know a member's name, as a sign-in would.
    fn remember_nickname(&self, tenant: TenantId, member: MemberId, nickname: &str);
}

impl Fixture for MemoryStore {
    type Store = Self;

    fn store(&self) -> &Self {
        self
    }

    fn remember_nickname(&self, tenant: TenantId, member: MemberId, nickname: &str) {
        Self::remember_nickname(self, tenant, member, nickname);
    }
}

/// Tests that a store keeps every promise of [`contract`](crate::contract). The expression makes a fresh
/// [`Fixture`](crate::contract::Fixture); a name before it puts the tests into a module of that name.
#[macro_export]
macro_rules! store_contract {
    (@each $fresh:expr; $($promise:ident)+) => {
        $(
            #[test]
            fn $promise() {
                $crate::contract::$promise(&$fresh);
            }
        )+
    };
    ($module:ident, $fresh:expr $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the expression may need nothing from around it")]
            use super::*;

            $crate::store_contract!($fresh);
        }
    };
    ($fresh:expr $(,)?) => {
        $crate::store_contract! { @each $fresh;
            a_fresh_conversation_is_empty
            opening_twice_gives_one_conversation
            eight_callers_at_once_open_one_conversation
            a_conversation_comes_back_as_it_was_saved
            absent_conversations_are_absent
            dropping_a_unit_of_work_undoes_it
            another_tenant_or_shop_finds_nothing

            messages_come_back_byte_for_byte
            a_batch_gets_ascending_ids_in_its_order
            numbers_run_on_across_batches_and_conversations
            an_earlier_message_is_found_by_its_key
            times_come_back_to_the_millisecond_and_strictly_increase
            a_batch_of_a_thousand_messages_is_written_whole

            the_unread_numbers_lie_above_the_cursor_on_both_sides
            a_reader_with_nothing_unread_still_sees_what_the_batch_says
            reading_marks_only_the_other_sides_messages_in_range
            a_message_read_in_its_own_batch_is_read
            counters_come_back

            the_newest_page_is_newest_first
            a_page_by_time_never_ends_inside_a_second
            paging_by_whole_seconds_loses_nothing
            paging_by_number_neither_skips_nor_repeats
            a_page_holds_nothing_of_another_conversation

            what_becomes_of_a_message_comes_back
            a_dropped_unit_of_work_takes_nothing_back
            the_key_of_a_message_that_was_taken_back_is_still_taken
            a_message_is_named_in_its_own_conversation_only
            the_preview_is_the_newest_message_that_the_desk_has_left
            what_is_gone_is_not_loaded_as_unread
            what_is_taken_back_and_read_in_one_batch_is_both
            pages_by_time_leave_out_what_their_reader_has_deleted
            pages_by_number_keep_what_their_reader_has_deleted
            only_what_was_taken_back_or_deleted_is_altered

            what_has_changed_comes_longest_unchanged_first
            paging_what_has_changed_neither_skips_nor_repeats
            heads_are_of_the_window_that_the_databases_clock_ends
            heads_are_of_the_scopes_that_were_asked_for
            heads_of_many_scopes_and_conversations_are_all_there

            the_list_is_pinned_first_then_newest_first
            paging_the_list_neither_skips_nor_repeats
            hidden_and_empty_conversations_are_not_listed
            the_search_by_name_takes_every_character_literally

            a_conversation_is_never_given_to_two_at_once
            a_released_conversation_is_free_again
            one_that_is_held_does_not_make_the_others_absent
            four_threads_of_fifty_sends_number_one_to_two_hundred

            a_thousand_schedules_leave_exactly_the_right_counters
            a_counter_kept_outside_the_lock_is_caught
        }
    };
}
