//! What a hub promises, seen from outside.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod catching_up;
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
mod lagging;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod meters;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod replay_bounds;
#[cfg(test)]
mod shops;
#[cfg(test)]
mod storms;
#[cfg(test)]
mod understanding;
#[cfg(test)]
mod v2_frames;
#[cfg(test)]
mod v2_hearing;
#[cfg(test)]
mod waiting;
