/**
 * Which of several tabs leads, where the browser has no locks. Pure: it is told the time and what it heard, and answers
 * what to say and when to ask again.
 *
 * A tab that wants to lead says `claim` and waits. A leader that lives answers `lead` at once, out of its message handler
 * and not out of a timer, since browsers slow down the timers of hidden tabs; of two that claim, the one with the lower
 * name stays. So a silent leader loses its place only when it is gone, or frozen, and then it gives way when it thaws.
 */

/** What tabs say to each other about leading. */
export type Vote = { readonly vote: "claim" | "lead" | "leave"; readonly tab: string };

/** Milliseconds between two questions whether the leader lives. */
export const ASK_EVERY = 2_000;
/** Milliseconds that a claim stands before nobody objected. */
export const OBJECT_WITHIN = 300;

/** One tab's part in the election. */
export class Election {
  role: "leader" | "follower" | "candidate" | "absent" = "absent";
  /** When to call {@link Election.tick} next, milliseconds. */
  next = Infinity;

  /** `tab`: a name that no other tab has. */
  constructor(private readonly tab: string) {}

  /** Takes part from now on. */
  join(now: number): Vote[] {
    return this.claim(now);
  }

  /** Takes part no more. */
  leave(): Vote[] {
    const was = this.role;
    this.role = "absent";
    this.next = Infinity;
    return was === "leader" ? [this.say("leave")] : [];
  }

  /** The time has come that {@link Election.next} named. */
  tick(now: number): Vote[] {
    if (now < this.next) return [];
    if (this.role === "candidate") {
      this.role = "leader";
      this.next = Infinity;
      return [this.say("lead")];
    }
    return this.role === "follower" ? this.claim(now) : [];
  }

  /** Another tab said something. */
  hear(vote: Vote, now: number): Vote[] {
    if (this.role === "absent" || vote.tab === this.tab) return [];
    switch (vote.vote) {
      case "lead":
        if (this.role === "leader" && this.tab < vote.tab) return [this.say("lead")];
        return this.follow(now);
      case "claim":
        if (this.role === "leader") return [this.say("lead")];
        if (this.role === "candidate") return this.tab < vote.tab ? [this.say("claim")] : this.follow(now);
        return [];
      case "leave":
        return this.claim(now);
    }
  }

  private follow(now: number): Vote[] {
    this.role = "follower";
    this.next = now + ASK_EVERY;
    return [];
  }

  private claim(now: number): Vote[] {
    this.role = "candidate";
    this.next = now + OBJECT_WITHIN;
    return [this.say("claim")];
  }

  private say(vote: Vote["vote"]): Vote {
    return { vote, tab: this.tab };
  }
}
