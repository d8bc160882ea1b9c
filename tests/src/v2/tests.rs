//! The client against its rules, and against a small server that keeps them and spoils the way.

mod house;
mod model;
mod rules;
mod scenes;
