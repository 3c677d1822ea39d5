/**
 * PgBouncer for tests.
 *
 * @module
 */
import postgres from "postgres";
import { until } from "./until.ts";

/** PgBouncer in a process of its own. */
export class Pooler implements AsyncDisposable {
  /** Its address. */
  readonly url: string;
  readonly #home: string;
  #process: Deno.ChildProcess;

  private constructor(home: string, url: string) {
    this.#home = home;
    this.url = url;
    this.#process = this.#spawn();
  }

  /**
   * Starts one.
   *
   * @param port where the server is
   * @param mode for how long a client keeps a session of the server
   * @param sessions how many sessions it has for a database
   */
  static async start(
    port: number,
    mode: "session" | "transaction" = "session",
    sessions = 200,
  ): Promise<Pooler> {
    const home = await Deno.makeTempDir({ prefix: "rhythm-pooler-" });
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const own = listener.addr.port;
    listener.close();
    await Deno.writeTextFile(
      `${home}/pooler.ini`,
      `[databases]
* = host=127.0.0.1 port=${port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
server_idle_timeout = 5
max_client_conn = 500
default_pool_size = ${sessions}
ignore_startup_parameters = extra_float_digits,options,idle_in_transaction_session_timeout,statement_timeout
`,
    );
    await Deno.chmod(home, 0o755);
    const pooler = new Pooler(home, `postgres://postgres@127.0.0.1:${own}/postgres`);
    await pooler.#answers();
    return pooler;
  }

  /** Kills it, and starts another one in its place. */
  async replace(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    this.#process = this.#spawn();
    await this.#answers();
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await Deno.remove(this.#home, { recursive: true });
  }

  // It refuses to run as root.
  #spawn(): Deno.ChildProcess {
    const user = Deno.uid() === 0 ? ["-u", "nobody"] : [];
    return new Deno.Command("pgbouncer", {
      args: ["-q", ...user, `${this.#home}/pooler.ini`],
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async #answers(): Promise<void> {
    await until(async () => {
      const sql = postgres(this.url, { max: 1, onnotice: () => {}, connect_timeout: 5 });
      try {
        await sql`select 1`;
        return true;
      } catch {
        return false;
      } finally {
        await sql.end({ timeout: 1 });
      }
    });
  }
}

/** Whether this machine has PgBouncer. */
export async function hasPooler(): Promise<boolean> {
  const found = await new Deno.Command("sh", { args: ["-c", "command -v pgbouncer"], stdout: "null" })
    .output();
  return found.success;
}
