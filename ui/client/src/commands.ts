/** What one can ask of the server besides sending, as a frame and over HTTP. Each may be repeated: nothing happens twice. */

import { KefuError, type Api } from "./http.js";
import { defined } from "./message.js";
import type { Envelope, Id } from "./wire.js";

/** Everything up to this number has been read. */
export function readFrame(conversation: Id, seq: number): Envelope {
  return { action: "read", ext: { conversation, seq } };
}

/** A message of one's own is taken back. */
export function revokeFrame(conversation: Id, id: Id): Envelope {
  return { action: "revoke", quote: id, ext: { conversation } };
}

/** A message is hidden from one's own side. */
export function deleteFrame(conversation: Id, id: Id): Envelope {
  return { action: "delete", quote: id, ext: { conversation } };
}

/** Somebody types, or does no more. Over HTTP there is no such thing. */
export function typingFrame(conversation: Id, on: boolean): Envelope {
  return { action: "typing", content: on ? "on" : "off", ext: { conversation } };
}

/** Asks the same over HTTP. Answers like an `ack`, and rejects with a {@link KefuError}. */
export async function overHttp(api: Api, frame: Envelope): Promise<Envelope> {
  const { action, quote, ext } = frame;
  const conversationId = ext?.conversation;
  const path = "/promotion/kefu-message";
  switch (action) {
    case "read":
      await api.ask("PUT", `${path}/update-read-status`, { query: defined({ conversationId, seq: ext?.seq }) });
      break;
    case "revoke":
      await api.ask("PUT", `${path}/revoke`, { query: defined({ id: quote, conversationId }) });
      break;
    case "delete":
      await api.ask("DELETE", `${path}/delete`, { query: defined({ id: quote, conversationId }) });
      break;
    default:
      throw new KefuError(400, `nothing over HTTP is called ${action}`);
  }
  return { category: "ack", action, ext: {} };
}
