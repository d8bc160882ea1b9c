//! The store in memory keeps the promises of every store.

use kefu_domain::memory::MemoryStore;

kefu_domain::store_contract!(MemoryStore::new());
