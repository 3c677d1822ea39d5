/**
 * How long the command takes to start, in processor time: what else the machine does counts little, and on a machine at
 * rest less time than that passes, as threads share the work.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { entry, project } from "./support.ts";

const LIMIT_MS = 150;
/** What compiles a flow loads the compiler, and the parser of its front matter. */
const COMPILER_MS = 50;
const TRIES = 20;
/** What Deno itself takes for nothing, on the machine that the limit is meant for. */
const EMPTY_MS = 17;

/** What needs no database. */
const COMMANDS: string[][] = [
  ["--help"],
  ["--version"],
  ["list", "--help"],
  ["flow", "--help"],
  ["lst"],
  ["list"],
  ["start", "hello", "{"],
  ["completions", "bash"],
  ["migrate", "--sql"],
  ["flow", "check"],
  ["flow", "graph", "flows/one.flow"],
  ["flow", "run", "flows/one.flow"],
];

/** The processor time of a Deno program, in milliseconds. */
async function processorMs(args: readonly string[], cwd: string): Promise<number> {
  const { stderr } = await new Deno.Command("bash", {
    args: [
      "-c",
      'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>&1',
      "bash",
      Deno.execPath(),
      "run",
      "-A",
      ...args,
    ],
    cwd,
    env: { RHYTHM_DATABASE_URL: "", LC_ALL: "C" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const [user = NaN, system = NaN] = new TextDecoder().decode(stderr).trim().split(" ").map(Number);
  return (user + system) * 1_000;
}

for (const args of COMMANDS) {
  const limit = LIMIT_MS + (args[0] === "flow" ? COMPILER_MS : 0);
  Deno.test({
    name: `rhythm ${args.join(" ")} takes less than ${limit} ms`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using made = await project({ "flows/one.flow": 'console.log("x")\nreturn 1\n', "empty.ts": "" });
      let [best, empty] = [Infinity, Infinity];
      for (let tries = 0; tries < TRIES; tries++) {
        best = Math.min(best, await processorMs([entry, ...args], made.path));
        empty = Math.min(empty, await processorMs(["empty.ts"], made.path));
        if (best < limit * Math.max(1, empty / EMPTY_MS)) return;
      }
      ok(false, `the best of ${TRIES} took ${best.toFixed(0)} ms; Deno alone takes ${empty.toFixed(0)} ms`);
    },
  });
}
