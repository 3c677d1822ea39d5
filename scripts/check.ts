/**
 * Everything that must hold before a commit, short of the tests: every step runs, also after one failed.
 *
 *     deno task check               all steps
 *     deno task check fmt lint      only these
 *
 * @module
 */

interface Step {
  name: string;
  /** What is run: arguments of `deno`. */
  args: string[];
}

const { exports } = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
const entryPoints: string[] = typeof exports === "string" ? [exports] : Object.values(exports);

// The longest first.
const steps: Step[] = [
  {
    name: "types",
    args: [
      "check",
      "--quiet",
      "--config=tests/deno.json",
      "mod.ts",
      "src/",
      "scripts/",
      "examples/",
      "tests/",
    ],
  },
  { name: "fmt", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "types of bench", args: ["check", "--quiet", "--config=bench/deno.json", "bench/"] },
  { name: "types of site", args: ["check", "--quiet", "--config=site/deno.json", "site/"] },
  {
    name: "types of dashboard",
    args: ["check", "--quiet", "--config=dashboard/deno.json", "dashboard/"],
  },
  { name: "spelling", args: ["run", "-A", "--config=site/deno.json", "site/spelling.ts"] },
  { name: "prose", args: ["run", "-R", "scripts/prose.ts"] },
  { name: "doc", args: ["doc", "--lint", ...entryPoints] },
  { name: "publish", args: ["publish", "--dry-run", "--allow-dirty"] },
  { name: "flows", args: ["run", "-A", "src/cli/main.ts", "flow", "fmt", "--check", "flows/", "examples/"] },
  { name: "gen", args: ["run", "-A", "scripts/gen.ts", "--check"] },
  { name: "architecture", args: ["test", "-A", "--quiet", "tests/architecture_test.ts"] },
  { name: "repository", args: ["test", "-A", "--quiet", "tests/repository_test.ts"] },
];

const unknown = Deno.args.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`No step ${unknown.join(", ")}: expected ${steps.map((step) => step.name).join(", ")}`);
  Deno.exit(2);
}

const failed: string[] = [];
const chosen = steps.filter((step) => Deno.args.length === 0 || Deno.args.includes(step.name));
const waiting = chosen.values();
// As many at once as there are cores.
await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, async () => {
  for (const step of waiting) await run(step);
}));

async function run({ name, args }: Step): Promise<void> {
  const start = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: new URL("../", import.meta.url),
    stdout: "piped",
    stderr: "piped",
  }).output();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${success ? "ok    " : "FAILED"} ${name.padEnd(14)} deno ${args.join(" ")} (${seconds} s)`);
  if (success) return;
  failed.push(name);
  Deno.stdout.writeSync(stdout);
  Deno.stdout.writeSync(stderr);
}

console.log(
  failed.length === 0
    ? `All ${chosen.length} checks passed`
    : `${failed.length} of ${chosen.length} checks failed: ${failed.join(", ")}`,
);
Deno.exit(failed.length === 0 ? 0 : 1);
