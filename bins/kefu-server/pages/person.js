// One of the two people on the page: a token, the client that stands on it, and the requests that are the mall's own.

/** Somebody with a token. */
export class Person {
  /** `renew` gets a fresh token when the old one was refused, or `null`. `escaped`: the server's `legacy_escape`. */
  constructor(side, { token, id, nickname }, renew, escaped) {
    Object.assign(this, { side, token, id, nickname, renew, escaped });
  }

  /** The name on the screen. */
  get name() {
    return [this.nickname, this.id === undefined ? null : `#${this.id}`].filter(Boolean).join(" ");
  }

  /** A client of this person. Without an id nothing is kept, since two people might share what is. */
  connect() {
    return window.Kefu.createClient({
      base: location.origin,
      side: this.side,
      account: this.id === undefined ? undefined : String(this.id),
      token: (refused) => this.current(refused),
      escapedLists: this.escaped,
    });
  }

  async current(refused) {
    if (refused) this.token = (await this.renew()) ?? this.token;
    return this.token;
  }

  /** Where a file went that was uploaded. */
  async upload(file) {
    const form = new FormData();
    form.append("file", file);
    const area = this.side === "member" ? "/app-api" : "/admin-api";
    return this.ask("POST", `${area}/infra/file/upload`, form);
  }

  /** The data of the answer, or an `Error` whose message may be shown. */
  async ask(method, path, body, again = true) {
    const headers = { authorization: `Bearer ${this.token}` };
    const isForm = body instanceof FormData;
    if (body !== undefined && !isForm) headers["content-type"] = "application/json";
    let answer;
    try {
      const sent = isForm || body === undefined ? body : JSON.stringify(body);
      const response = await fetch(path, { method, headers, body: sent, signal: AbortSignal.timeout(20_000) });
      answer = await response.json();
    } catch {
      throw new Error("服务器没有回应 · no answer from the server");
    }
    if (answer.code === 401 && again) {
      await this.current(true);
      return this.ask(method, path, body, false);
    }
    if (answer.code !== 0) throw new Error(answer.msg);
    return answer.data;
  }
}
