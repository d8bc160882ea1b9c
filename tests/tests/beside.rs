//! A mall, the desk beside it and the nginx before both, with the rules that docs/nginx gives to operators: customer
//! service moves over with its history, goes on, goes back, and comes again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "beside/address.rs"]
mod address;
#[path = "beside/back_and_forth.rs"]
mod back_and_forth;
#[path = "beside/desk.rs"]
mod desk;
#[path = "beside/document.rs"]
mod document;
#[path = "beside/moving.rs"]
mod moving;
#[path = "beside/page.rs"]
mod page;
#[path = "beside/proxy.rs"]
mod proxy;
#[path = "beside/signed_in.rs"]
mod signed_in;
#[path = "beside/street.rs"]
mod street;
