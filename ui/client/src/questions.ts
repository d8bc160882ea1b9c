/** What a tab without a socket asks of the server: through the tab that leads, and over HTTP if that does not answer. */

import { overHttp } from "./commands.js";
import type { Cancel, Env } from "./env.js";
import { KefuError, type Api } from "./http.js";
import { defined } from "./message.js";
import type { Answer, Asked, Tabs } from "./tabs.js";
import type { Envelope } from "./wire.js";

/** Milliseconds for the leader, who has ten for the server. */
const WITHIN = 12_000;

type Ask = Extract<Asked, { note: "ask" }>;

interface Waiting {
  frame: Envelope;
  fulfil(ack: Envelope): void;
  reject(error: unknown): void;
  late: Cancel;
}

/** Questions on their way through another tab. */
export class Questions {
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor(
    private readonly env: Env,
    private readonly tabs: Pick<Tabs, "tab" | "post">,
    private readonly api: Api,
  ) {}

  /** Asks; rejects with a {@link KefuError}. */
  ask(frame: Envelope): Promise<Envelope> {
    const question = ++this.last;
    return new Promise((fulfil, reject) => {
      const late = this.env.after(WITHIN, () => this.byHand(question));
      this.waiting.set(question, { frame, fulfil, reject, late });
      this.tabs.post({ note: "ask", tab: this.tabs.tab, question, command: frame });
    });
  }

  /** The leader has asked for us. */
  answered({ question, ack, code, message, retryAfter }: Answer): void {
    const waiting = this.take(question);
    if (code !== undefined) waiting?.reject(new KefuError(code, message ?? "", retryAfter));
    else waiting?.fulfil(ack ?? {});
  }

  /** The leader is gone, and took the questions along. */
  lost(): void {
    for (const question of [...this.waiting.keys()]) this.byHand(question);
  }

  /** As the leader: asks for another tab. */
  async answer({ tab, question, command }: Ask, ask: (frame: Envelope) => Promise<Envelope>): Promise<void> {
    try {
      this.tabs.post({ note: "answer", tab, question, ack: await ask(command) });
    } catch (error) {
      const { code, message, retryAfter } = error instanceof KefuError ? error : new KefuError(0, String(error));
      this.tabs.post({ note: "answer", tab, question, code, message, ...defined({ retryAfter }) });
    }
  }

  stop(): void {
    for (const question of [...this.waiting.keys()]) this.take(question)?.reject(new KefuError(0, "stopped"));
  }

  private byHand(question: number): void {
    const waiting = this.take(question);
    if (waiting) overHttp(this.api, waiting.frame).then(waiting.fulfil, waiting.reject);
  }

  private take(question: number): Waiting | undefined {
    const waiting = this.waiting.get(question);
    waiting?.late();
    this.waiting.delete(question);
    return waiting;
  }
}
