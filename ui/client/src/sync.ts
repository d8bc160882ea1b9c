/** `GET …/kefu-message/sync`: everything that was missed, over HTTP; at once, or as soon as there is something. */

import type { Asking } from "./book.js";
import { pageOf, type Page } from "./heard.js";
import type { Api } from "./http.js";
import { defined } from "./message.js";
import type { MallConversation } from "./roster.js";
import { sameId, type Ext, type Id, type ResumeExt } from "./wire.js";

/** What the server answers: pages as in a `resume` frame, and for agents the lines of their list that changed. */
export interface Synced {
  epoch?: string;
  /** Whom the server answered: `member:101`, `admin:7`. */
  me?: string;
  serverTime?: number;
  conversations?: ResumeExt[];
  asOf?: number;
  list?: MallConversation[];
}

/** What is asked for. `wait`: seconds that the answer may take while there is nothing. */
export interface SyncQuestion {
  asking: Asking | undefined;
  wait: number;
  shop?: Id | undefined;
  changedSince?: number | undefined;
  signal?: AbortSignal;
}

/** Asks once. */
export async function sync(api: Api, question: SyncQuestion): Promise<Synced> {
  const { asking, wait, shop, changedSince, signal } = question;
  const cursors = asking?.resume.map((cursor) => cursor.join(".")).join(",");
  const query = defined({ cursors: cursors || undefined, epoch: asking?.epoch, wait, shopId: shop, changedSince });
  const timeout = (wait + 10) * 1_000;
  const { data } = await api.ask<Synced>("GET", "/promotion/kefu-message/sync", { query, timeout, ...(signal ? { signal } : {}) });
  return data ?? {};
}

/** What the answer says no to, each with its `conversation` and `code`. */
export function refusalsOf({ conversations }: Synced): Ext[] {
  return (conversations ?? []).filter(({ code }) => code !== undefined);
}

/** The pages of an answer, each with the life of the database that it is of, and the cursor that it goes on from. */
export function pagesOf({ conversations, epoch }: Synced, asking: Asking | undefined): Page[] {
  return (conversations ?? [])
    .filter(({ code }) => code === undefined)
    .map((ext) => {
      const [, seq, change] = asking?.resume.find(([conversation]) => sameId(conversation, ext.conversation)) ?? [0, 0, 0];
      return pageOf({ ...(epoch === undefined ? {} : { epoch }), since: [seq, change], ...ext });
    })
    .filter((page): page is Page => page !== undefined);
}
