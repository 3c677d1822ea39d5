/**
 * `deno task fuzz [--seed n] [--mutations n] [--count n] [--minutes n] [--keep-going]`: damages programs and snapshots, then
 * compares our machine with V8 on random programs for as long as asked, and prints progress.
 *
 * @module
 */

import { parseArgs } from "node:util";
import fc from "fast-check";
import { differenceOn, explain } from "./check_program.ts";
import { Mutations, samples } from "./mutate.ts";
import { programs } from "./programs.ts";

const BATCH = 250;
const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    mutations: { type: "string", default: "100000" },
    count: { type: "string", default: "200000" },
    minutes: { type: "string", default: "Infinity" },
    "keep-going": { type: "boolean", default: false },
  },
});
const first = Number(values.seed ?? Date.now() % 0x7fffffff);
const count = Number(values.count);
const deadline = performance.now() + Number(values.minutes) * 60_000;
const started = performance.now();
let done = 0;
let differences = 0;

console.log(`seed ${first}, ${values.mutations} mutations, ${count} programs`);
for (let left = Number(values.mutations), seed = first; left > 0; left -= 5_000, seed++) {
  fc.sample(new Mutations(samples(20, seed)), { numRuns: Math.min(5_000, left), seed });
  console.log(`${left} mutations left, next seed ${seed + 1}`);
}
for (let seed = first; done < count && performance.now() < deadline; seed++) {
  for (const program of fc.sample(programs, { numRuns: Math.min(BATCH, count - done), seed })) {
    done++;
    const found = await differenceOn(program);
    if (!found) continue;
    differences++;
    console.log(`\n--- difference ${differences}, batch seed ${seed}\n${await explain(program, found)}\n`);
    if (!values["keep-going"]) Deno.exit(1);
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${done} programs, ${differences} differences, ${Math.round(done / seconds)} a second, next seed ${
      seed + 1
    }`,
  );
}
Deno.exit(differences === 0 ? 0 : 1);
