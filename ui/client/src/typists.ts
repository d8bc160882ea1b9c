/** Typing with its timers: ours to the server, others' on the screen. */

import type { Cancel, Env } from "./env.js";
import type { Message } from "./message.js";
import { OthersTyping, OwnTyping } from "./typing.js";
import type { Id } from "./wire.js";

/** Who hears of it. */
export interface TypistsListener {
  /** Tells the server. */
  say(conversation: Id, on: boolean): void;
  /** Somebody is to be shown, or no more. */
  shown(conversation: Id, from: string, on: boolean): void;
}

/** Everybody who types, ourselves included. */
export class Typists {
  private readonly ours = new Map<string, { typing: OwnTyping; alarm: Cancel }>();
  private readonly others = new OthersTyping();
  private alarm: Cancel = () => {};

  constructor(
    private readonly env: Env,
    private readonly listener: TypistsListener,
  ) {}

  /** We type, or stop; `undefined`: the time has come that was asked for. */
  own(conversation: Id, on: boolean | undefined): void {
    const key = String(conversation);
    const own = this.ours.get(key) ?? { typing: new OwnTyping(), alarm: () => {} };
    this.ours.set(key, own);
    own.alarm();
    const { say, askIn } = own.typing.want(on, this.env.now());
    if (say !== undefined) this.listener.say(conversation, say);
    if (askIn !== undefined) own.alarm = this.env.after(askIn, () => this.own(conversation, undefined));
  }

  /** What we typed was sent. */
  sent(conversation: Id): void {
    const own = this.ours.get(String(conversation));
    own?.alarm();
    own?.typing.sent();
  }

  /** Somebody else types, or stops. */
  heard(conversation: Id, from: string, on: boolean): void {
    if (this.others.hear(conversation, from, on, this.env.now())) this.listener.shown(conversation, from, on);
    this.watch();
  }

  /** Who said something has stopped typing it. */
  said(messages: readonly Message[]): void {
    for (const { conversation, from } of messages) {
      if (this.in(conversation).includes(from)) this.heard(conversation, from, false);
    }
  }

  /** Those who type in a conversation. */
  in(conversation: Id | undefined): string[] {
    return this.others.in(conversation);
  }

  /** A conversation is closed here. */
  forget(conversation: Id): void {
    this.ours.get(String(conversation))?.alarm();
    this.ours.delete(String(conversation));
  }

  stop(): void {
    this.alarm();
    for (const { alarm } of this.ours.values()) alarm();
  }

  private watch(): void {
    this.alarm();
    const rest = this.others.untilNext(this.env.now());
    if (rest === undefined) return;
    this.alarm = this.env.after(rest, () => {
      for (const { conversation, from } of this.others.expire(this.env.now())) this.listener.shown(conversation, from, false);
      this.watch();
    });
  }
}
