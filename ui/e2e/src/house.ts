/** A server, the network before it, and what its database holds, asked over its own API past that network. */

import { Gate } from "./gate.js";
import { Server } from "./server.js";

/** One message as the database has it. */
export interface Row {
  id: number;
  conversation: number;
  seq: number;
  by: "member" | "agent" | "house";
  text: string;
  key: string | undefined;
  read: boolean;
  revoked: boolean;
  deleted: boolean;
}

interface MallRow {
  id: number;
  conversationId: number;
  seq: number;
  senderType: number | null;
  contentType: number;
  content: string;
  clientMsgId?: string;
  readStatus: boolean;
  revoked?: boolean;
  deleted?: boolean;
}

const MESSAGE = { member: "/app-api/promotion/kefu-message", agent: "/admin-api/promotion/kefu-message" };
let members = 1_000;
let keys = 0;

/** Opens with {@link House.open}, and closes with {@link House.close}. */
export class House {
  private constructor(
    readonly server: Server,
    readonly gate: Gate,
  ) {}

  static async open(): Promise<House> {
    const server = await Server.start();
    return new House(server, await Gate.before(server.port));
  }

  async close(): Promise<void> {
    await this.gate.close();
    await this.server.remove();
  }

  /** Somebody new. */
  newMember(): number {
    return (members += 1);
  }

  /** Killed in the middle of things, and started again on the same file. */
  async crash(): Promise<void> {
    await this.server.kill();
    await this.server.start();
    this.gate.lead(this.server.port);
  }

  /** Asked to stop, and started again. */
  async restart(): Promise<void> {
    await this.server.stop();
    await this.server.start();
    this.gate.lead(this.server.port);
  }

  async tokens(member: number): Promise<{ member: string; agent: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.server.port}/demo/session?member=${member}`);
    const { data } = (await answer.json()) as { data: Record<"member" | "agent", { token: string }> };
    return { member: data.member.token, agent: data.agent.token };
  }

  /** Says something as the mall's pages do, from somewhere with a better network. */
  async say(side: "member" | "agent", member: number, text: string, conversationId?: number): Promise<void> {
    const body = { contentType: 1, content: JSON.stringify({ text }), clientMsgId: `house-${(keys += 1)}`, conversationId };
    await this.post(side, member, body);
  }

  /** Sends this body; answers the message's id. */
  post(side: "member" | "agent", member: number, body: object): Promise<unknown> {
    return this.ask(side, member, "POST", `${MESSAGE[side]}/send`, body);
  }

  /** Everything that the database holds of a member's conversation, as one side may see it. */
  async rows(member: number, side: "member" | "agent" = "member", conversation?: number): Promise<Row[]> {
    const rows: Row[] = [];
    const whose = conversation === undefined ? "" : `conversationId=${conversation}&`;
    for (;;) {
      const page = (await this.ask(side, member, "GET", `${MESSAGE[side]}/list?${whose}sinceSeq=${rows.length}&limit=200`)) as MallRow[];
      rows.push(...page.map(rowOf));
      if (page.length < 200) return rows;
    }
  }

  private async ask(side: "member" | "agent", member: number, method: string, path: string, body?: object): Promise<unknown> {
    const token = (await this.tokens(member))[side];
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = body ? { method, headers, body: JSON.stringify(body) } : { method, headers };
    const answer = await fetch(`http://127.0.0.1:${this.server.port}${path}`, init);
    const { code, msg, data } = (await answer.json()) as { code: number; msg: string; data: unknown };
    if (code !== 0) throw new Error(`${method} ${path}: ${code} ${msg}`);
    return data;
  }
}

function rowOf(row: MallRow): Row {
  const by = row.senderType === 1 ? "member" : row.senderType === 2 ? "agent" : "house";
  const { id, conversationId: conversation, seq, clientMsgId: key, readStatus: read } = row;
  const { revoked = false, deleted = false } = row;
  return { id, conversation, seq, by, key, read, revoked, deleted, text: deleted ? "" : textOf(row) };
}

/** Texts come escaped for the mall's own pages, in one pass. */
function textOf({ contentType, content }: MallRow): string {
  const text = contentType === 1 ? (JSON.parse(content) as { text: string }).text : content;
  return text.replace(/&(lt|gt|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", amp: "&" })[name] ?? "");
}
