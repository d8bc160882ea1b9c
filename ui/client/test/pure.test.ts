import { describe, expect, test } from "vitest";
import { LONGEST, pause } from "../src/backoff";
import { Desk } from "../src/desk";
import { surroundings } from "../src/env";
import { sendBody, sendFrame, wellFormedDraft, type Draft } from "../src/draft";
import { historyMessage, shown } from "../src/mall";
import { Outbox, type Entry } from "../src/outbox";
import { Pulls } from "../src/pulls";
import { Receipts } from "../src/receipts";
import { Roster } from "../src/roster";
import { Thread } from "../src/thread";
import { OwnTyping } from "../src/typing";
import { parse, sameId } from "../src/wire";
import { dice, settled } from "./support/clock";

describe("a pause", () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [5, 16_000],
    [6, LONGEST],
    [1_000, LONGEST],
  ])("after %i failures is anything up to %i ms", (failures, ceiling) => {
    const random = dice(failures);
    const pauses = Array.from({ length: 2_000 }, () => pause(failures, random));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(ceiling);
    expect(Math.max(...pauses)).toBeGreaterThan(ceiling * 0.98);
    expect(Math.min(...pauses)).toBeLessThan(ceiling * 0.02);
  });
});

describe("a draft goes up", () => {
  const table: [string, Draft, object, [number, string]][] = [
    ["text", { content: 'a "b" <c>' }, { style: "normal", kind: "text", content: 'a "b" <c>' }, [1, '{"text":"a \\"b\\" <c>"}']],
    ["picture", { kind: "picture", content: "/p.png" }, { kind: "picture", content: "/p.png" }, [2, '{"picUrl":"/p.png"}']],
    ["voice", { kind: "audio", content: "/a.mp3", duration: 3 }, { kind: "audio", ext: { duration: 3 } }, [3, '{"url":"/a.mp3","duration":3}']],
    ["video", { kind: "video", content: "/v.mp4" }, { kind: "video" }, [4, '{"url":"/v.mp4"}']],
    ["file", { kind: "file", content: "/f.pdf", name: "f.pdf", size: 9 }, { kind: "file", ext: { name: "f.pdf", size: 9 } }, [6, '{"url":"/f.pdf","name":"f.pdf","size":9}']],
    ["product", { style: "card", content: '{"spuId":1}' }, { style: "card" }, [10, '{"spuId":1}']],
    ["order", { style: "order", content: '{"items":[]}' }, { style: "order" }, [11, '{"items":[]}']],
    ["invitation to rate", { style: "assess", content: "{}" }, { style: "assess" }, [12, "{}"]],
  ];
  test.each(table)("%s, over the socket and over HTTP", (_, draft, frame, [contentType, content]) => {
    expect(sendFrame(draft, "k1", 9)).toMatchObject({ action: "send", ...frame });
    expect(sendFrame(draft, "k1", 9).ext).toMatchObject({ client_msg_id: "k1", conversation: 9 });
    expect(sendBody({ ...draft, quote: 5 }, "k1", 9)).toEqual({ conversationId: 9, contentType, content, clientMsgId: "k1", quoteId: 5 });
  });

  test.each(table)("%s, and what the mall's list shows of it is the same", (_, draft, __, [contentType, content]) => {
    const { style, kind, content: back, ...rest } = shown(contentType, content, false);
    const { quote: ___, ...expected } = { style: "normal", kind: "text", ...draft };
    expect({ ...rest, style, content: back }).toEqual({ ...expected, kind: undefined });
    if (style === "normal") expect(kind).toBe(draft.kind ?? "text");
  });
});

