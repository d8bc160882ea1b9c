/** Tokens, as the page gives them; and the page hears it where it gives none. */

import type { Cancel, Env } from "./env.js";
import { KefuError } from "./http.js";

/** Milliseconds that the page may take. */
const WITHIN = 15_000;

/** A token for the next question; `refused`: the last one was not taken, so a new one is needed. */
export type TokenSource = (refused?: boolean) => Promise<string>;

/** The page gave no token. It was told so already. */
export class NoToken extends KefuError {
  constructor(reason: string) {
    super(0, `token() failed: ${reason}`);
  }
}

/** Asks the page, and tells it of each reason once until a token comes again, however often it is asked in between. */
export class Tokens {
  private readonly told = new Set<string>();

  constructor(
    private readonly env: Env,
    private readonly source: TokenSource,
    private readonly tell: (error: KefuError) => void,
  ) {}

  /** A token; rejects with {@link NoToken} where the page throws, gives none, or takes longer than 15 seconds. */
  async give(refused: boolean): Promise<string> {
    let late: Cancel = () => {};
    const overdue = new Promise<never>((_, reject) => {
      late = this.env.after(WITHIN, () => reject(new Error(`nothing came of it within ${WITHIN / 1_000} s`)));
    });
    // What is thrown at once is told a moment later as well: the page listens only after the client is made.
    const asked = async () => this.source(refused);
    try {
      const token: unknown = await Promise.race([asked(), overdue]);
      if (typeof token !== "string" || token === "") throw new Error(`a token is a text, this was ${kindOf(token)}`);
      this.told.clear();
      return token;
    } catch (cause) {
      const error = Object.assign(new NoToken(reasonOf(cause)), { cause });
      if (!this.told.has(error.message)) this.tell(error);
      this.told.add(error.message);
      throw error;
    } finally {
      late();
    }
  }
}

function kindOf(value: unknown): string {
  return value === "" ? "empty" : value === null ? "null" : typeof value;
}

/** Pages write errors into logs, where no token belongs: whatever is as long as one is left out. */
function reasonOf(cause: unknown): string {
  const words = cause instanceof Error ? cause.message || cause.name : String(cause);
  return words.replace(/[\w.~+/=-]{20,}/g, "…");
}
