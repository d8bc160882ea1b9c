import { IDBFactory } from "fake-indexeddb";
import { describe, expect, test } from "vitest";
import { createClient } from "../src/client";
import { MemoryStorage, type NewEntry, type OutboxStorage } from "../src/storage";
import { openIndexedDb } from "../src/storage-idb";
import { settled } from "./support/clock";
import { World } from "./support/world";

function entry(key: string): NewEntry {
  return { key, draft: { content: key }, state: "queued", attempts: 0, createdAt: 1, notBefore: 1 };
}

describe.each<[string, () => Promise<[OutboxStorage, OutboxStorage]>]>([
  ["memory", async () => Array(2).fill(new MemoryStorage()) as [OutboxStorage, OutboxStorage]],
  [
    "IndexedDB",
    async () => {
      const factory = new IDBFactory();
      return [await openIndexedDb(factory, "box"), await openIndexedDb(factory, "box")];
    },
  ],
])("the outbox in %s", (_, open) => {
  test("gives positions in the order of adding, over all tabs", async () => {
    const [one, two] = await open();
    const positions = [await one.add(entry("a")), await two.add(entry("b")), await one.add(entry("c"))];
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect((await two.all()).map(({ key, position }) => [key, position])).toEqual(["a", "b", "c"].map((key, at) => [key, positions[at]]));
  });

  test("writes an entry down again, but not one that is gone", async () => {
    const [one, two] = await open();
    const position = await one.add(entry("a"));
    await two.put({ ...entry("a"), position, state: "failed", code: 400 });
    expect(await one.all()).toMatchObject([{ key: "a", state: "failed", code: 400, position }]);
    await one.remove("a");
    await two.put({ ...entry("a"), position });
    expect(await one.all()).toEqual([]);
    await one.remove("a");
  });

  test("remembers whose it is", async () => {
    const [one, two] = await open();
    expect(await one.owner()).toBeUndefined();
    await one.own("member:101");
    expect(await two.owner()).toBe("member:101");
  });
});

test("IndexedDB takes one entry for one key", async () => {
  const storage = await openIndexedDb(new IDBFactory(), "box");
  await storage.add(entry("a"));
  await expect(storage.add(entry("a"))).rejects.toBeDefined();
  expect(await storage.all()).toHaveLength(1);
});

describe("a client with IndexedDB", () => {
  test("sends after a restart what was written before it, in order and once", async () => {
    const world = new World();
    const indexedDB = new IDBFactory();
    world.house.away = true;
    const first = world.member({ account: "101" }, { indexedDB });
    for (const text of ["1", "2", "3"]) await first.send(text);
    first.stop();
    world.house.away = false;

    const second = world.member({ account: "101" }, { indexedDB });
    await world.clock.eventually(() => second.thread().messages.length === 3 && second.thread().outbox.length === 0);

    expect(second.thread().messages.map((message) => message.content)).toEqual(["1", "2", "3"]);
    expect(world.house.conversation(9).rows).toHaveLength(3);
    const third = world.member({ account: "101" }, { indexedDB });
    await world.clock.eventually(() => third.thread().messages.length === 3);
    expect(third.thread().outbox).toEqual([]);
    expect(await (await openIndexedDb(indexedDB, "kefu.1:http%3A%2F%2Fhouse:member:0:101")).all()).toEqual([]);
  });

  test("of another account does not see it", async () => {
    const world = new World();
    const indexedDB = new IDBFactory();
    world.house.away = true;
    const first = world.member({ account: "101" }, { indexedDB });
    await first.send("mine");
    const other = world.member({ account: "102", token: async () => "member:102" }, { indexedDB });
    await settled();
    expect(other.thread().outbox).toEqual([]);
  });

  test("goes on without it where the browser keeps nothing, and says so", async () => {
    const world = new World();
    const refusing = { open: () => { throw new DOMException("no", "SecurityError"); } } as unknown as IDBFactory;
    const client = world.member({ account: "101" }, { indexedDB: refusing });
    const errors: string[] = [];
    client.on("error", ({ message }) => errors.push(message));
    await client.send("hello");
    await world.clock.pass(1_000);
    expect(client.thread().messages).toHaveLength(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("not kept");
  });
});

test("a client without an address is a mistake of the page", () => {
  expect(() => createClient({ base: [], side: "member", token: async () => "" })).toThrow(TypeError);
});