describe("where a click leads", () => {
  const url = "https://mall.example/a?b=1&c=你";
  const ends = `"url":"${url}"}`;
  const table: [string, Draft, [number, string]][] = [
    ["of a text", { content: 'a "b"' }, [1, `{"text":"a \\"b\\"",${ends}`]],
    ["of a long text, which stays wrapped", { content: "长".repeat(8_185) }, [1, `{"text":"${"长".repeat(8_185)}",${ends}`]],
    ["of a card", { style: "card", content: ' {"spuId": 1, "price":8900 } \n' }, [10, ` {"spuId": 1, "price":8900 ,${ends}`]],
    ["of an order", { style: "order", content: '{"items":[{}]}' }, [11, `{"items":[{}],${ends}`]],
    ["of a card without members", { style: "card", content: "{ }" }, [10, `{ ${ends}`]],
  ];
  test.each(table)("%s goes with the frame, and over HTTP into the content as the server puts it there", (_, draft, [contentType, content]) => {
    expect(sendFrame({ ...draft, url }, "k1")).toMatchObject({ content: draft.content, url });
    expect(sendBody({ ...draft, url }, "k1")).toEqual({ contentType, content, clientMsgId: "k1" });
    expect(shown(contentType, content, false)).toMatchObject({ url });
    expect(JSON.parse(content)).toMatchObject({ url });
  });

  test.each([
    ["a card's own address", '{"spuId":1,"url":"/own"} ', "/other"],
    ["a card that is no object", "[1]", "/other"],
    ["a card without an address", '{"spuId":1}', undefined],
    ["a card with an empty one", '{"spuId":1}', ""],
  ])("%s leaves the content as it is", (_, content, other) => {
    expect(sendBody({ style: "card", content, ...(other === undefined ? {} : { url: other }) }, "k")["content"]).toBe(content);
  });

  test("an empty address is none, and one that JSON has to escape is escaped", () => {
    expect("url" in sendFrame({ content: "a", url: "" }, "k")).toBe(false);
    expect(sendBody({ content: "a", url: "" }, "k")["content"]).toBe('{"text":"a"}');
    expect(sendBody({ style: "card", content: "{}", url: 'a"\n' }, "k")["content"]).toBe('{"url":"a\\"\\n"}');
  });

  test.each(["http://a", "https://a/b?c=d#e", "/", "/a/b"].map((text) => [text, text !== "/"] as const))("%s is one: %s", (address, is) => {
    for (const contentType of [1, 10, 11]) {
      const { url } = shown(contentType, JSON.stringify({ text: "a", url: address }), true);
      expect(url).toBe(is ? address : undefined);
    }
  });

  const bad = ["", "//a", "http:///a", "https://", "a", "javascript:alert(1)", "HTTP://a", " /a", "/a b", "/a\u00a0b", "/a\nb", '/"', "/'", "/<", "/>", "/`", "/\\a", 3, null, ["/a"]];
  test.each(bad)("%j is none", (address) => {
    for (const contentType of [1, 10, 11]) expect("url" in shown(contentType, JSON.stringify({ text: "a", url: address }), false)).toBe(false);
  });

  test("other contents have none besides their own", () => {
    for (const contentType of [2, 3, 4, 5, 6, 12]) expect("url" in shown(contentType, '{"picUrl":"/p","url":"/a"}', false)).toBe(false);
  });

  test("a message has the same one in the mall's spelling and as an envelope, its text alone unescaped", () => {
    const mall = { id: 7, conversationId: 9, senderId: 7, senderType: 2, contentType: 1, content: '{"text":"1 &lt; 2","url":"/a?b&lt;=1"}', createTime: 5, seq: 3, change: 4 };
    const envelope = { category: "manager", from: "admin:7", style: "normal", kind: "text", content: "1 < 2", url: "/a?b&lt;=1", id: 7, created_at: 5, ext: { conversation: 9, seq: 3, change: 4 } };
    expect(historyMessage(mall, true)).toEqual(historyMessage(envelope, true));
  });
});

