/**
 * B15: the flow language against interpreters of JavaScript from npm, on the same programs, in rounds that alternate.
 *
 * ```sh
 * deno run -A --config=bench/deno.json bench/flow/main.ts
 * ```
 *
 * @module
 */

import { loadEngines } from "./engines.ts";
import { programs } from "./programs.ts";
import { measureState } from "./state.ts";

const rounds = Number(Deno.env.get("BENCH_ROUNDS") ?? 7);

/** Median of several runs, in milliseconds. */
function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

/** Run everything and print one table. */
export async function main(): Promise<void> {
  const engines = await loadEngines();
  const sums = engines.map(() => 0);
  console.log(`B15, median of ${rounds} alternating rounds, ms (and how many times slower than flow)\n`);
  console.log(["program".padEnd(18), ...engines.map(({ name }) => name.padStart(20))].join(""));
  for (const program of programs) {
    const runs = engines.map((engine) => engine.prepare(program.body));
    const times = engines.map((): number[] => []);
    const expected = runs[0]!();
    runs.forEach((run, index) => {
      const given = run();
      if (given !== expected) throw new Error(`${engines[index]!.name} gives ${given}, not ${expected}`);
    });
    for (let round = 0; round < rounds; round++) {
      runs.forEach((run, index) => {
        const begin = performance.now();
        run();
        times[index]!.push(performance.now() - begin);
      });
    }
    const medians = times.map(median);
    medians.forEach((ms, index) => sums[index]! += ms);
    console.log(row(program.name, medians));
  }
  console.log(row("sum", sums));
  console.log("");
  for (const { name, value } of measureState()) console.log(`${name.padEnd(52)}${value}`);
}

function row(name: string, values: number[]): string {
  const cells = values.map((ms) => `${ms.toFixed(1)} (${(ms / values[0]!).toFixed(2)}×)`.padStart(20));
  return [name.padEnd(18), ...cells].join("");
}

if (import.meta.main) await main();
