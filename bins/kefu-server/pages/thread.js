// One conversation as one side knows it: messages by their number, and what is on its way.
//
// A message is taken only when it is the next one. Above that the gap is fetched first, below it is known
// already. So nothing can be missing in the middle and nothing can be there twice, whatever the socket does.

import { Trouble } from "./client.js";

const FIRST_PAGE = 20;
const PAGE = 200;
const TRIES = 5;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A key for one tap, the same for every retry of it. */
function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Thread {
  /**
   * `page(query)` gets messages, `post(body)` sends one, `mine` is our `senderType`, `changed()` is called
   * after every change.
   */
  constructor({ page, post, mine, changed }) {
    Object.assign(this, { page, post, mine, changed });
    this.messages = [];
    this.drafts = [];
    this.last = 0;
    this.loaded = false;
    this.more = false;
    this.closed = false;
    this.pulling = Promise.resolve();
    this.sending = Promise.resolve();
  }

  get first() {
    return this.messages[0]?.seq ?? 0;
  }

  /** A message that came down the socket. */
  live(message) {
    if (this.loaded && message.seq === this.last + 1) {
      this.add(message);
      this.changed();
    } else if (!this.loaded || message.seq > this.last) {
      this.sync();
    }
  }

  /** Fetches what is missing up to the newest; says how many messages that were. One at a time. */
  sync() {
    const turn = this.pulling.then(() => this.pull());
    this.pulling = turn.catch(() => {});
    return turn.catch((trouble) => {
      if (!this.closed && trouble instanceof Trouble && trouble.passes) setTimeout(() => this.sync(), 1_000);
      return 0;
    });
  }

  async pull() {
    if (this.closed) return 0;
    const before = this.last;
    if (this.loaded) {
      for (;;) {
        const page = await this.page({ sinceSeq: this.last, limit: PAGE });
        page.forEach((message) => this.add(message));
        if (page.length < PAGE) break;
      }
    } else {
      const page = await this.page({ limit: FIRST_PAGE });
      this.messages = page.toReversed();
      this.last = this.messages.at(-1)?.seq ?? 0;
      this.more = page.length >= FIRST_PAGE;
      this.loaded = true;
      this.dropSentDrafts();
    }
    this.changed();
    return before === 0 ? 0 : this.last - before;
  }

  /** Fetches the page before the oldest message here. */
  async older() {
    if (!this.more || this.turning) return;
    this.turning = true;
    try {
      const page = await this.page({ beforeSeq: this.first, limit: FIRST_PAGE });
      this.messages.unshift(...page.toReversed().filter((message) => message.seq < this.first));
      this.more = page.length >= FIRST_PAGE;
      this.changed();
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
    } finally {
      this.turning = false;
    }
  }

  add(message) {
    if (message.seq !== this.last + 1) return;
    this.messages.push(message);
    this.last = message.seq;
    this.dropSentDrafts();
  }

  dropSentDrafts() {
    if (this.drafts.length === 0) return;
    const keys = new Set(this.messages.filter(({ senderType }) => senderType === this.mine).map((m) => m.clientMsgId));
    this.drafts = this.drafts.filter(({ key }) => !keys.has(key));
  }

  /** The frame says that somebody has read, not how far: the list knows. */
  async refreshReads() {
    const unread = this.messages.find((m) => m.senderType === this.mine && !m.readStatus);
    if (!unread) return;
    const known = new Map(this.messages.map((message) => [message.seq, message]));
    let since = unread.seq - 1;
    try {
      for (;;) {
        const page = await this.page({ sinceSeq: since, limit: PAGE });
        for (const { seq, readStatus } of page) {
          const message = known.get(seq);
          if (message) message.readStatus = readStatus;
        }
        if (page.length < PAGE) break;
        since = page.at(-1).seq;
      }
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
    }
    this.changed();
  }

  /** Sends after what was sent before; `prepare` makes the content, once. */
  send(kind, label, prepare) {
    const draft = { key: freshKey(), kind, label, prepare, content: null, state: "sending", why: "" };
    this.drafts.push(draft);
    this.enqueue(draft);
  }

  /** The same tap again: the same key, so it cannot become a second message. */
  retry(draft) {
    draft.state = "sending";
    this.enqueue(draft);
  }

  discard(draft) {
    this.drafts = this.drafts.filter((other) => other !== draft);
    this.changed();
  }

  enqueue(draft) {
    this.changed();
    this.sending = this.sending.then(() => this.deliver(draft));
  }

  async deliver(draft) {
    for (let tries = 1; ; tries++) {
      try {
        draft.content ??= await draft.prepare();
        const { headers } = await this.post({
          contentType: draft.kind,
          content: draft.content,
          clientMsgId: draft.key,
        });
        draft.state = "sent";
        this.changed();
        // Usually the push was faster than the answer.
        if (Number(headers.get("kefu-seq")) > this.last) this.sync();
        return;
      } catch (trouble) {
        draft.why = trouble.message;
        if (!(trouble instanceof Trouble && trouble.passes) || tries === TRIES) break;
        this.changed();
        await pause(Math.max(trouble.retryAfter * 1_000, 250 * 2 ** tries));
      }
    }
    draft.state = "failed";
    this.changed();
  }

  close() {
    this.closed = true;
  }
}