test("a text that only its wrapping makes too long goes unwrapped, as the server itself would write it", () => {
  const long = "长".repeat(8_185);
  expect(sendBody({ content: long }, "k")["content"]).toBe(long);
  expect(sendBody({ content: `{${long}` }, "k")["content"]).toBe(JSON.stringify({ text: `{${long}` }));
  expect(sendBody({ content: long.slice(10) }, "k")["content"]).toBe(JSON.stringify({ text: long.slice(10) }));
});

test("a list's escaping is undone in one pass, and only where there is any", () => {
  expect(shown(1, '{"text":"1 &lt; 2 &amp;&amp; &amp;lt;"}', true).content).toBe("1 < 2 && &lt;");
  expect(shown(1, '{"text":"&lt;"}', false).content).toBe("&lt;");
  expect(shown(5, "消息已撤回", true)).toEqual({ style: "toast", kind: "text", content: "消息已撤回" });
});

test("a history page is understood in the mall's spelling and as envelopes", () => {
  const mall = { id: 7, conversationId: 9, senderId: 101, senderType: 1, contentType: 1, content: '{"text":"hi"}', createTime: 5, seq: 3, change: 4, clientMsgId: "k" };
  const envelope = { category: "customer", from: "member:101", style: "normal", kind: "text", content: "hi", id: 7, created_at: 5, ext: { conversation: 9, seq: 3, change: 4, client_msg_id: "k" } };
  expect(historyMessage(mall, true)).toEqual(historyMessage(envelope, true));
  expect(historyMessage({ ...mall, revoked: true, contentType: 5, content: "消息已撤回" }, true)).toMatchObject({ revoked: true, style: "toast" });
  expect(historyMessage({ ...mall, deleted: true, content: "" }, true)).toMatchObject({ deleted: true, content: "" });
});

test("an id is the same as number and as text", () => {
  expect(sameId(9, "9")).toBe(true);
  expect(sameId("9007199254740993", "9007199254740992")).toBe(false);
  expect(sameId(undefined, undefined)).toBe(false);
});

test.each(["", "nonsense", "[]", "null", "3", '{"ext":3}', '{"ext":[]}'])("%s is no frame", (text) => {
  expect(parse(text)).toBeUndefined();
});

describe("the outbox", () => {
  const entry = (key: string, position: number, conversation?: number): Entry => ({ key, position, conversation, draft: { content: key }, state: "queued", attempts: 0, createdAt: 0, notBefore: 0 });

  test("has one entry of each conversation on its way", () => {
    const outbox = new Outbox(() => 0.5);
    for (const one of [entry("b1", 2, 2), entry("a1", 1, 1), entry("a2", 3, 1), entry("m", 4)]) outbox.put(one);
    expect(outbox.due(0).ready.map(({ key }) => key)).toEqual(["a1", "b1", "m"]);
    outbox.start("a1");
    expect(outbox.due(0).ready.map(({ key }) => key)).toEqual(["b1", "m"]);
    outbox.stored("a1", 5, 1);
    expect(outbox.due(0).ready.map(({ key }) => key)).toEqual(["a2", "b1", "m"].sort((x, y) => (x === "b1" ? -1 : y === "b1" ? 1 : 0)));
  });

  test("doubles its patience and obeys the server's", () => {
    const outbox = new Outbox(() => 1);
    outbox.put(entry("a", 1));
    for (const [code, retryAfter, waits] of [[0, undefined, 1_000], [503, undefined, 2_000], [429, 9_000, 9_000], [0, 10, 8_000]] as const) {
      outbox.start("a");
      outbox.refused("a", { code, retryAfter }, 100);
      expect(outbox.untilDue(100)).toBe(waits);
    }
  });

  test("wakes what waits for the network, and not what the server put off", () => {
    const outbox = new Outbox(() => 1);
    for (const key of ["a", "b"]) {
      outbox.put({ ...entry(key, 1), conversation: key });
      outbox.start(key);
    }
    outbox.refused("a", { code: 0 }, 0);
    outbox.refused("b", { code: 429, retryAfter: 5_000 }, 0);
    outbox.wake(0);
    expect(outbox.due(0).ready.map(({ key }) => key)).toEqual(["a"]);
  });

  test("gives a defect of the server five attempts", () => {
    const outbox = new Outbox(() => 0);
    outbox.put(entry("a", 1));
    for (let n = 1; n <= 5; n += 1) {
      expect(outbox.get("a")?.state).toBe("queued");
      outbox.start("a");
      outbox.refused("a", { code: 500 }, 0);
    }
    expect(outbox.get("a")).toMatchObject({ state: "failed", code: 500 });
  });

  test("lets an entry wait that loses one connection after the other", () => {
    const outbox = new Outbox(() => 1);
    outbox.put(entry("a", 1));
    for (let n = 1; n <= 2; n += 1) {
      outbox.start("a");
      outbox.lost("a", 0);
      expect(outbox.untilDue(0)).toBe(0);
    }
    outbox.start("a");
    outbox.lost("a", 0);
    outbox.wake(0);
    expect(outbox.untilDue(0)).toBe(4_000);
  });

  test("does not wait for years when the clock was put back", () => {
    const outbox = new Outbox(() => 1);
    outbox.put({ ...entry("a", 1), createdAt: 1e12, notBefore: 1e12 });
    expect(outbox.due(0).ready).toHaveLength(1);
  });
});

