//! Who is connected to this process, and getting frames to them.
//!
//! A [`Hub`] knows every socket that sits down with [`Hub::join`], and nothing about sockets: whoever owns one
//! keeps the [`Seat`], takes frames out of the [`Inbox`] and writes them. The hub is the domain's
//! [`Announcer`](kefu_domain::Announcer), which turns events into the mall's frames, and a [`WebSocketSender`]
//! for frames of the host's own.
//!
//! It promises that it never blocks and never waits for a socket, that one that is slow, dead or panicking costs
//! the others nothing, that frames reach a socket in the order of the calls, that no message reaches a socket
//! twice, and that it forgets a socket the moment its seat is dropped. A frame is encoded once and its bytes are
//! shared by everybody who hears it. Only those hear it who are entitled to: same tenant, same shop, and at the
//! desk the permission.
//!
//! It does not promise delivery. The mall's clients never acknowledge, so the queue of a socket has an end:
//!
//! * a socket that did not ping for 15 s is *held*: it is given nothing until its next ping, and of what happens
//!   meanwhile it keeps the newest 50 frames. A leaked socket never pings, and gets nothing;
//! * a socket with 1,024 frames waiting is *lagging*: it keeps the newest 50, until it has taken them all.
//!
//! What falls out is in the database; a client finds it there over HTTP.
//!
//! It refuses to know how a frame gets onto a wire, who somebody is, whether a token is still good, and what a
//! conversation's rules are. It stores nothing, and logs no text, token or nickname.
//!
//! ```
//! use kefu_domain::{MemberId, Party, Recipient, Scope, TenantId};
//! use kefu_push::{Guest, Hub, WebSocketSender};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let hub = Hub::new();
//! let (shop, alice) = (Scope::platform(TenantId(1)), MemberId(101));
//! let (seat, mut inbox) = hub.join(Guest::new(shop, Party::Member(alice)));
//!
//! let heard = hub.send(&Recipient::Member(shop, alice), "notice-push", r#"{"title":"sale"}"#);
//!
//! assert_eq!(heard, 1);
//! let parcel = inbox.next().await.unwrap();
//! assert_eq!(parcel.text, r#"{"type":"notice-push","content":"{\"title\":\"sale\"}"}"#);
//! # drop(seat);
//! # }
//! ```
//!
//! # Metrics
//!
//! Recorded through the `metrics` facade; the host installs the recorder.
//!
//! | name | kind | meaning |
//! |---|---|---|
//! | `kefu_push_frames_total` | counter | frames that were put into a socket's queue |
//! | `kefu_push_dropped_total{reason}` | counter | frames that fell out of one again: `held`, `lagging`, or `closed` with the socket |
//! | `kefu_sockets{user_type}` | gauge | seats taken, by `member`, `admin` and `system` |
//! | `kefu_push_queue_high_water` | gauge | the longest that any queue has been since the start |

mod announce;
mod escape;
mod hub;
mod line;
mod mall;
mod meter;
mod seat;
mod seats;
mod seen;
mod sender;

/// Text as it goes out: a `str` that is shared and not copied.
pub use bytestring::ByteString;
pub use escape::legacy_escape;
pub use hub::{Credential, Guest, Hub, Online, Settings};
pub use line::Parcel;
pub use mall::{MallId, MallMessage};
pub use seat::{Inbox, Seat};
pub use sender::{SendObject, WebSocketSender};
