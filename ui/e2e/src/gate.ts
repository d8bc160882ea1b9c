/** The network between clients and the server: an address that stays, whatever happens behind it. */

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * `open`: everything passes. `refusing`: connections are ended at once. `silent`: nothing passes and nobody says so, as in
 * a lift. `socketless`: a proxy that knows no WebSocket.
 */
export type Mode = "open" | "refusing" | "silent" | "socketless";

const HANDSHAKE = /^GET \/infra\/ws[ ?]/;

/** Passes bytes on, or does not. */
export class Gate {
  private mode: Mode = "open";
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();

  private constructor(private upstream: number) {
    this.server = createServer((socket) => this.meet(socket));
  }

  static async before(upstream: number): Promise<Gate> {
    const gate = new Gate(upstream);
    await new Promise<void>((go) => gate.server.listen(0, "127.0.0.1", go));
    return gate;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Where new connections lead from now on. */
  lead(upstream: number): void {
    this.upstream = upstream;
  }

  /** From now on, for old connections as for new ones. */
  set(mode: Mode): void {
    this.mode = mode;
    if (mode === "refusing") this.cut();
    for (const pair of this.pairs) {
      if (mode === "silent") pair.hold();
      else pair.go();
    }
  }

  /** Ends every connection in the middle of whatever it does. */
  cut(): void {
    for (const pair of this.pairs) pair.end();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((go) => this.server.close(go));
  }

  private meet(client: Socket): void {
    if (this.mode === "refusing") {
      client.destroy();
      return;
    }
    const pair = new Pair(client, () => this.upstream, (first) => this.mode === "socketless" && HANDSHAKE.test(first));
    this.pairs.add(pair);
    client.once("close", () => this.pairs.delete(pair));
    if (this.mode !== "silent") pair.go();
  }
}

/** A client's connection and ours to the server. */
class Pair {
  private server: Socket | undefined;

  constructor(
    private readonly client: Socket,
    private readonly upstream: () => number,
    private readonly barred: (first: string) => boolean,
  ) {
    client.setNoDelay(true);
    client.on("error", () => this.end());
    client.on("close", () => this.end());
    client.pause();
  }

  go(): void {
    if (this.server) {
      this.client.pipe(this.server);
      this.server.pipe(this.client);
      return;
    }
    const server = (this.server = connect(this.upstream(), "127.0.0.1"));
    server.setNoDelay(true);
    server.on("error", () => this.end());
    server.on("close", () => this.end());
    this.client.once("data", (first: Buffer) => {
      if (this.barred(first.toString("latin1"))) return this.end();
      server.write(first);
      this.client.pipe(server);
      server.pipe(this.client);
    });
    this.client.resume();
  }

  hold(): void {
    this.client.unpipe();
    this.server?.unpipe();
    this.client.pause();
    this.server?.pause();
  }

  end(): void {
    this.client.destroy();
    this.server?.destroy();
  }
}
