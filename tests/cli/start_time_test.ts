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

// The best of several: what else the machine does is not the command's.
for (const args of COMMANDS) {
  Deno.test(`rhythm ${args.join(" ")} takes less than ${LIMIT_MS} ms`, async () => {
    await using made = await project({ "flows/one.flow": 'console.log("x")\nreturn 1\n' });
    let best = Infinity;
    for (let tries = 0; tries < TRIES && best > LIMIT_MS; tries++) {
      const began = performance.now();
      await rhythm(args, { cwd: made.path });
      best = Math.min(best, performance.now() - began);
    }
    ok(best < LIMIT_MS, `the best of ${TRIES} took ${best.toFixed(0)} ms`);
  });
}
