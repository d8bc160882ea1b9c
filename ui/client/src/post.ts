/** The outbox with its storage, as one tab has it: what is written down, shown here, and told to the other tabs. */

import { wellFormedDraft, type Draft } from "./draft.js";
import type { Env } from "./env.js";
import { KefuError } from "./http.js";
import { newKey } from "./keys.js";
import type { Message } from "./message.js";
import { Outbox, type Entry } from "./outbox.js";
import { MemoryStorage, type OutboxStorage } from "./storage.js";
import { openIndexedDb } from "./storage-idb.js";
import { sameId, type Id } from "./wire.js";

/** Who hears of the outbox. */
export interface PostListener {
  changed(entry: Entry, gone: boolean): void;
  /** Another tab is to know. */
  share(entry: Entry, gone: boolean): void;
  trouble(error: KefuError): void;
}

/** Opens once, and closes once. */
export class Post {
  readonly outbox: Outbox;
  /** Counts up with everything that one can see. */
  version = 0;
  storage: OutboxStorage = new MemoryStorage();
  private readonly opening: Promise<void>;
  private closed = false;

  /** `name`: under which the browser keeps it; `undefined`: it is not kept. */
  constructor(
    private readonly env: Env,
    private readonly name: string | undefined,
    given: OutboxStorage | undefined,
    private readonly listener: PostListener,
  ) {
    this.outbox = new Outbox(env.random);
    this.opening = this.open(given);
  }

  /** Writes something down under a new key. */
  async write(draft: Draft, conversation: Id | undefined): Promise<Entry> {
    await this.opening;
    const now = this.env.now();
    const key = newKey(this.env);
    const entry = { key, conversation, draft: wellFormedDraft(draft), state: "queued" as const, attempts: 0, createdAt: now, notBefore: now };
    const position = await this.storage.add(entry).catch((error: unknown) => {
      this.fails(error);
      return (this.outbox.list().at(-1)?.position ?? 0) + 1;
    });
    return this.tell(this.outbox.put({ ...entry, position }));
  }

  /** Reads what is kept: another tab may have written since. */
  async reload(): Promise<void> {
    await this.opening;
    const { storage } = this;
    const kept = await this.stored();
    // It turned out meanwhile to be somebody else's.
    if (storage !== this.storage) return;
    this.outbox.restore(kept);
    for (const entry of this.outbox.list()) this.show(entry, false);
  }

  /** The courier has changed an entry. */
  moved(entry: Entry): void {
    this.tell(entry);
  }

  /** Another tab says what became of an entry. `leading`: only news are taken, since nobody knows better than we. */
  told(entry: Entry, gone: boolean, leading: boolean): void {
    if (leading && (gone || this.outbox.get(entry.key))) return;
    if (gone) this.outbox.drop(entry.key);
    else this.outbox.put(entry);
    this.show(entry, gone);
  }

  /** Tries a failed entry again. */
  async again(key: string): Promise<boolean> {
    const old = this.outbox.get(key);
    const entry = this.outbox.retry(key, newKey(this.env), this.env.now());
    if (!old || !entry) return false;
    if (entry.key === key) {
      await this.storage.put(entry).catch((error: unknown) => this.fails(error));
      this.tellOf(key);
      return true;
    }
    this.tell(old, true);
    const { position: _, ...fresh } = entry;
    const position = await this.storage.add(fresh).catch(() => entry.position);
    await this.storage.remove(key).catch(() => undefined);
    const now = this.outbox.get(entry.key);
    if (now) this.tell(this.outbox.put({ ...now, position }));
    return true;
  }

  /** Throws an entry away that is not on its way. */
  discard(key: string): boolean {
    const entry = this.outbox.get(key);
    if (entry?.state !== "failed" && entry?.state !== "queued") return false;
    // One that was tried may be stored already; it would come back as a message.
    if (entry.state === "queued" && entry.attempts > 0) return false;
    this.drop(entry);
    return true;
  }

  /** Forgets an entry that is in its thread now, or cannot be seen anywhere. */
  drop(entry: Entry): void {
    if (!this.outbox.drop(entry.key)) return;
    void this.storage.remove(entry.key).catch(() => undefined);
    this.tell(entry, true);
  }

  /** These messages are in a thread: what they were made of leaves the outbox. Says whether something did. */
  seen(messages: readonly Message[], leading: boolean): boolean {
    const entries = this.outbox.list();
    if (entries.length === 0) return false;
    const keys = new Set(messages.map((message) => message.clientMsgId));
    const done = entries.filter(({ key, id }) => keys.has(key) || messages.some((message) => sameId(message.id, id)));
    for (const entry of done) {
      if (leading) this.drop(entry);
      else if (this.outbox.drop(entry.key)) this.show(entry, true);
    }
    return done.length > 0;
  }

  /**
   * The server says who this is. An outbox that is somebody else's is left alone: what one person said must never be
   * sent in the name of another. Answers whether what is in it now may be sent; where the server does not say who this
   * is, that is so if it has no owner yet, or nothing in it.
   */
  async belongsTo(me: string | undefined): Promise<boolean> {
    await this.opening;
    const owner = await this.storage.owner().catch(() => undefined);
    if (me === undefined) return owner === undefined || (await this.stored()).length === 0;
    if (owner === undefined) {
      await this.storage.own(me).catch((error: unknown) => this.fails(error));
    } else if (owner !== me) {
      this.storage.close();
      this.storage = new MemoryStorage();
      for (const entry of this.outbox.list()) {
        this.outbox.drop(entry.key);
        this.tell(entry, true);
      }
      this.listener.trouble(new KefuError(403, `this outbox belongs to ${owner}, not to ${me}`));
    }
    return true;
  }

  close(): void {
    this.closed = true;
    this.storage.close();
  }

  private async open(given: OutboxStorage | undefined): Promise<void> {
    try {
      if (given) this.storage = given;
      else if (this.name !== undefined && this.env.indexedDB) {
        this.storage = await openIndexedDb(this.env.indexedDB, this.name);
        if (this.closed) this.storage.close();
      }
    } catch (error) {
      this.fails(error);
    }
    this.outbox.restore(await this.stored());
    for (const entry of this.outbox.list()) this.show(entry, false);
  }

  private async stored(): Promise<Entry[]> {
    if (this.closed) return [];
    return this.storage.all().catch((error: unknown) => {
      this.fails(error);
      return [];
    });
  }

  /** Tells of an entry as it is by now, if it is still there. */
  private tellOf(key: string): void {
    const entry = this.outbox.get(key);
    if (entry) this.tell(entry);
  }

  private tell(entry: Entry, gone = false): Entry {
    this.show(entry, gone);
    this.listener.share(entry, gone);
    return entry;
  }

  private show(entry: Entry, gone: boolean): void {
    this.version += 1;
    this.listener.changed(entry, gone);
  }

  /** Nothing can be kept here. Sending goes on; it only does not outlive the page. */
  private fails(error: unknown): void {
    if (!this.closed) this.listener.trouble(new KefuError(0, `the outbox is not kept: ${String(error)}`));
  }
}
