//! Where one frame ends and the next begins, without a look into them.

/// A frame's first byte: the message ends with it.
const LAST: u8 = 0x80;
/// A frame's first byte: it is no part of a message, but stands between the parts of one.
const CONTROL: u8 = 0x08;
/// A frame's second byte: four bytes of a mask stand before the payload.
const MASKED: u8 = 0x80;
/// Bytes of the longest message in the smallest fragments: one, behind a header of six.
const BYTES_PER_BYTE: u64 = 8;

/// More than one message may have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// What some bytes have brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// With one of them nothing was unfinished, if only for a moment.
    pub(super) finished: bool,
    /// After them something is.
    pub(super) unfinished: bool,
}

/// Follows a client's frames by their headers.
pub(super) struct Frames {
    longest: u64,
    header: [u8; 14],
    /// Bytes of a header that have come; of one that is complete, none.
    have: usize,
    /// Bytes of a frame's payload that are to come.
    rest: u64,
    /// Bytes that a message's frames hold, as far as they were announced.
    announced: u64,
    /// Bytes that came since nothing was unfinished.
    came: u64,
    /// A message has begun whose last frame has not.
    open: bool,
}

impl Frames {
    pub(super) fn new(longest: usize) -> Self {
        let longest = u64::try_from(longest).unwrap_or(u64::MAX);
        Self { longest, header: [0; 14], have: 0, rest: 0, announced: 0, came: 0, open: false }
    }

    /// Takes the next bytes, or says that a message is too long, as soon as it says so itself.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<Progress, TooLong> {
        let mut finished = false;
        while let [first, behind @ ..] = bytes {
            if self.rest > 0 {
                let length = usize::try_from(self.rest).unwrap_or(usize::MAX).min(bytes.len());
                bytes = &bytes[length..];
                self.rest -= length as u64;
                self.came += length as u64;
            } else {
                self.header[self.have] = *first;
                self.have += 1;
                self.came += 1;
                bytes = behind;
                if self.have == header_length(&self.header, self.have) {
                    self.begin()?;
                }
            }
            if self.is_between() {
                finished = true;
                (self.announced, self.came) = (0, 0);
            } else if self.came > self.longest.saturating_mul(BYTES_PER_BYTE) {
                return Err(TooLong);
            }
        }
        Ok(Progress { finished, unfinished: !self.is_between() })
    }

    /// A header is complete.
    fn begin(&mut self) -> Result<(), TooLong> {
        self.have = 0;
        self.rest = payload_length(&self.header);
        if self.header[0] & CONTROL == 0 {
            self.open = self.header[0] & LAST == 0;
            self.announced = self.announced.saturating_add(self.rest);
        }
        if self.announced.max(self.rest) > self.longest { Err(TooLong) } else { Ok(()) }
    }

    fn is_between(&self) -> bool {
        self.have == 0 && self.rest == 0 && !self.open
    }
}

/// How long a header is, as far as the part of it tells that has come.
fn header_length(header: &[u8; 14], have: usize) -> usize {
    if have < 2 {
        return 2;
    }
    let length = match header[1] & !MASKED {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    if header[1] & MASKED == 0 { length } else { length + 4 }
}

fn payload_length(header: &[u8; 14]) -> u64 {
    let big_endian = |bytes: &[u8]| bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
    match header[1] & !MASKED {
        126 => big_endian(&header[2..4]),
        127 => big_endian(&header[2..10]),
        short => u64::from(short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of payloads as clients send them.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match length {
            0..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
            126..65_536 => {
                bytes.push(0x80 | 126);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes.extend(std::iter::repeat_n(b'x', length));
        bytes
    }

    const TEXT: u8 = 0x81;
    const FIRST: u8 = 0x01;
    const NEXT: u8 = 0x00;
    const END: u8 = 0x80;
    const PING: u8 = 0x89;

    #[test]
    fn only_behind_the_last_byte_of_a_message_nothing_is_unfinished() {
        for length in [0, 1, 125, 126, 8_192, 65_535, 65_536] {
            for message in [vec![frame(TEXT, length)], vec![frame(FIRST, length), frame(PING, 9), frame(END, 0)]] {
                let bytes = message.concat();
                let mut frames = Frames::new(65_536);

                for (n, byte) in bytes.iter().enumerate() {
                    let last = n + 1 == bytes.len();
                    let progress = frames.take(std::slice::from_ref(byte));
                    assert_eq!(progress, Ok(Progress { finished: last, unfinished: !last }), "{length}, byte {n}");
                }
            }
        }
    }

    #[test]
    fn bytes_may_come_in_any_pieces() {
        let bytes = [frame(TEXT, 300), frame(PING, 4), frame(FIRST, 3), frame(NEXT, 200), frame(END, 1)].concat();
        for piece in 1..bytes.len() {
            let mut frames = Frames::new(8_192);

            let taken: Vec<_> = bytes.chunks(piece).map(|bytes| frames.take(bytes)).collect();

            assert_eq!(taken.last(), Some(&Ok(Progress { finished: true, unfinished: false })), "pieces of {piece}");
        }
    }

    #[test]
    fn the_end_of_one_message_and_the_beginning_of_the_next_may_come_together() {
        let bytes = [frame(TEXT, 3), frame(TEXT, 3)[..2].to_vec()].concat();

        assert_eq!(Frames::new(10).take(&bytes), Ok(Progress { finished: true, unfinished: true }));
    }

    #[test]
    fn a_message_that_is_too_long_is_known_by_its_header() {
        let header = |bytes: Vec<u8>| bytes[..bytes.len().min(14)].to_vec();
        for (bytes, fits) in [
            (frame(TEXT, 8_192), true),
            (header(frame(TEXT, 8_193)), false),
            (header(frame(TEXT, 70_000)), false),
            ([frame(FIRST, 8_000), frame(END, 192)].concat(), true),
            ([frame(FIRST, 8_000), frame(NEXT, 193)[..8].to_vec()].concat(), false),
            (vec![0x81, 0xff, 0xff, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4], false),
            (frame(FIRST, 1).into_iter().chain(frame(NEXT, 1).repeat(8_191)).collect(), true),
            (frame(FIRST, 1).into_iter().chain(frame(NEXT, 0).repeat(11_000)).collect(), false),
            (frame(TEXT, 8_192).repeat(100), true),
        ] {
            assert_eq!(Frames::new(8_192).take(&bytes).is_ok(), fits, "{:?}", &bytes[..8]);
        }
    }
}
