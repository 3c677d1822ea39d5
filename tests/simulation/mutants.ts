import { fileURLToPath } from "node:url";
import { type Mutation, mutations } from "./mutations.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a run of mutants is to do. */
export interface MutantOptions {
  /** Within how many seeds a mutant must be found. */
  readonly within: number;
  /** Only those whose name has these words. */
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
  const chosen = mutations.filter(({ name }) => only === undefined || name.includes(only));
  const copy = await Deno.makeTempDir({ prefix: "rhythm_mutants_" });
  let found = 0;
  try {
    await copyParts(copy);
    for (const mutation of chosen) {
      const result = await runOne(copy, mutation, { within, days });
      if (result.found) found++;
      console.log(`${result.found ? "found " : "MISSED"} | ${mutation.name} | ${result.text}`);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
  console.log(`\n${found} of ${chosen.length} found within ${within} seeds of ${days} days`);
  return found >= 0.95 * chosen.length ? 0 : 1;
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
): Promise<{ found: boolean; text: string }> {
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
    if (code === 0) return { found: false, text: `${seeds} seeds` };
    return { found: true, text: `seed ${Math.max(seeds, 1)}: ${broken.slice(0, 160)}` };
  } finally {
    await Deno.writeTextFile(path, original);
  }
}
