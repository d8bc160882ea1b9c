/** Names that nobody else makes. */

import type { Env } from "./env.js";

/** A new key: 22 characters of `A-Z a-z 0-9 _ -`, 128 bits that nobody can guess. */
export function newKey(env: Pick<Env, "bytes">): string {
  const text = btoa(String.fromCharCode(...env.bytes(16)));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
