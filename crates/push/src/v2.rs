//! The dialect `kefu.v2`: one flat JSON object per frame. Every name and value of its envelope is written in this
//! module and nowhere else.
//!
//! Down go messages and what becomes of them, who has read, who is writing, what was missed, and the answers to what
//! came up. Each side is told its own: the desk's unread count, pins and hiding are no business of the member, nor is
//! what the other side has deleted; of that it hears an `update` with the number of the change and nothing else.
//! Nothing is escaped here: whoever shows a text as HTML escapes it.
//!
//! Up comes what [`hear`] understands. Members of a frame that it does not know are ignored, those that it does know
//! must be what they should be.
//!
//! The envelope's `task_id` and `url` are reserved: there is nothing yet that would fill them in.

mod ack;
mod content;
mod envelope;
mod message;
mod news;
mod since;
mod up;

pub use ack::{Refusal, Welcome, done, heartbeat, nothing_to_resume, refused, sent, welcome};
pub use envelope::{Action, spelled};
pub use message::message;
pub(crate) use news::{bye, event, lagging, typing};
pub use since::{Resumed, since};
pub use up::{Auth, Heard, MOST_RESUMED, Misheard, Said, Up, hear};
