import { fileURLToPath } from "node:url";
import { type Mutation, mutations } from "./mutations.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a run of mutants is to do. */
export interface MutantOptions {
  /** Within how many seeds a mutant must be found. */
  readonly within: number;
  /** Only those whose name has one of these, which `|` separates. */
  readonly only: string | undefined;
  /** How long a seed is, in days. */
  readonly days: number;
}

/**
 * Plants each fault in a copy, one at a time, and lets seeds look for it.
 *
 * @param options which, and how long to look
 * @returns the exit code: 0 if 95 % are found
 */
export async function runMutants({ within, only, days }: MutantOptions): Promise<number> {
  const words = only?.split("|") ?? [""];
  const chosen = mutations.filter(({ name }) => words.some((word) => name.includes(word)));
  const copy = await Deno.makeTempDir({ prefix: "rhythm_mutants_" });
  let found = 0;
  let harmless = 0;
  try {
    await copyParts(copy);
    console.log("| Planted fault | Seed | Found as |\n|---|---|---|");
    for (const mutation of chosen) {
      const result = await runOne(copy, mutation, { within, days });
      if (result.found) found++;
      else if (mutation.because !== undefined) harmless++;
      const seed = result.found
        ? result.text
        : mutation.because === undefined
        ? `MISSED, ${result.text}`
        : "–";
      console.log(`| ${mutation.name} | ${seed} | ${result.found ? result.what : mutation.because ?? ""} |`);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
  const size = chosen.length - harmless;
  console.log(
    `\n${found} of ${size} found within ${within} seeds of ${days} days; ${harmless} break no promise`,
  );
  return found >= 0.95 * size ? 0 : 1;
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

async function runOne(
  copy: string,
  { file, find, replace }: Mutation,
  { within, days }: { within: number; days: number },
): Promise<{ found: boolean; text: string; what: string }> {
  const path = `${copy}/${file}`;
  const original = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, original.replace(find, () => replace));
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        `--config=${copy}/tests/deno.json`,
        `${copy}/tests/simulation/main.ts`,
        `--seeds=${within}`,
        `--days=${days}`,
        "--until=broken",
      ],
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder().decode(stdout);
    const seeds = text.split("\n").filter((line) => line.startsWith("seed ")).length;
    const broken = /BROKEN (.*)/.exec(text)?.[1] ??
      new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
    if (code === 0) return { found: false, text: `${seeds} seeds`, what: "" };
    return { found: true, text: String(Math.max(seeds, 1)), what: kindOf(broken) };
  } finally {
    await Deno.writeTextFile(path, original);
  }
}

// Without ids and numbers, and as a cell of a table.
function kindOf(broken: string): string {
  return broken.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…").replaceAll("|", "/").slice(0, 110);
}
