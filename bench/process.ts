import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { TextLineStream } from "./text_lines.ts";

/** How a process is started. */
export interface ProcessSettings {
  /** For V8 and Deno. */
  readonly flags?: readonly string[];
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The checkout of this project whose `bench/` it runs; default: this one. */
  readonly checkout?: string;
}

// An older checkout has one configuration for everything.
async function configOf(root: URL): Promise<string> {
  const own = new URL("bench/deno.json", root);
  return await Deno.stat(own).then(() => own, () => new URL("deno.json", root)).then((url) => url.pathname);
}

/** A process that serves one peer. */
export class PeerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;
  readonly #label: string;

  private constructor(label: string, child: Deno.ChildProcess) {
    this.#label = label;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#answers = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
  }

  /**
   * Starts one.
   *
   * @param file the module in `bench/peers`
   * @param url its database
   * @param settings how it is started
   */
  static async start(file: string, url: string, settings: ProcessSettings = {}): Promise<PeerProcess> {
    const { flags = [], env = {}, checkout } = settings;
    const root = checkout === undefined
      ? new URL("../", import.meta.url)
      : pathToFileURL(`${resolve(checkout)}/`);
    const host = new URL("bench/host.ts", root).href;
    const config = await configOf(root);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--quiet", "--config", config, ...flags, host, file, url],
      stdin: "piped",
      stdout: "piped",
      stderr: Deno.env.get("RHYTHM_BENCH_VERBOSE") === undefined ? "null" : "inherit",
      env: { DBOS__NO_TELEMETRY: "1", ...env },
    }).spawn();
    const made = new PeerProcess(file, child);
    await made.#answer();
    return made;
  }

  /** Carries out a command and gives its answer. */
  async ask<Answer = unknown>(command: string, ...args: number[]): Promise<Answer> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify({ command, args })}\n`));
    return await this.#answer() as Answer;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.ask("close").catch(() => {});
    await this.#input.close().catch(() => {});
    await this.#answers.cancel().catch(() => {});
    await this.#child.status;
    clearTimeout(late);
  }

  // What a peer prints itself goes by unheard.
  async #answer(): Promise<unknown> {
    while (true) {
      const { value, done } = await this.#answers.read();
      if (done) throw new Error(`The process of ${this.#label} ended before it answered`);
      if (!value.startsWith("@@")) continue;
      const answer = JSON.parse(value.slice(2)) as { value?: unknown; error?: string };
      if (answer.error !== undefined) throw new Error(`${this.#label}: ${answer.error}`);
      return answer.value;
    }
  }
}
