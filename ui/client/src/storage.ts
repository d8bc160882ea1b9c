/** Where the outbox is written down, and the one for places that have nothing to write on. */

import type { Entry } from "./outbox.js";

/** What a new entry is before it has a position. */
export type NewEntry = Omit<Entry, "position">;

/**
 * Keeps the outbox of one account. Every promise is kept before it is fulfilled: an entry that {@link OutboxStorage.add}
 * gave a position to is there after a crash.
 */
export interface OutboxStorage {
  /** Everything that is kept, in the order of positions. */
  all(): Promise<Entry[]>;
  /** Writes a new entry down and says its position: higher than every one before, over all tabs. */
  add(entry: NewEntry): Promise<number>;
  /** Writes an entry down again; one that is not there any more stays away. */
  put(entry: Entry): Promise<void>;
  /** Forgets the entry. */
  remove(key: string): Promise<void>;
  /** Whose outbox this is, by the server's own word (`member:101`); `undefined` before anybody said. */
  owner(): Promise<string | undefined>;
  /** Says whose outbox this is. */
  own(who: string): Promise<void>;
  /** Lets go of what is open. */
  close(): void;
}

/** Keeps the outbox as long as the page lives. Several clients may share one, as tabs share a browser's. */
export class MemoryStorage implements OutboxStorage {
  private readonly entries = new Map<string, Entry>();
  private last = 0;
  private who: string | undefined;

  async all(): Promise<Entry[]> {
    return [...this.entries.values()].sort((one, other) => one.position - other.position);
  }

  async add(entry: NewEntry): Promise<number> {
    const position = ++this.last;
    this.entries.set(entry.key, { ...entry, position });
    return position;
  }

  async put(entry: Entry): Promise<void> {
    if (this.entries.has(entry.key)) this.entries.set(entry.key, entry);
  }

  async remove(key: string): Promise<void> {
    this.entries.delete(key);
  }

  async owner(): Promise<string | undefined> {
    return this.who;
  }

  async own(who: string): Promise<void> {
    this.who = who;
  }

  close(): void {}
}
