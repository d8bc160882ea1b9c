/** The long poll: one question after the other, for places where no socket gets through. */

import { pause } from "./backoff.js";
import type { Asking } from "./book.js";
import type { Cancel, Env } from "./env.js";
import { KefuError, type Api } from "./http.js";
import { sync, type Synced } from "./sync.js";
import type { Id } from "./wire.js";

/** Seconds that a question may stay open. */
const WAIT = 25;
/** Milliseconds of rest after an answer with nothing new in it. */
const REST = 2_000;

/** Who hears of the poll. */
export interface PollListener {
  /** What to ask for; `undefined`: a member's conversation, if there is one. */
  asking(): Asking | undefined;
  changedSince(): number | undefined;
  /** Takes the answer in. Says whether anything in it was new. */
  synced(answer: Synced, asking: Asking | undefined): boolean;
  failed(error: KefuError): void;
}

/** Asks as long as it runs. */
export class Poll {
  private running: AbortController | undefined;
  private rest: Cancel = () => {};
  private failures = 0;
  /** Nothing was answered yet. */
  private fresh = true;

  constructor(
    private readonly env: Env,
    private readonly api: Api,
    private readonly shop: Id | undefined,
    private readonly listener: PollListener,
  ) {}

  /** Whether it runs. */
  get on(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    if (this.on) return;
    this.failures = 0;
    this.fresh = true;
    this.next();
  }

  stop(): void {
    this.rest();
    this.running?.abort();
    this.running = undefined;
  }

  /** Something else is to be asked for: the open question is dropped for a new one. */
  again(): void {
    if (!this.on) return;
    this.rest();
    this.running?.abort();
    this.next();
  }

  private next(): void {
    const running = (this.running = new AbortController());
    void this.ask(running).then((rest) => {
      if (this.running !== running || running.signal.aborted) return;
      this.rest = this.env.after(rest, () => this.next());
    });
  }

  /** Milliseconds to rest after this question. */
  private async ask(running: AbortController): Promise<number> {
    const question = {
      asking: this.listener.asking(),
      // The first answer is to come at once, so that it is known whether the way is free, and as whom one is here.
      wait: this.fresh ? 0 : WAIT,
      shop: this.shop,
      changedSince: this.listener.changedSince(),
      signal: running.signal,
    };
    try {
      const answer = await sync(this.api, question);
      if (this.running !== running || running.signal.aborted) return 0;
      const first = this.fresh;
      this.failures = 0;
      this.fresh = false;
      return this.listener.synced(answer, question.asking) || first ? 0 : Math.round(REST * (0.5 + this.env.random() / 2));
    } catch (error) {
      if (this.running !== running || running.signal.aborted) return 0;
      this.failures += 1;
      this.fresh = true;
      const trouble = error instanceof KefuError ? error : new KefuError(0, String(error));
      this.listener.failed(trouble);
      return (trouble.retryAfter ?? 0) + pause(this.failures, this.env.random);
    }
  }
}
