// The demo: asks the server for two identities, and puts a member beside an agent.

import { AgentPane } from "./agent.js";
import { el, fill } from "./dom.js";
import { MemberPane } from "./member.js";
import { Person } from "./person.js";

const stage = document.getElementById("stage");
const newMember = document.getElementById("new-member");

/** Which member the page begins with: `/demo?member=102`. */
const asked = Number(new URLSearchParams(location.search).get("member")) || undefined;

/** Ready identities; only a server in development mode gives them away. */
async function session(member) {
  const response = await fetch(member ? `/demo/session?member=${member}` : "/demo/session");
  const answer = await response.json();
  return answer.data?.member && answer.data?.agent ? answer.data : null;
}

function play({ member, agent, legacyEscape }) {
  const escaped = legacyEscape !== false;
  const fresh = async (side, id) => (await session(id).catch(() => null))?.[side].token ?? null;
  const meet = (who) => new MemberPane(new Person("member", who, () => fresh("member", who.id), escaped));
  let memberPane = meet(member);
  fill(stage, memberPane.node, new AgentPane(new Person("admin", agent, () => fresh("agent"), escaped)).node);

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
    const keep = (side, { field }) => new Person(side, { token: field.value.trim() }, async () => null, true);
    fill(stage, new MemberPane(keep("member", member)).node, new AgentPane(keep("admin", agent)).node);
  };
  fill(stage, el("form", { class: "tokens", onsubmit: start },
    el("p", {}, "这台服务器不在开发模式，请粘贴两个令牌。This server is not in development mode: paste two tokens."),
    member.row, agent.row,
    el("button", { type: "submit", class: "primary" }, "开始 · Start")));
}

const ready = await session(asked).catch(() => null);
if (ready) play(ready);
else askForTokens();
