/** Questions over HTTP, in the mall's envelope: `{code, msg, data}` with status 200, whatever the code. */

import type { Cancel, Env } from "./env.js";
import type { Tokens } from "./tokens.js";

/** Milliseconds for a question; the server answers every one within six seconds. */
const TIMEOUT = 15_000;

/** What went wrong. `code` 0: the server was not reached, or did not answer as it should. */
export class KefuError extends Error {
  constructor(
    /** As in the server's table of codes. */
    readonly code: number,
    message: string,
    /** Milliseconds that the server wants us to wait. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.name = "KefuError";
  }
}

/** The connection went before an answer came. */
export class Lost extends KefuError {
  constructor() {
    super(0, "connection lost");
  }
}

/** The server's addresses, one of which is in use. */
export class Bases {
  private at = 0;

  constructor(private readonly list: readonly string[]) {
    if (list.length === 0) throw new TypeError("a client needs an address");
  }

  /** The address in use, without a slash at its end. */
  get current(): string {
    return (this.list[this.at] as string).replace(/\/+$/, "");
  }

  /** Goes on to the next address. Says whether there is another one. */
  next(): boolean {
    this.at = (this.at + 1) % this.list.length;
    return this.list.length > 1;
  }
}

/** What a question may carry. */
export interface Parts {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** Milliseconds; 15 s where it is left out. */
  timeout?: number;
  signal?: AbortSignal;
}

/** An answer that went well. */
export interface Answer<T> {
  data: T;
  headers: Headers;
}

/** Questions in somebody's name. */
export class Api {
  constructor(
    private readonly env: Env,
    private readonly bases: Bases,
    private readonly prefix: string,
    private readonly tokens: Tokens,
  ) {}

  /** Asks; rejects with a {@link KefuError}. A token that has ended is renewed once. */
  async ask<T>(method: string, path: string, parts: Parts = {}): Promise<Answer<T>> {
    try {
      return await this.once<T>(method, path, parts, false);
    } catch (error) {
      if (!(error instanceof KefuError) || error.code !== 401) throw error;
      return this.once<T>(method, path, parts, true);
    }
  }

  private async once<T>(method: string, path: string, parts: Parts, refused: boolean): Promise<Answer<T>> {
    const headers: Record<string, string> = { authorization: `Bearer ${await this.tokens.give(refused)}` };
    const init: RequestInit = { method, headers };
    if (parts.body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(parts.body);
    }
    const { response, answer } = await this.fetched(this.address(path, parts.query), init, parts);
    if (answer["code"] === 0) return { data: answer["data"] as T, headers: response.headers };
    const wait = Number(response.headers.get("retry-after"));
    const code = typeof answer["code"] === "number" ? answer["code"] : 0;
    throw new KefuError(code, String(answer["msg"] ?? ""), wait > 0 ? wait * 1_000 : undefined);
  }

  private async fetched(
    url: string,
    init: RequestInit,
    parts: Parts,
  ): Promise<{ response: Response; answer: Record<string, unknown> }> {
    const aborting = new AbortController();
    const abort = () => aborting.abort();
    const late: Cancel = this.env.after(parts.timeout ?? TIMEOUT, abort);
    if (parts.signal?.aborted) abort();
    parts.signal?.addEventListener("abort", abort);
    try {
      const response = await this.env.fetch(url, { ...init, signal: aborting.signal });
      const answer: unknown = await response.json();
      if (typeof answer !== "object" || answer === null) throw new TypeError("not an envelope");
      return { response, answer: answer as Record<string, unknown> };
    } catch (cause) {
      throw Object.assign(new KefuError(0, "no answer"), { cause });
    } finally {
      late();
      parts.signal?.removeEventListener("abort", abort);
    }
  }

  private address(path: string, query: Parts["query"] = {}): string {
    const wanted = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(wanted.map(([name, value]) => [name, String(value)])).toString();
    return `${this.bases.current}${this.prefix}${path}${search ? `?${search}` : ""}`;
  }
}
