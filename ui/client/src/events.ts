/** What a client tells those who listen. */

import type { Message } from "./message.js";
import type { Entry } from "./outbox.js";
import type { Id } from "./wire.js";

/**
 * `connecting`: a socket is being opened. `online`: it is. `waiting`: until the next attempt. `polling`: no socket gets
 * through, the long poll does the work. `denied`: the server does not take the token, or does not want us for another
 * reason, such as a shop that is closed, which an `error` names; attempts go on, slowly. `stopped`: nothing happens any more.
 */
export type State = "connecting" | "online" | "waiting" | "polling" | "denied" | "stopped";

/** The events of a client, and what comes with each. */
export interface Events {
  /** A new message, live or caught up with. Those of the first page, and of a page after a reset, are not announced. */
  message: { conversation: Id; message: Message };
  /** A message was revoked, or deleted by this side. */
  changed: { conversation: Id; message: Message };
  /** Somebody has read up to a number. */
  read: { conversation: Id; by: "member" | "desk"; seq: number };
  /** Somebody types, or does no more. */
  typing: { conversation: Id; from: string; on: boolean };
  /** The line of a conversation is different: unread, preview, pinned, hidden. */
  conversation: { conversation: Id };
  /** Anything that `thread()` shows is different; a page that draws itself anew on this misses nothing. */
  thread: { conversation: Id | undefined };
  /** The connection, seen from here. `leading`: this tab has it. `retryAt` in milliseconds. */
  state: { state: State; leading: boolean; retryAt?: number };
  /** An entry of the outbox is new or another. `gone`: it is in the thread now, or was discarded. */
  outbox: { entry: Entry; gone: boolean };
  /** What was known of the conversation is no longer valid, and it starts over with its newest page. */
  reset: { conversation: Id };
  /** Something did not go well that nobody was waiting for. `code` as in the server's table, 0 for no answer and no token. */
  error: { code: number; message: string };
}

type Listeners = { [Name in keyof Events]?: Set<(event: Events[Name]) => void> };

/** Listeners, called in the order in which they came. One that throws keeps nobody else from hearing. */
export class Emitter {
  private readonly listeners: Listeners = {};

  /** Listens until the answer is called. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const set = ((this.listeners[name] as Set<typeof listener> | undefined) ??= new Set() as never) as Set<typeof listener>;
    set.add(listener);
    return () => void set.delete(listener);
  }

  /** Tells everybody. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...((this.listeners[name] as Set<(event: Events[Name]) => void> | undefined) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        // The page's own mistake belongs on the page's console, not in our state.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
