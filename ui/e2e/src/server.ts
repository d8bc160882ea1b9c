/** The real server, as cargo built it: a process of its own on a folder that is thrown away. */

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");

function built(): string {
  const target = process.env["CARGO_TARGET_DIR"] ?? join(ROOT, "target");
  const path = process.env["KEFU_SERVER_BIN"] ?? join(target, "debug/kefu-server");
  if (!existsSync(path)) throw new Error(`there is no ${path}: run \`cargo build -p kefu-server\` first`);
  return path;
}

/** Starts in development mode on SQLite, and again on the same file, on a port of the system's choice each time. */
export class Server {
  port = 0;
  private process: ChildProcess | undefined;
  private ended: Promise<unknown> = Promise.resolve();

  private constructor(private readonly folder: string) {}

  static async start(): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "kefu-e2e-")));
    await server.start();
    return server;
  }

  /** Starts it, and waits until it listens. */
  async start(): Promise<void> {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("KEFU_"));
    const settings = {
      KEFU_SERVER__LISTEN: "127.0.0.1:0",
      KEFU_SERVER__DATA_DIR: this.folder,
      KEFU_DATABASE__URL: `sqlite:${join(this.folder, "kefu.sqlite3")}`,
      KEFU_UPLOAD__DIR: join(this.folder, "uploads"),
      // Tests write faster than people.
      KEFU_DESK__SENDS_PER_MINUTE: "0",
      KEFU_DESK__SHOP_SENDS_PER_MINUTE: "0",
    };
    const env = { ...Object.fromEntries(inherited), ...settings };
    const started = spawn(built(), ["--dev"], { cwd: this.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.process = started;
    this.ended = new Promise((go) => started.once("exit", go));
    this.port = await new Promise((go, fail) => {
      let said = "";
      for (const stream of [started.stdout, started.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          said = (said + chunk.toString()).slice(-10_000);
          const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
          if (port) go(Number(port));
        });
      }
      started.once("error", fail);
      started.once("exit", (code) => fail(new Error(`the server ended at its start (${code}):\n${said}`)));
    });
  }

  /** Ends it with no chance to finish anything. */
  async kill(): Promise<void> {
    this.process?.kill("SIGKILL");
    await this.ended;
  }

  /** Asks it to stop, and waits until it has. */
  async stop(): Promise<void> {
    this.process?.kill("SIGTERM");
    await this.ended;
  }

  /** Ends it and throws its folder away. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
