import { ok } from "node:assert/strict";
import { project, rhythm } from "./support.ts";

const LIMIT_MS = 150;
const TRIES = 20;

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

/** How long Deno itself takes for nothing, on the machine that the limit is meant for. */
const EMPTY_MS = 16;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function nothing(path: string): Promise<void> {
  await new Deno.Command(Deno.execPath(), { args: ["run", path], stdout: "null", stderr: "null" }).output();
}

// The best of several, measured by what Deno itself takes meanwhile: what else the machine does is not the command's.
for (const args of COMMANDS) {
  Deno.test(`rhythm ${args.join(" ")} takes less than ${LIMIT_MS} ms`, async () => {
    await using made = await project({ "flows/one.flow": 'console.log("x")\nreturn 1\n', "empty.ts": "" });
    let [best, empty, told] = [Infinity, Infinity, ""];
    for (let tries = 0; tries < TRIES; tries++) {
      best = Math.min(best, await timed(() => rhythm(args, { cwd: made.path })));
      empty = Math.min(empty, await timed(() => nothing(`${made.path}/empty.ts`)));
      const limit = LIMIT_MS * Math.max(1, empty / EMPTY_MS);
      told = `the best of ${tries + 1} took ${best.toFixed(0)} ms; Deno alone takes ${empty.toFixed(0)} ms`;
      if (best < limit) return;
    }
    ok(false, told);
  });
}
