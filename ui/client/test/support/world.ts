import { createClient, type KefuClient } from "../../src/client";
import type { ChannelLike, Env, LocksLike, PageLike } from "../../src/env";
import type { ClientOptions } from "../../src/options";
import { Clock, dice } from "./clock";
import { House } from "./server";

/** One browser: tabs that hear each other, and locks that they share. */
export class Browser {
  readonly channels = new Set<Channel>();
  readonly locks = new Locks();

  constructor(private readonly clock: Clock) {}

  channel = (name: string): ChannelLike => {
    const channel = new Channel(name, this);
    this.channels.add(channel);
    return channel;
  };

  post(from: Channel, message: unknown): void {
    const copy = structuredClone(message);
    for (const channel of [...this.channels]) {
      if (channel === from || channel.name !== from.name) continue;
      this.clock.after(0, () => {
        if (this.channels.has(channel) && !channel.frozen) channel.onmessage?.({ data: structuredClone(copy) });
      });
    }
  }
}

class Channel implements ChannelLike {
  onmessage: ChannelLike["onmessage"] = null;
  frozen = false;

  constructor(
    readonly name: string,
    private readonly browser: Browser,
  ) {}

  postMessage(message: unknown): void {
    this.browser.post(this, message);
  }

  close(): void {
    this.browser.channels.delete(this);
  }
}

/** As `navigator.locks`: one holds, the others wait in line. */
class Locks implements LocksLike {
  private line: { held: () => Promise<void>; signal: AbortSignal; fulfil: () => void; reject: (error: unknown) => void }[] = [];
  private busy = false;

  request(_: string, { signal }: { signal: AbortSignal }, held: () => Promise<void>): Promise<unknown> {
    return new Promise<void>((fulfil, reject) => {
      this.line.push({ held, signal, fulfil, reject });
      signal.addEventListener("abort", () => {
        this.line = this.line.filter((one) => one.held !== held);
        reject(signal.reason);
      });
      queueMicrotask(() => this.next());
    });
  }

  private next(): void {
    if (this.busy) return;
    const first = this.line.shift();
    if (!first) return;
    this.busy = true;
    void first.held().then(() => {
      this.busy = false;
      first.fulfil();
      this.next();
    });
  }
}

/** A page whose moments a test calls. */
export class Page implements PageLike {
  private readonly acts = { wake: new Set<() => void>(), hide: new Set<() => void>() };

  on(moment: "wake" | "hide", act: () => void): () => void {
    this.acts[moment].add(act);
    return () => void this.acts[moment].delete(act);
  }

  wake(): void {
    for (const act of [...this.acts.wake]) act();
  }

  hide(): void {
    for (const act of [...this.acts.hide]) act();
  }
}

/** A clock, a house, and clients of it. */
export class World {
  readonly clock = new Clock();
  readonly house = new House(this.clock);
  readonly page = new Page();
  private seed = 7;

  env(more: Partial<Env> = {}): Partial<Env> {
    const random = dice(this.seed++);
    return {
      now: this.clock.now,
      after: this.clock.after,
      random,
      bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
      socket: this.house.socket,
      fetch: this.house.fetch,
      channel: undefined,
      locks: undefined,
      page: this.page,
      indexedDB: undefined,
      ...more,
    };
  }

  member(options: Partial<ClientOptions> = {}, env: Partial<Env> = {}): KefuClient {
    return createClient({ base: "http://house", side: "member", token: async () => "member:101", env: this.env(env), ...options });
  }

  agent(options: Partial<ClientOptions> = {}, env: Partial<Env> = {}): KefuClient {
    return createClient({ base: "http://house", side: "admin", token: async () => "admin:7", env: this.env(env), ...options });
  }
}
