//! The habits on a clock that is handed in, and the players against a small fake of the mall's server.

mod fake;
mod habits;
mod players;
