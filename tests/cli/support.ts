/** The real command, in a pipe and in a pseudo-terminal. */
import { fileURLToPath } from "node:url";
import { run } from "../../src/cli/run.ts";
import { pipe } from "./fixtures/pipe.ts";

/** The entry of the command. */
export const entry: string = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** How the command is run. */
export interface RunOptions {
  /** The directory it is called in. Default: an empty one. */
  cwd?: string;
  /** More environment. */
  env?: Record<string, string>;
  /** What it reads from standard input. */
  input?: string;
}

/** What came of it. */
export interface Ran {
  /** The exit code. */
  code: number;
  /** Standard output; in a terminal: everything. */
  out: string;
  /** Standard error; in a terminal: nothing. */
  err: string;
}

const nowhere = Deno.makeTempDirSync({ prefix: "rhythm-cli-nowhere-" });
addEventListener("unload", () => Deno.removeSync(nowhere, { recursive: true }));

/** Runs the command in a pipe to its end. */
export async function rhythm(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = start(args, options);
  if (options.input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.input));
    await writer.close();
  } else await child.stdin.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/**
 * Runs a command that needs no directory of its own in this process: a process takes a second. Hints are as they are where
 * no project is.
 */
export async function rhythmHere(args: readonly string[]): Promise<Ran> {
  const { terminal, written } = pipe();
  const code = await run(args, terminal);
  const elsewhere = (text: string): string => text.replaceAll("`deno task rhythm ", "`rhythm ");
  return { code, out: elsewhere(written.out), err: elsewhere(written.err) };
}

const oneProcess = fileURLToPath(new URL("./fixtures/one_process.ts", import.meta.url));

/**
 * Runs many command lines as in a pipe, all in one process: a process for each would take a second.
 *
 * @param lines the command lines
 * @param options where; with a setup (SQL) there is a database for all of them: `-d data`
 */
export async function rhythmEach(
  lines: readonly (readonly string[])[],
  options: Omit<RunOptions, "input"> & { setup?: string } = {},
): Promise<Ran[]> {
  const plan = await Deno.makeTempFile({ prefix: "rhythm-cli-plan-" });
  try {
    await Deno.writeTextFile(plan, JSON.stringify({ lines, setup: options.setup }));
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--quiet", oneProcess, plan],
      cwd: options.cwd ?? nowhere,
      env: environment(options.env),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    return JSON.parse(
      await Deno.readTextFile(`${plan}.ran`).catch(() => {
        throw new Error(`the command ended its process: ${new TextDecoder().decode(stderr)}`);
      }),
    );
  } finally {
    await Promise.all([plan, `${plan}.ran`].map((path) => Deno.remove(path).catch(() => {})));
  }
}

/** Starts the command in a pipe. */
export function start(args: readonly string[], options: RunOptions = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", entry, ...args],
    cwd: options.cwd ?? nowhere,
    env: environment(options.env),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

// The machine's own database and colours must not show.
function environment(more: Record<string, string> = {}): Record<string, string> {
  return { RHYTHM_DATABASE_URL: "", RHYTHM_TOKEN: "", NO_COLOR: "", TZ: "UTC", ...more };
}

const PYTHON = `
import os, pty, sys, select, struct, fcntl, termios, time, json
plan = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.chdir(plan["cwd"])
    os.environ.update(plan["env"])
    if not plan["env"].get("NO_COLOR"): os.environ.pop("NO_COLOR", None)
    os.execvp(plan["argv"][0], plan["argv"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", plan["rows"], plan["columns"], 0, 0))
seen, steps, begun = b"", list(plan["steps"]), time.time()
while True:
    if time.time() - begun > plan["seconds"]: os.kill(pid, 9)
    ready, _, _ = select.select([fd], [], [], 0.05)
    if ready:
        try: data = os.read(fd, 65536)
        except OSError: data = b""
        if not data: break
        seen += data
        sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
    while steps and steps[0][0].encode() in seen:
        seen = seen[seen.index(steps[0][0].encode()) + len(steps[0][0].encode()):]
        os.write(fd, steps.pop(0)[1].encode())
_, status = os.waitpid(pid, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`;

/** What a terminal run can say besides. */
export interface TerminalOptions extends RunOptions {
  /** How wide the terminal is. Default: 100. */
  columns?: number;
  /** How many lines it has. Default: 40. */
  rows?: number;
  /** What is typed, each as soon as the text before it has appeared. `\x03` is Ctrl-C. */
  type?: readonly (readonly [after: string, keys: string])[];
}

/** Runs the command in a pseudo-terminal to its end. */
export async function inTerminal(args: readonly string[], options: TerminalOptions = {}): Promise<Ran> {
  return await typeInto([Deno.execPath(), "run", "-A", "--no-check", "--quiet", entry, ...args], options);
}

/** Runs any program in a pseudo-terminal to its end. */
export async function typeInto(argv: readonly string[], options: TerminalOptions): Promise<Ran> {
  const plan = {
    argv,
    cwd: options.cwd ?? nowhere,
    env: { TERM: "xterm-256color", ...environment(options.env) },
    rows: options.rows ?? 40,
    columns: options.columns ?? 100,
    steps: options.type ?? [],
    seconds: 180,
  };
  const { code, stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", PYTHON, JSON.stringify(plan)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout).replaceAll("\r\n", "\n"), err: decoder.decode(stderr) };
}

/** Whether this machine can make pseudo-terminals for tests. */
export const hasTerminal: boolean = (() => {
  try {
    return new Deno.Command("python3", { args: ["-c", "import pty"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
})();

/** A text without colours and cursor movements. */
export function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r", "");
}

/** A screen with what differs from run to run replaced: ids, times, durations. */
export function normal(text: string): string {
  const ids = new Map<string, string>();
  return plain(text)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => {
      if (!ids.has(id)) ids.set(id, `<id ${ids.size + 1}>`);
      return ids.get(id)!;
    })
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>")
    .replace(/\d\d:\d\d:\d\d/g, "<time>")
    .replace(
      / *\b\d+(\.\d)? (ms|s|m|h|d)( \d+ (s|m|h))?\b/g,
      (found) => found.startsWith(" ") ? " <duration>" : "<duration>",
    );
}

/** A directory with files, gone when disposed. */
export async function project(
  files: Record<string, string> = {},
): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "rhythm-cli-" });
  for (const [name, text] of Object.entries(files)) {
    const full = `${path}/${name}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Reads what a process writes until a text has appeared. */
export class Output {
  /** Everything so far. */
  text = "";
  readonly #done: Promise<void>;
  #isOver = false;

  /** @param stream standard output or error of a process */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#done = this.#read(stream);
  }

  /** Waits for a text, or a pattern; two minutes at most. */
  async until(wanted: string | RegExp): Promise<string> {
    for (let looks = 0; looks < 2_400; looks++) {
      if (typeof wanted === "string" ? this.text.includes(wanted) : wanted.test(this.text)) return this.text;
      if (this.#isOver) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited in vain for ${wanted}; there is only:\n${this.text}`);
  }

  /** Waits for the end. */
  async end(): Promise<string> {
    await this.#done;
    return this.text;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.text += decoder.decode(chunk, { stream: true });
    this.#isOver = true;
  }
}
