//! Who is connected to this process, and getting frames to them.
//!
//! A [`Hub`] knows every socket that sits down with [`Hub::join`], and nothing about sockets: whoever owns one
//! keeps the [`Seat`], takes frames out of the [`Inbox`] and writes them. The hub is the domain's
//! [`Announcer`](kefu_domain::Announcer), which turns events into frames, its
//! [`Presence`](kefu_domain::Presence) of this process, and a [`WebSocketSender`] for frames of the host's own. A socket
//! is spoken to in one of two [dialects](Dialect): the mall's, and [`v2`].
//!
//! It promises that it never blocks and never waits for a socket, that one that is slow, dead or panicking costs
//! the others nothing, that frames reach a socket in the order of the calls, that in the mall's dialect no message
//! reaches a socket twice, and that it forgets a socket the moment its seat is dropped. A frame is encoded once for
//! each dialect, in [`v2`] once for each side, and its bytes are shared by everybody who hears it. Only those hear it
//! who are entitled to: same tenant, same shop, and at the desk the permission.
//!
//! It does not promise delivery; the queue of a socket has an end. Those who speak [`v2`] know what they miss and can
//! ask for it: with 1,024 frames waiting all of them are dropped, the socket is told that it is *lagging*, and is given
//! what happens from there on. Typing goes first, when a quarter of that waits. The mall's pages never acknowledge and
//! never ask again, so for them:
//!
//! * a socket that did not ping for 15 s is *held*: it is given nothing until its next ping, and of what happens
//!   meanwhile it keeps the newest 50 frames. A leaked socket never pings, and gets nothing;
//! * a socket with 1,024 frames waiting is *lagging*: it keeps the newest 50, until it has taken them all;
//! * what no socket of a token [accepted](Parcel::accepted) is *replayed* to the next one that comes with it, after a
//!   second and a half in which the page may [list](Hub::listed) it by itself: in order, the newest 50, none older than
//!   ten minutes. What is newer in such a conversation waits behind it, and is left out where the page lists it
//!   meanwhile. Who has been away for longer, or comes with another token, or was here when this process did not run,
//!   is replayed nothing: a message that is missing is found on the next page load, one that is doubled stays doubled.
//!
//! What falls out is in the database; a client finds it there over HTTP. What was taken back or deleted while it
//! waited is not shown any longer.
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
//! | `kefu_push_lagged_total` | counter | times that a socket became too slow for its queue, of either dialect |
//! | `kefu_push_replayed_total` | counter | frames that were replayed to a page that came back |
//! | `kefu_sockets{user_type,dialect}` | gauge | seats taken, by `member`, `admin` and `system`, and by `mall` and `v2` |
//! | `kefu_push_queue_high_water` | gauge | the longest that any queue has been since the start |

mod announce;
mod audience;
mod escape;
mod generations;
mod guest;
mod hub;
mod line;
mod mall;
mod meter;
mod parcel;
mod pigeonhole;
mod pigeonholes;
mod presence;
mod seat;
mod seats;
mod seen;
mod sender;
mod settings;
pub mod v2;

/// Text as it goes out: a `str` that is shared and not copied.
pub use bytestring::ByteString;
pub use escape::legacy_escape;
pub use guest::{Credential, Dialect, Guest};
pub use hub::{Hub, Online};
pub use line::Ending;
pub use mall::{DESK_HAS_READ, MallId, MallMessage, POSTED, mall_frame};
pub use parcel::Parcel;
pub use seat::{Inbox, Seat};
pub use sender::{SendObject, WebSocketSender};
pub use settings::Settings;
