/** Everything outside that the client touches: clock, dice, network, other tabs, the page. Tests bring their own. */

/** Calls something off. */
export type Cancel = () => void;

/** As much of a `WebSocket` as is used. The `ws` package has it too. */
export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** As much of a `BroadcastChannel` as is used. */
export interface ChannelLike {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** As much of `navigator.locks` as is used. */
export interface LocksLike {
  request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<unknown>;
}

/** What happens to the page: it is looked at again or has a network again, or it goes. */
export interface PageLike {
  /** Calls `act` at each such moment until called off. */
  on(moment: "wake" | "hide", act: () => void): Cancel;
}

/** The world around a client. */
export interface Env {
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 up to, but without, 1. */
  random(): number;
  /** Bytes that nobody can guess. */
  bytes(count: number): Uint8Array;
  /** Runs `act` once, `ms` milliseconds from now, unless called off. */
  after(ms: number, act: () => void): Cancel;
  socket(url: string, protocol: string): SocketLike;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Other tabs of the same site; absent where there are none. */
  channel?: ((name: string) => ChannelLike) | undefined;
  locks?: LocksLike | undefined;
  page?: PageLike | undefined;
  indexedDB?: IDBFactory | undefined;
}

/** The browser that this runs in, or Node as far as it has the same things. */
export function surroundings(): Env {
  const here = globalThis as typeof globalThis & { BroadcastChannel?: typeof BroadcastChannel };
  const inPage = typeof document !== "undefined";
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    after: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    socket: (url, protocol) => new WebSocket(url, protocol) as unknown as SocketLike,
    fetch: (url, init) => fetch(url, init),
    channel:
      inPage && here.BroadcastChannel
        ? (name) => new BroadcastChannel(name) as unknown as ChannelLike
        : undefined,
    locks: inPage ? (navigator.locks as unknown as LocksLike | undefined) : undefined,
    page: inPage ? browserPage() : undefined,
    indexedDB: inPage ? here.indexedDB : undefined,
  };
}

function browserPage(): PageLike {
  const wakes: [EventTarget, string, () => boolean][] = [
    [window, "online", () => true],
    [window, "pageshow", () => true],
    [document, "visibilitychange", () => document.visibilityState === "visible"],
  ];
  return {
    on(moment, act) {
      const watched: [EventTarget, string, () => boolean][] = moment === "wake" ? wakes : [[window, "pagehide", () => true]];
      const listeners = watched.map(([target, name, holds]) => {
        const listener = () => {
          if (holds()) act();
        };
        target.addEventListener(name, listener);
        return () => target.removeEventListener(name, listener);
      });
      return () => listeners.forEach((remove) => remove());
    },
  };
}
