/** An agent's list of conversations, kept up: by frames, and by asking what changed when frames are not enough. */

import { pause } from "./backoff.js";
import type { Cancel, Env } from "./env.js";
import type { Page, Step } from "./heard.js";
import { KefuError, type Api } from "./http.js";
import { defined } from "./message.js";
import { passes } from "./outbox.js";
import { Roster, type MallConversation } from "./roster.js";
import type { Thread } from "./thread.js";
import type { Id } from "./wire.js";

/** Milliseconds between the first doubt and the question, so that a burst of frames makes one question. */
const GATHER = 300;

/** Who hears of the list. */
export interface DeskListener {
  line(conversation: Id): void;
  trouble(error: KefuError): void;
}

/** The list, and the questions about it. */
export class Desk {
  readonly roster = new Roster();
  private alarm: Cancel | undefined;
  private asking = false;
  private wanted = false;
  private failures = 0;
  private over = false;

  constructor(
    private readonly env: Env,
    private readonly api: Api,
    private readonly escaped: boolean,
    private readonly listener: DeskListener,
  ) {}

  /** Asks what changed since the last time; the first time, for everything. */
  refresh(): void {
    this.alarm?.();
    this.alarm = undefined;
    this.wanted = true;
    if (!this.asking && !this.over) void this.ask();
  }

  /** Another life of the database: the list is asked for from its beginning. */
  renew(): void {
    this.roster.clear();
    this.refresh();
  }

  /** `open`: the conversation has a thread, which will find out what a frame alone does not tell. */
  step(step: Step, open: boolean): void {
    const { touched, stale } = this.roster.step(step);
    if (touched) this.listener.line(step.conversation);
    if (stale && !(open && touched)) this.later(GATHER);
  }

  /** A thread was applied further. */
  align(thread: Thread): void {
    const [conversation, , change] = thread.cursor;
    if (!thread.behind && this.roster.align(conversation, change, thread.unread)) this.listener.line(conversation);
  }

  page(page: Page): void {
    if (this.roster.page(page)) this.listener.line(page.conversation);
  }

  /** Lines that came by another way. Says whether any of them was new. */
  take(items: readonly MallConversation[], asOf: number | undefined): boolean {
    const before = new Map(items.map((item) => [item, this.roster.line(item.id)?.change]));
    const touched = this.roster.load(items, asOf, this.escaped);
    for (const conversation of touched) this.listener.line(conversation);
    return items.some((item) => before.get(item) !== item.change);
  }

  stop(): void {
    this.over = true;
    this.alarm?.();
  }

  private later(ms: number): void {
    if (this.alarm || this.over) return;
    this.alarm = this.env.after(ms, () => this.refresh());
  }

  private async ask(): Promise<void> {
    this.asking = true;
    while (this.wanted && !this.over) {
      this.wanted = false;
      try {
        await this.pages();
        this.failures = 0;
      } catch (error) {
        const trouble = error instanceof KefuError ? error : new KefuError(0, String(error));
        this.failures += 1;
        if (passes(trouble.code)) this.later((trouble.retryAfter ?? 0) + pause(this.failures, this.env.random));
        else this.listener.trouble(trouble);
      }
    }
    this.asking = false;
  }

  /** What changed since the last time, by as many pages as it takes. The time is that of the first. */
  private async pages(): Promise<void> {
    const changedSince = this.roster.asOf;
    let asOf: number | undefined;
    let after: string | undefined;
    do {
      const query = defined({ changedSince, after });
      const { data, headers } = await this.api.ask<MallConversation[]>("GET", "/promotion/kefu-conversation/list", { query });
      asOf ??= Number(headers.get("kefu-as-of")) || undefined;
      this.take(data, undefined);
      after = changedSince === undefined ? undefined : (headers.get("kefu-next") ?? undefined);
    } while (after !== undefined && !this.over);
    if (asOf !== undefined) this.roster.asOf = asOf;
  }
}
