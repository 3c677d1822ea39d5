const script = new URL("./worker_process.ts", import.meta.url).pathname;

/** What the processes of a herd run. */
export interface HerdOptions {
  /** The database. */
  readonly databaseUrl: string;
  /** The script of the worker; default: the one of this library. */
  readonly script?: string;
  /** Whether they bring the schema up to date first. */
  readonly migrate?: "first";
}

/** Worker processes: as many as asked, each replaced when it is killed. */
export class Herd implements AsyncDisposable {
  readonly #options: HerdOptions;
  readonly #alive = new Set<Deno.ChildProcess>();
  readonly #ends: Promise<unknown>[] = [];

  /** @param options what the processes run */
  constructor(options: HerdOptions) {
    this.#options = options;
  }

  /** The processes that live. */
  get alive(): readonly Deno.ChildProcess[] {
    return [...this.#alive];
  }

  /** Starts one more. */
  start(): Deno.ChildProcess {
    const { databaseUrl, migrate = "" } = this.#options;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", this.#options.script ?? script, databaseUrl, migrate],
      stdout: "null",
      stderr: Deno.env.get("RHYTHM_CHAOS_LOG") === undefined ? "null" : "inherit",
    }).spawn();
    this.#alive.add(process);
    this.#ends.push(process.status.then(() => this.#alive.delete(process)));
    return process;
  }

  /** Kills one as the machine would, and starts another in its place. */
  async replace(process: Deno.ChildProcess): Promise<void> {
    process.kill("SIGKILL");
    await process.status;
    this.start();
  }

  /** Stops all of them as a supervisor would, once each of them heeds signals; gives their exit codes. */
  async stop(): Promise<number[]> {
    const processes = this.alive;
    await Promise.all(processes.map(heedsSignals));
    for (const process of processes) process.kill("SIGTERM");
    return (await Promise.all(processes.map((process) => process.status))).map(({ code }) => code);
  }

  /** Kills what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.alive) process.kill("SIGKILL");
    await Promise.all(this.#ends);
  }
}

/** Until then SIGTERM ends a process before its first line has run. */
async function heedsSignals(process: Deno.ChildProcess): Promise<void> {
  if (Deno.build.os !== "linux") return;
  const status = `/proc/${process.pid}/status`;
  for (let wait = 0; wait < 300; wait++) {
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await Deno.readTextFile(status))?.[1] ?? "0";
    if ((BigInt(`0x${caught}`) & SIGTERM_BIT) !== 0n) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`process ${process.pid} does not listen for SIGTERM`);
}

const SIGTERM_BIT = 1n << 14n;
