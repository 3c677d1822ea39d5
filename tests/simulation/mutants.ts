import { fileURLToPath } from "node:url";
import type { Place } from "./engine.ts";
import { linesOf } from "./lines.ts";
import { type Mutation, mutations } from "./mutations.ts";
import { Sandbox } from "./sandbox.ts";
import { planOf } from "./simulate.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a run of mutants is to do. */
export interface MutantOptions {
  /** Within how many seeds a mutant must be found. */
  readonly within: number;
  /** Only those whose name has one of these, which `|` separates. */
  readonly only: string | undefined;
  /** How long a seed is, in days. */
  readonly days: number;
  /** Where the Postgres is. */
  readonly place: Place;
}

/** How one mutant is looked for. */
interface Search {
  /** The seeds, in their order. */
  readonly seeds: readonly number[];
  readonly days: number;
  readonly place: Place;
}

/**
 * Plants each fault, one at a time, and lets seeds look for it.
 *
 * @param options which, and how long to look
 * @returns the exit code: 0 if 95 % are found
 */
export async function runMutants({ within, only, days, place }: MutantOptions): Promise<number> {
  const words = only?.split("|") ?? [""];
  const chosen = mutations.filter(({ name }) => words.some((word) => name.includes(word)));
  let found = 0;
  let harmless = 0;
  const hits = new Map<number, number>();
  console.log("| Planted fault | Seed | Found as |\n|---|---|---|");
  for (const mutation of chosen) {
    const { name, because } = mutation;
    // Where nothing can be found, a few seeds show that nothing is.
    const most = because === undefined ? within : Math.min(within, HARMLESS_SEEDS);
    const look = mutation.file.startsWith("sql/") ? findInEngine : findInWorker;
    const result = await look(mutation, { seeds: orderOf(most, hits), days, place });
    if (result !== undefined) {
      found++;
      hits.set(result.seed, (hits.get(result.seed) ?? 0) + 1);
    }
    if (result === undefined && because !== undefined) harmless++;
    const cells = result === undefined
      ? because === undefined ? ["–", `MISSED in ${most} seeds`] : ["–", because]
      : [result.seed, result.what];
    console.log(`| ${[name, ...cells].join(" | ")} |`);
  }
  const size = chosen.length - harmless;
  console.log(
    `\n${found} of ${size} found within ${within} seeds of ${days} days; ${harmless} break no promise`,
  );
  return found >= 0.95 * size ? 0 : 1;
}

const HARMLESS_SEEDS = 10;

// Those that have found most come first.
function orderOf(most: number, hits: ReadonlyMap<number, number>): number[] {
  const seeds = Array.from({ length: most }, (_, nth) => nth + 1);
  return seeds.sort((one, other) => (hits.get(other) ?? 0) - (hits.get(one) ?? 0) || one - other);
}

/** Whether each mutation stands where it says, once. */
export async function misplaced(): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, file, find } of mutations) {
    const times = (await Deno.readTextFile(`${root}${file}`)).split(find).length - 1;
    if (times !== 1) wrong.push(`"${name}": its text is in ${file} ${times} times`);
  }
  return wrong;
}

async function copyParts(copy: string): Promise<void> {
  const parts = ["deno.json", "deno.lock", "mod.ts", "src", "sql", "scripts", "tests"];
  const { success } = await new Deno.Command("cp", {
    args: ["-R", ...parts.map((part) => root + part), copy],
  }).output();
  if (!success) throw new Error(`Cannot copy the library to ${copy}`);
}

/** How a mutant was found. */
interface Found {
  readonly seed: number;
  readonly what: string;
}

// The engine is planted in a database of this process, which has compiled Postgres once.
async function findInEngine(
  mutation: Mutation,
  { seeds, days, place }: Search,
): Promise<Found | undefined> {
  await using sandbox = await Sandbox.open({ mutation, place });
  for (const seed of seeds) {
    const { broken } = await sandbox.run(planOf(seed, days));
    if (broken !== undefined) return { seed, what: kindOf(broken) };
  }
}

// The worker is planted in a copy of the library, which another process runs.
async function findInWorker(
  { file, find, replace }: Mutation,
  { seeds, days, place }: Search,
): Promise<Found | undefined> {
  const copy = await Deno.makeTempDir({ prefix: "rhythm_mutants_" });
  try {
    await copyParts(copy);
    const original = await Deno.readTextFile(`${copy}/${file}`);
    await Deno.writeTextFile(`${copy}/${file}`, original.replace(find, () => replace));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", `--config=${copy}/tests/deno.json`],
        ...[`${copy}/tests/simulation/main.ts`, `--these=${seeds}`, `--days=${days}`],
        ...(place === "pglite" ? ["--pglite"] : []),
      ],
      stdout: "piped",
    }).spawn();
    try {
      for await (const line of linesOf(child.stdout)) {
        const { seed, broken } = JSON.parse(line);
        if (broken !== null) return { seed, what: kindOf(broken) };
      }
    } finally {
      try {
        child.kill();
      } catch { /* It has come to its end. */ }
    }
    if (!(await child.status).success) throw new Error(`The copy with the planted fault does not run`);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

// Without ids and numbers, and as a cell of a table.
function kindOf(broken: string): string {
  return broken.split("\n")[0]!.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…").replaceAll("|", "/").slice(
    0,
    110,
  );
}