test("receipts go at once when the last is old, and gather otherwise", () => {
  const receipts = new Receipts();
  receipts.applied([9, 1, 1]);
  expect(receipts.due(0)).toEqual({ tell: [[9, 1, 1]] });
  receipts.applied([9, 2, 2]);
  receipts.applied([9, 3, 3]);
  receipts.applied([10, 1, 1]);
  expect(receipts.due(300)).toEqual({ askIn: 700 });
  expect(receipts.due(1_000)).toEqual({ tell: [[9, 3, 3], [10, 1, 1]] });
  expect(receipts.due(5_000)).toEqual({});
});

test("typing goes on being said as long as somebody types, and nothing is said by who never did", () => {
  const typing = new OwnTyping();
  expect(typing.want(false, 0)).toEqual({});
  const said = [];
  for (let now = 0; now <= 6_000; now += 500) said.push(typing.want(true, now).say);
  expect(said.filter((one) => one === true)).toHaveLength(3);
});

test("who types on right after a message says so again, since the message took it from the screens", () => {
  const typing = new OwnTyping();
  expect(typing.want(true, 0)).toEqual({ say: true });
  typing.sent();
  expect(typing.want(false, 100)).toEqual({});
  expect(typing.want(true, 500)).toEqual({ askIn: 2_000 });
  expect(typing.want(undefined, 2_500)).toEqual({ say: true });
});

