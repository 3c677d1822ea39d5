import { fileURLToPath } from "node:url";
import type { Place } from "./engine.ts";
import { linesOf, readLines } from "./lines.ts";
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
  /** A file that keeps what came of each: a run that is begun again goes on there. */
  readonly log: string | undefined;
}

/** How one mutant is looked for. */
interface Search {
  /** The seeds, in their order. */
  readonly seeds: readonly number[];
  readonly days: number;
  readonly place: Place;
}

/** What came of one mutant. */
interface Outcome {
  readonly name: string;
  /** What was planted: another fault of the same name is looked for again. */
  readonly replace: string;
  /** How many seeds looked for it. */
  readonly within: number;
  readonly found?: Found | undefined;
}

/**
 * Plants each fault, one at a time, and lets seeds look for it, or the test that the fault names.
 *
 * @param options which, and how long to look
 * @returns the exit code: 0 if 95 % are found
 */
export async function runMutants({ within, only, days, place, log }: MutantOptions): Promise<number> {
  const words = only?.split("|") ?? [""];
  const chosen = mutations.filter(({ name }) => words.some((word) => name.includes(word)));
  const known = await readLines<Outcome>(log);
  const hits = new Map<number, number>();
  for (const { found } of known) {
    if (found?.seed !== undefined) hits.set(found.seed, (hits.get(found.seed) ?? 0) + 1);
  }
  const counts = { seed: 0, test: 0, missed: 0, harmless: 0 };
  console.log("| Planted fault | Found by | As |\n|---|---|---|");
  for (const mutation of chosen) {
    const { name, because, replace, test } = mutation;
    // Where nothing can be found, or a test finds it, a few seeds are enough.
    const most = because === undefined && test === undefined ? within : Math.min(within, FEW_SEEDS);
    let outcome = known.findLast((one) =>
      one.name === name && one.replace === replace && (one.found !== undefined || one.within >= most)
    );
    if (outcome === undefined) {
      const look = mutation.file.startsWith("sql/") ? findInEngine : findInWorker;
      const search = { seeds: orderOf(most, hits), days, place };
      const found = await look(mutation, search) ??
        (test === undefined ? undefined : await findByTest(mutation, test));
      if (found?.seed !== undefined) hits.set(found.seed, (hits.get(found.seed) ?? 0) + 1);
      outcome = { name, replace, within: most, found };
      if (log !== undefined) await Deno.writeTextFile(log, `${JSON.stringify(outcome)}\n`, { append: true });
    }
    const { found } = outcome;
    if (found === undefined) counts[because === undefined ? "missed" : "harmless"]++;
    else counts[found.seed === undefined ? "test" : "seed"]++;
    const cells = found === undefined
      ? ["–", because ?? `MISSED ${test === undefined ? `in ${most} seeds` : `by ${test}`}`]
      : [found.seed === undefined ? `\`${test}\`` : `seed ${found.seed}`, found.what];
    console.log(`| ${[name, ...cells].join(" | ")} |`);
  }
  const found = counts.seed + counts.test;
  console.log(
    `\n${found} of ${
      found + counts.missed
    } found: ${counts.seed} within ${within} seeds of ${days} days, ${counts.test} by a test that they name; ${counts.harmless} break no promise`,
  );
  return found >= 0.95 * (found + counts.missed) ? 0 : 1;
}

const FEW_SEEDS = 10;

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
  const parts = ["deno.json", "deno.lock", "mod.ts", "src", "sql", "scripts", "tests", "examples", "docs"];
  const { success } = await new Deno.Command("cp", {
    args: ["-R", ...parts.map((part) => root + part), copy],
  }).output();
  if (!success) throw new Error(`Cannot copy the library to ${copy}`);
}

/** How a mutant was found. */
interface Found {
  /** By which seed; none: by the test that it names. */
  readonly seed?: number;
  readonly what: string;
}

// Real sessions see what one session cannot: the test runs on a copy with the planted fault, and must fail.
async function findByTest({ file, find, replace }: Mutation, test: string): Promise<Found | undefined> {
  const copy = await Deno.makeTempDir({ prefix: "rhythm_mutants_" });
  try {
    await copyParts(copy);
    const original = await Deno.readTextFile(`${copy}/${file}`);
    await Deno.writeTextFile(`${copy}/${file}`, original.replace(find, () => replace));
    const [path, filter] = test.split(" => ") as [string, string | undefined];
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", `${copy}/scripts/test.ts`, path],
        ...(filter === undefined ? [] : [`--filter=${filter}`]),
      ],
      cwd: copy,
      stdout: "piped",
      stderr: "null",
    }).output();
    // deno-lint-ignore no-control-regex
    const text = new TextDecoder().decode(stdout).replaceAll(/\u001b\[[0-9;]*m/g, "");
    const failed = /^(.*) \.\.\. FAILED/m.exec(text)?.[1];
    if (failed === undefined && !/ passed /.test(text)) {
      throw new Error(`${test} does not run on a copy: ${text.slice(-1_000)}`);
    }
    return failed === undefined ? undefined : { what: kindOf(failed) };
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
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
