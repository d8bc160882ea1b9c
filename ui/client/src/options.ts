/** What a client is made of. */

import type { Env, SocketLike } from "./env.js";
import type { OutboxStorage } from "./storage.js";
import type { Side } from "./thread.js";
import type { TokenSource } from "./tokens.js";
import type { Id } from "./wire.js";

/** What {@link createClient} needs to know. */
export interface ClientOptions {
  /** Where the server is, `https://kefu.example.com`, with a path where it stands under one. Of several addresses the
   * next one is tried when one fails. */
  base: string | readonly string[];
  /**
   * Gives the token of who is logged in, each time that one is needed. `refused` is true when the server did not take the
   * last one: then a new one is to be fetched. Where it throws, or gives none, `error` says so and it is asked again.
   */
  token: TokenSource;
  /** Who looks: a member of the mall, or an agent at the desk. */
  side: Side;
  /** The shop that a member talks to; the platform where it is left out. Means nothing for agents. */
  shop?: Id;
  /**
   * Who is logged in, as the page knows it: the user's id, say. The outbox outlives the page under this name, and the
   * tabs of one name share one connection. Where it is left out, nothing is kept and every tab stands alone. Two people
   * must never have the same name.
   */
  account?: string;
  /** Where the outbox is kept, in place of the browser's IndexedDB. */
  storage?: OutboxStorage;
  /** The `WebSocket` to use where there is none, or another is wanted: that of the package `ws` in Node 20. */
  webSocket?: new (url: string, protocol: string) => unknown;
  /** Whether the server escapes texts in lists for the mall's own pages: its setting `legacy_escape`, on unless changed. */
  escapedLists?: boolean;
  /** Replaces parts of the world: clock, dice, network. For tests. */
  env?: Partial<Env>;
}

/** The world that the options describe. */
export function worldOf(options: ClientOptions, here: Env): Env {
  const { webSocket: Socket, env } = options;
  const world = { ...here, ...env };
  if (Socket) world.socket = (url, protocol) => new Socket(url, protocol) as SocketLike;
  return world;
}

/** The name that tabs and storage of this account share. */
export function nameOf({ account, side, shop, base }: ClientOptions): string | undefined {
  if (account === undefined) return undefined;
  const first = typeof base === "string" ? base : (base[0] ?? "");
  return ["kefu.1", first, side, side === "member" ? (shop ?? 0) : "", account].map(String).map(encodeURIComponent).join(":");
}
