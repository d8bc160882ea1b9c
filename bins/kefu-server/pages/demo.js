// The demo: asks the server for two identities, and puts a member beside an agent.

import { AgentPane } from "./agent.js";
import { textsAreEscaped } from "./bubble.js";
import { Api } from "./client.js";
import { el, fill } from "./dom.js";
import { MemberPane } from "./member.js";

const stage = document.getElementById("stage");
const newMember = document.getElementById("new-member");

/** Ready identities; only a server in development mode gives them away. */
async function session(member) {
  const response = await fetch(member ? `/demo/session?member=${member}` : "/demo/session");
  const answer = await response.json();
  return answer.data?.member && answer.data?.agent ? answer.data : null;
}

/** A fresh token of the same person. */
async function renewed(side, member) {
  try {
    return (await session(member))?.[side].token ?? null;
  } catch {
    return null;
  }
}

function play({ member, agent, legacyEscape }) {
  textsAreEscaped(legacyEscape !== false);
  const agentPane = new AgentPane(new Api(agent.token, () => renewed("agent", member.id)), agent);
  const meet = (person) => new MemberPane(new Api(person.token, () => renewed("member", person.id)), person);
  let memberPane = meet(member);
  fill(stage, memberPane.node, agentPane.node);

  newMember.hidden = false;
  newMember.addEventListener("click", async () => {
    const next = await session(100_000 + Math.floor(Math.random() * 900_000)).catch(() => null);
    if (!next) return;
    memberPane.close();
    memberPane = meet(next.member);
    stage.prepend(memberPane.node);
  });
}

/** Outside development mode whoever wants to try brings tokens of their own. */
function askForTokens() {
  const [member, agent] = ["会员 · Member", "客服 · Agent"].map((label) => {
    const field = el("input", { type: "password", autocomplete: "off", required: true });
    return { field, row: el("label", {}, `${label} token`, field) };
  });
  const start = (event) => {
    event.preventDefault();
    const [memberToken, agentToken] = [member.field.value.trim(), agent.field.value.trim()];
    const keep = (token) => new Api(token, async () => null);
    fill(stage, new MemberPane(keep(memberToken), {}).node, new AgentPane(keep(agentToken), {}).node);
  };
  fill(stage, el("form", { class: "tokens", onsubmit: start },
    el("p", {}, "这台服务器不在开发模式，请粘贴两个令牌。This server is not in development mode: paste two tokens."),
    member.row, agent.row,
    el("button", { type: "submit", class: "primary" }, "开始 · Start")));
}

const ready = await session().catch(() => null);
if (ready) play(ready);
else askForTokens();
