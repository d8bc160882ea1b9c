//! Shops over the running server: a member at two of them, agents who serve one, several or none, and that nothing of
//! one shop is met at another.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod asking;

#[path = "shops/closing.rs"]
mod closing;
#[path = "shops/commands.rs"]
mod commands;
#[path = "shops/files.rs"]
mod files;
#[path = "shops/grants.rs"]
mod grants;
#[path = "shops/isolation.rs"]
mod isolation;
#[path = "shops/keeping.rs"]
mod keeping;
#[path = "shops/members.rs"]
mod members;
#[path = "shops/people.rs"]
mod people;
#[path = "shops/several.rs"]
mod several;

/// Two shops of tenant 1.
pub(crate) const A: i64 = 5;
pub(crate) const B: i64 = 6;
/// A number that no shop has.
pub(crate) const NOWHERE: i64 = 99;

pub(crate) const UNKNOWN: &str = "店铺不存在，请检查 shopId";
pub(crate) const CLOSED: &str = "店铺已关闭，不再接收消息";
