/** The built client in Node, and what it shows. */

import { createClient, type KefuClient } from "@kefu/client";
import WebSocket from "ws";
import type { House, Row } from "./house.js";

/** A client of one side, through the gate. */
export async function person(house: House, side: "member" | "admin", member: number): Promise<KefuClient> {
  const tokens = await house.tokens(member);
  const token = side === "member" ? tokens.member : tokens.agent;
  return createClient({ base: house.gate.base, side, token: async () => token, webSocket: WebSocket });
}

/** Waits for an event after which something holds. */
export function when(client: KefuClient, holds: () => boolean): Promise<void> {
  return new Promise((go) => {
    const names = ["thread", "state", "conversation", "outbox", "typing"] as const;
    const offs = names.map((name) => client.on(name, () => look()));
    const look = () => {
      if (!holds()) return;
      offs.forEach((off) => off());
      go();
    };
    look();
  });
}

/** A row or a message, as far as both tell. */
export type Told = Pick<Row, "seq" | "text" | "by" | "revoked">;

/** What this client shows, ticks left out. */
export function shown(client: KefuClient, conversation?: number): Told[] {
  const by = { customer: "member", manager: "agent", system: "house" } as const;
  return client.thread(conversation).messages.map(({ seq, content, category, revoked }) => {
    return { seq, text: content, by: by[category], revoked };
  });
}

/** What is to be shown of these rows. */
export function told(rows: Row[]): Told[] {
  return rows.filter(({ deleted }) => !deleted).map(({ seq, text, by, revoked }) => ({ seq, text, by, revoked }));
}
