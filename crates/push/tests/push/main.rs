//! What a hub promises, seen from outside.

#[cfg(test)]
mod common;
#[cfg(test)]
mod escaping;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod hearing;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod meters;
#[cfg(test)]
mod shops;
#[cfg(test)]
mod storms;
#[cfg(test)]
mod waiting;
