/**
 * A client for the desk: a member's chat window or an agent's console, without a framework.
 *
 * ```ts
 * const client = createClient({ base: "https://kefu.example.com", side: "member", account: "101", token });
 * client.on("thread", () => draw(client.thread()));
 * await client.send("hello");
 * ```
 *
 * @packageDocumentation
 */

export { createClient, type KefuClient } from "./client.js";
export type { Draft } from "./draft.js";
export type { Cancel, ChannelLike, Env, LocksLike, PageLike, SocketLike } from "./env.js";
export type { Events, State } from "./events.js";
export { KefuError } from "./http.js";
export type { Message } from "./message.js";
export type { ClientOptions } from "./options.js";
export { EXPIRED, type Entry, type EntryState } from "./outbox.js";
export type { DeskLine } from "./roster.js";
export { MemoryStorage, type NewEntry, type OutboxStorage } from "./storage.js";
export { openIndexedDb } from "./storage-idb.js";
export type { Side } from "./thread.js";
export type { TokenSource } from "./tokens.js";
export type { ThreadView } from "./view.js";
export { sameId, type Category, type Id, type Kind, type Style } from "./wire.js";
