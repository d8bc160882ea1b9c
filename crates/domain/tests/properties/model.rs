//! The naive idea of a conversation: a list of what was said, how far each side has read, and what is gone.

use kefu_domain::{Message, MessageId, Refusal, Side, Timestamp};

/// What the model is asked; few keys and few contents, so that retries and reused keys are common.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Something new, or a retry; perhaps referring to the message of a number.
    Says { side: Side, key: u8, content: u8, quote: Option<i64> },
    /// Has read up to a number.
    Reads { side: Side, seq: i64 },
    /// Takes back the message of a number, if it is no older than this many milliseconds.
    Revokes { side: Side, seq: i64, within: i64 },
    /// Deletes the message of a number.
    Deletes { side: Side, seq: i64 },
    /// Pins or unpins.
    Pins(bool),
    /// Hides.
    Hides,
    /// The clock jumps, backwards too.
    Clock(i64),
}

/// What was said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saying {
    pub(crate) by: Side,
    pub(crate) key: u8,
    pub(crate) content: u8,
    pub(crate) quote: Option<i64>,
    pub(crate) revoked: bool,
    pub(crate) deleted: [bool; 2],
}

impl Saying {
    pub(crate) fn awaits(&self, reader: Side) -> bool {
        self.by != reader && !self.revoked && !self.deleted[reader as usize]
    }
}

/// A conversation.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) said: Vec<Saying>,
    pub(crate) read: [usize; 2],
    pub(crate) changes: i64,
    pub(crate) pinned: bool,
    pub(crate) hidden: bool,
}

/// What a batch finds: only what is stored has an id and can be named.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) stored: Vec<Message>,
    pub(crate) now: Timestamp,
}

impl Found {
    /// The id of the message of a number; of one that is not stored, an id that nobody has.
    pub(crate) fn id_of(&self, seq: i64) -> MessageId {
        self.message(seq).map_or(MessageId(1_000_000 + seq), |message| message.id)
    }

    fn message(&self, seq: i64) -> Option<&Message> {
        self.stored.iter().find(|message| message.seq == seq)
    }
}

impl Model {
    /// Does a step, or says why not.
    pub(crate) fn take(&mut self, step: &Step, found: &Found) -> Result<(), Refusal> {
        match *step {
            Step::Says { side, key, content, quote } => {
                if let Some(before) = self.said.iter().find(|said| (said.by, said.key) == (side, key)) {
                    return if before.content == content { Ok(()) } else { Err(Refusal::KeyReused) };
                }
                if let Some(quoted) = quote {
                    self.of_stored(quoted, side, found)?;
                }
                self.said.push(Saying { by: side, key, content, quote, revoked: false, deleted: [false; 2] });
                self.hidden = false;
                self.changes += 1;
            }
            Step::Reads { side, seq } => {
                let upto = usize::try_from(seq.max(0)).unwrap().min(self.said.len());
                let from = self.read[side as usize];
                if upto > from {
                    self.read[side as usize] = upto;
                    self.changes += i64::from(self.said[from..upto].iter().any(|said| said.awaits(side)));
                }
            }
            Step::Revokes { side, seq, within } => {
                let message = self.of_stored(seq, side, found)?;
                let (id, age) = (message.id, found.now.0 - message.time.0);
                let said = &mut self.said[place(seq)];
                if said.by != side {
                    return Err(Refusal::NotTheirs(id));
                }
                if !said.revoked {
                    if age > within {
                        return Err(Refusal::TooLate(within));
                    }
                    said.revoked = true;
                    said.quote = None;
                    self.changes += 1;
                }
            }
            Step::Deletes { side, seq } => {
                found.message(seq).ok_or(Refusal::NoSuchMessage(found.id_of(seq)))?;
                let deleted = &mut self.said[place(seq)].deleted[side as usize];
                self.changes += i64::from(!*deleted);
                *deleted = true;
            }
            Step::Pins(pinned) => {
                self.changes += i64::from(self.pinned != pinned);
                self.pinned = pinned;
            }
            Step::Hides => {
                self.changes += i64::from(!self.hidden);
                self.hidden = true;
            }
            Step::Clock(_) => {}
        }
        Ok(())
    }

    /// The stored message of a number, if that side still has it.
    fn of_stored<'a>(&self, seq: i64, side: Side, found: &'a Found) -> Result<&'a Message, Refusal> {
        let message = found.message(seq).filter(|_| !self.said[place(seq)].deleted[side as usize]);
        message.ok_or(Refusal::NoSuchMessage(found.id_of(seq)))
    }

    pub(crate) fn unread_by_the_desk(&self) -> usize {
        self.said[self.read[Side::Desk as usize]..].iter().filter(|said| said.awaits(Side::Desk)).count()
    }

    /// The newest that the desk has not deleted.
    pub(crate) fn newest_of_the_desk(&self) -> Option<&Saying> {
        self.said.iter().rev().find(|said| !said.deleted[Side::Desk as usize])
    }
}

fn place(seq: i64) -> usize {
    usize::try_from(seq - 1).unwrap()
}
