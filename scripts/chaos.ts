/**
 * Runs `tests/chaos` on real servers: once, or again and again with other dice.
 *
 *     deno task chaos                  once
 *     deno task chaos --minutes 60     rounds with the seeds 1, 2, … until an hour has passed, and what they did in all
 *     deno task chaos --minutes 60 --from 20 tests/chaos/faults_test.ts
 *
 * @module
 */
import { parseArgs } from "node:util";

const { values: { minutes, from }, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "0" }, from: { type: "string", default: "1" } },
});
const files = positionals.length > 0 ? positionals : ["tests/chaos"];
const until = Date.now() + Number(minutes) * 60_000;
/** What the tests say that they did, summed up by its words. */
const done = new Map<string, number>();
let seed = Number(from);
let broken = 0;
do {
  if (!await round(seed)) broken++;
  seed++;
} while (Date.now() < until);
const rounds = seed - Number(from);
console.log(
  `\n${rounds} rounds, ${broken} with a failure: ${[...done].map(([what, n]) => `${n} ${what}`).join(", ")}`,
);
Deno.exit(broken > 0 ? 1 : 0);

async function round(seed: number): Promise<boolean> {
  const env: Record<string, string> = Number(minutes) > 0 ? { RHYTHM_TEST_SEED: String(seed) } : {};
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("test.ts", import.meta.url).pathname, "--long", ...files],
    env,
    stdout: "piped",
  }).spawn();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  for (const [line] of text.matchAll(/^chaos: .*$/gm)) {
    for (const [, count, what] of line.matchAll(/(\d+) (kills|restarts|connections cut|workflows|times)/g)) {
      add(what!, Number(count));
    }
  }
  const passed = Number(/(\d+) passed/.exec(text.slice(-200))?.[1] ?? 0);
  add("tests passed", passed);
  return (await child.status).success;
}

function add(what: string, times: number): void {
  done.set(what, (done.get(what) ?? 0) + times);
}
