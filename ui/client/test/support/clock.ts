import type { Cancel } from "../../src/env";

/** Time that stands still until a test lets it go on. */
export class Clock {
  private time = 1_800_000_000_000;
  private last = 0;
  private readonly timers = new Map<number, { at: number; act: () => void }>();

  now = (): number => this.time;

  after = (ms: number, act: () => void): Cancel => {
    const id = ++this.last;
    this.timers.set(id, { at: this.time + ms, act });
    return () => void this.timers.delete(id);
  };

  /** Lets so many milliseconds pass; whatever is due happens in order, and what it promises is kept before the next. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    await settled();
    for (;;) {
      const next = [...this.timers].filter(([, { at }]) => at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (!next) break;
      this.timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].at);
      next[1].act();
      await settled();
    }
    this.time = until;
  }

  /** Lets time pass until this holds; fails after `ms`. */
  async until(holds: () => boolean, ms = 120_000): Promise<void> {
    const end = this.time + ms;
    await settled();
    while (!holds()) {
      const next = Math.min(...[...this.timers.values()].map(({ at }) => at));
      if (!(next <= end)) throw new Error(`it did not come to pass within ${ms} ms: ${holds}`);
      await this.pass(next - this.time);
    }
  }

  /** As {@link Clock.until}, beside work that takes turns of its own, such as a database's: time passes in small steps. */
  async eventually(holds: () => boolean): Promise<void> {
    for (let turn = 0; turn < 2_000; turn += 1) {
      if (holds()) return;
      await this.pass(10);
    }
    throw new Error(`it did not come to pass: ${holds}`);
  }

  get pending(): number {
    return this.timers.size;
  }
}

/** Every promise that can be kept without time passing is kept. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((go) => setImmediate(go));
}

/** Numbers that look random and are the same in every run. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