describe("the desk's list", () => {
  const line = { id: 9, userId: 101, lastMessageTime: 5, lastMessageContent: '{"text":"a &amp; b"}', lastMessageContentType: 1, adminPinned: false, adminDeleted: false, adminUnreadMessageCount: 2, adminReadSeq: 1, seq: 3, change: 3 };

  test("is ordered: pinned, then newest, and without what is hidden", () => {
    const roster = new Roster();
    roster.load([line, { ...line, id: 10, lastMessageTime: 9 }, { ...line, id: 11, adminPinned: true }, { ...line, id: 12, adminDeleted: true }], 4, true);
    expect(roster.lines.map(({ conversation }) => conversation)).toEqual([11, 10, 9]);
    expect(roster.lines[0]?.preview.content).toBe("a & b");
    expect(roster.asOf).toBe(4);
  });

  test("is asked for what changed by as many pages as it takes, and then from when the first was read", async () => {
    const asked: unknown[] = [];
    const pages = [["10", 4_000], ["20", 5_000], [undefined, 6_000], [undefined, 9_000]] as const;
    const ask = async (_: string, __: string, { query }: { query: unknown }) => {
      const [next, asOf] = pages[asked.length] ?? [undefined, 0];
      asked.push(query);
      return { data: [], headers: new Headers({ "kefu-as-of": String(asOf), ...(next ? { "kefu-next": next } : {}) }) };
    };
    const desk = new Desk(surroundings(), { ask } as never, true, { line: () => {}, trouble: () => {} });
    desk.roster.asOf = 1_000;

    desk.refresh();
    await settled();
    desk.refresh();
    await settled();

    const first = { changedSince: 1_000 };
    expect(asked).toEqual([first, { ...first, after: "10" }, { ...first, after: "20" }, { changedSince: 4_000 }]);
    expect(desk.roster.asOf).toBe(9_000);
  });

  test("takes no older line for a newer one", () => {
    const roster = new Roster();
    roster.load([line], 1, true);
    roster.load([{ ...line, change: 2, adminUnreadMessageCount: 7 }], 2, true);
    expect(roster.line(9)?.unread).toBe(2);
  });

  test.each([
    ["one that is known", 3, false, false],
    ["the next", 4, true, false],
    ["one with a gap before it", 6, true, true],
  ])("a frame with %s change", (_, change, touched, stale) => {
    const roster = new Roster();
    roster.load([line], 1, true);
    expect(roster.step({ conversation: 9, change, pinned: true })).toEqual({ touched, stale });
    expect(roster.line(9)?.pinned).toBe(touched);
  });

  test("takes the number of unread messages from the frame that says it, and asks where none does", () => {
    const roster = new Roster();
    roster.load([line], 1, true);
    expect(roster.step({ conversation: 9, change: 4, read: { by: "desk", seq: 2 }, unread: 1 })).toEqual({ touched: true, stale: false });
    expect(roster.line(9)?.unread).toBe(1);
    expect(roster.step({ conversation: 9, change: 5, read: { by: "desk", seq: 2.5 } }).stale).toBe(true);
  });

  test("a frame of a conversation that is not in it asks for the list", () => {
    expect(new Roster().step({ conversation: 9, change: 1 })).toEqual({ touched: false, stale: true });
  });
});

describe("a question that the server put off", () => {
  const doubting = () => {
    const thread = new Thread(9, "member");
    thread.begin("a1");
    thread.doubt();
    return thread;
  };

  test("is asked again when the server wishes, even if the cursor moves meanwhile, and less and less often", () => {
    const [pulls, thread] = [new Pulls(), doubting()];
    pulls.due([thread], 0);
    pulls.postpone(thread, 7_000, 0);
    thread.epoch = "b2";
    expect(pulls.due([thread], 6_999)).toEqual({ ask: [], askIn: 1 });
    expect(pulls.due([thread], 7_000).ask).toEqual([thread]);
    pulls.postpone(thread, 7_000, 8_000);
    expect(pulls.due([thread], 8_000).askIn).toBe(14_000);
    pulls.postpone(thread, 100_000, 8_000);
    expect(pulls.due([thread], 8_000).askIn).toBe(100_000);
  });

  test("waits as for an answer that did not come where no time was named", () => {
    const [pulls, thread] = [new Pulls(), doubting()];
    pulls.due([thread], 0);
    pulls.postpone(thread, undefined, 0);
    expect(pulls.due([thread], 0).askIn).toBe(10_000);
  });
});

test.each([
  ["half an emoji \ud83d", "half an emoji \ufffd"],
  ["\ude00 the other half", "\ufffd the other half"],
  ["whole \u{1f600} ones", "whole \u{1f600} ones"],
])("a text of which no UTF-8 can be made is made one of which it can: %j", (text, sent) => {
  expect(wellFormedDraft({ content: text, kind: "file", name: text })).toEqual({ content: sent, kind: "file", name: sent });
  expect(wellFormedDraft({ content: text, url: text })).toEqual({ content: sent, url: sent });
});
