/** Older messages, by the page. */

import type { Env } from "./env.js";
import type { Api } from "./http.js";
import { historyMessage, type MallMessage } from "./mall.js";
import type { Message } from "./message.js";
import type { Side, Thread } from "./thread.js";
import { sameId, type Envelope, type Id } from "./wire.js";

interface Gear {
  readonly env: Env;
  readonly api: Api;
  readonly side: Side;
  readonly shop: Id | undefined;
}

/** Loads each page once, however often it is asked for. */
export class History {
  private readonly loading = new Map<Thread, Promise<number>>();

  /** `escaped`: texts in the mall's spelling come with `<`, `>` and `&` escaped. */
  constructor(
    private readonly gear: Gear,
    private readonly escaped: boolean,
  ) {}

  /** Puts the page before the first message in front of the thread; says how many messages joined on. */
  older(thread: Thread, limit: number): Promise<number> {
    if (thread.cold || thread.complete) return Promise.resolve(0);
    const loading = this.loading.get(thread) ?? this.load(thread, limit).finally(() => this.loading.delete(thread));
    this.loading.set(thread, loading);
    return loading;
  }

  private async load(thread: Thread, limit: number): Promise<number> {
    const { api, side, shop } = this.gear;
    const whose = side === "member" ? { shopId: shop } : { conversationId: thread.conversation };
    const query = { ...whose, beforeSeq: thread.first, limit, form: "v2" };
    const { data } = await api.ask<(MallMessage | Envelope)[]>("GET", "/promotion/kefu-message/list", { query });
    const messages = data
      .map((row) => historyMessage(row, this.escaped))
      .filter((message): message is Message => sameId(message?.conversation, thread.conversation));
    return thread.older(messages);
  }
}
