// One caller of the server: requests over HTTP, and a socket that comes back.

/** How often the server hears `ping`; it holds back what belongs to a socket silent for 15 s. */
const PING_EVERY = 4_000;
/** A socket without a `pong` for this long is taken for dead. */
const PONG_WITHIN = 4_000;
/** The pause before a new attempt, for each attempt in a row. */
const PAUSES = [500, 1_000, 2_000, 3_000];

/** What went wrong. Code 0: the server was not reached, or did not answer as it should. */
export class Trouble extends Error {
  constructor(code, message, retryAfter = 0) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may go well later. */
  get passes() {
    return [0, 429, 503].includes(this.code);
  }
}

/** Requests in somebody's name. */
export class Api {
  /** `renew` gets a fresh token when the old one has expired, or `null`. */
  constructor(token, renew) {
    this.token = token;
    this.renew = renew;
  }

  get(path, query) {
    return this.ask("GET", path, { query });
  }

  post(path, body) {
    return this.ask("POST", path, { json: body });
  }

  put(path, query, body) {
    return this.ask("PUT", path, { query, json: body });
  }

  remove(path, query) {
    return this.ask("DELETE", path, { query });
  }

  upload(path, file) {
    const form = new FormData();
    form.append("file", file);
    return this.ask("POST", path, { form });
  }

  /** `{data, headers}`, or a `Trouble`. */
  async ask(method, path, parts, again = true) {
    try {
      return await this.once(method, path, parts);
    } catch (trouble) {
      if (trouble.code !== 401 || !again) throw trouble;
      const token = await this.renew();
      if (!token) throw trouble;
      this.token = token;
      return this.ask(method, path, parts, false);
    }
  }

  async once(method, path, { query = {}, json, form }) {
    const wanted = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
    const address = wanted.length ? `${path}?${new URLSearchParams(wanted)}` : path;
    const headers = { authorization: `Bearer ${this.token}` };
    if (json !== undefined) headers["content-type"] = "application/json";
    let response, answer;
    try {
      const body = json === undefined ? form : JSON.stringify(json);
      response = await fetch(address, { method, headers, body, signal: AbortSignal.timeout(20_000) });
      answer = await response.json();
    } catch {
      throw new Trouble(0, "服务器没有回应 · no answer from the server");
    }
    if (answer.code === 0) return { data: answer.data, headers: response.headers };
    throw new Trouble(answer.code ?? 0, answer.msg ?? "", Number(response.headers.get("retry-after")) || 0);
  }
}

/** A socket in the mall's dialect that comes back by itself. */
export class Line {
  /** `heard(type, content)` for each frame, `up()` after each (re)connect, `down()` when it is lost. */
  constructor(api, { heard, up, down }) {
    this.api = api;
    this.heard = heard;
    this.up = up;
    this.down = down;
    this.failures = 0;
    this.closed = false;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/infra/ws?token=${encodeURIComponent(this.api.token)}`);
    let pinging, overdue;
    const ping = () => {
      socket.send("ping");
      overdue ??= setTimeout(() => socket.close(), PONG_WITHIN);
    };
    socket.onopen = () => {
      this.failures = 0;
      ping();
      pinging = setInterval(ping, PING_EVERY);
      this.up();
    };
    socket.onmessage = ({ data }) => {
      clearTimeout(overdue);
      overdue = undefined;
      if (data !== "pong") this.hear(data);
    };
    socket.onclose = () => {
      clearInterval(pinging);
      clearTimeout(overdue);
      if (this.closed) return;
      this.down();
      const pause = PAUSES[Math.min(this.failures++, PAUSES.length - 1)];
      this.again = setTimeout(() => this.reopen(), pause);
    };
    this.socket = socket;
  }

  /** A browser does not say why a socket was refused, so after some refusals the token is renewed. */
  async reopen() {
    if (this.failures > 2) this.api.token = (await this.api.renew()) ?? this.api.token;
    if (!this.closed) this.open();
  }

  /** Frames of other kinds and other makers are none of our business. */
  hear(text) {
    let type, content;
    try {
      const frame = JSON.parse(text);
      type = frame.type;
      content = JSON.parse(frame.content);
    } catch {
      return;
    }
    if (typeof type === "string" && content !== null) this.heard(type, content);
  }

  close() {
    this.closed = true;
    clearTimeout(this.again);
    this.socket.close();
  }
}
