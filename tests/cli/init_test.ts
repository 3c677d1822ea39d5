import { deepStrictEqual as equal, match } from "node:assert/strict";
import { Output, project, rhythm } from "./support.ts";

const WRITTEN = `+ deno.json
+ .gitignore
+ flows/hello.flow
+ tasks.ts
+ worker.ts
+ tests/hello_test.ts
+ README.md

  cd hello
  deno task dev        # a database, a worker and HTTP, in one process
  deno task test       # the same flow, tested on a database in memory
`;

async function deno(args: string[], cwd: string): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1", RHYTHM_DATABASE_URL: "" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("init makes a project that is formatted, linted, checked, and whose test passes", async () => {
  await using made = await project();
  equal(await rhythm(["init", "hello"], { cwd: made.path }), { code: 0, out: WRITTEN, err: "" });
  const home = `${made.path}/hello`;
  for (const args of [["fmt", "--check"], ["lint"], ["check", "."]]) {
    const { code, text } = await deno(args, home);
    equal(code, 0, `deno ${args.join(" ")}: ${text}`);
  }
  const { code, text } = await deno(["task", "test"], home);
  equal(code, 0, text);
  match(text, /2 passed/);
  const checked = await rhythm(["flow", "check"], { cwd: home });
  equal([checked.code, checked.out], [0, "✔ 1 flow checked, no problems\n"]);
  equal((await rhythm(["flow", "fmt", "--check"], { cwd: home })).code, 0);
});

Deno.test("a new project runs on the embedded database with one command, and is driven from a second terminal", async () => {
  await using made = await project();
  await rhythm(["init", "hello"], { cwd: made.path });
  const home = `${made.path}/hello`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "dev"],
    cwd: home,
    env: { NO_COLOR: "1", RHYTHM_DATABASE_URL: "" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const out = new Output(child.stdout);
  const err = new Output(child.stderr);
  await out.until("  tasks     1 task: greet").catch((error) => {
    throw new Error(err.text, { cause: error });
  });
  const started = await rhythm(["start", "hello", '{"name": "Ada"}'], { cwd: home });
  await out.until(/✔ task greet \w+ .* → "Hello, Ada!"/);
  await out.until('waits for signal "wave"');
  await rhythm(["signal", started.out.trim(), "wave", '{"from": "Grace"}'], { cwd: home });
  await out.until(/✔ workflow hello .*"from":"Grace"/);
  Deno.kill(JSON.parse(await Deno.readTextFile(`${home}/.rhythm/dev.json`)).pid, "SIGINT");
  equal((await child.status).code, 0);
  await Promise.all([out.end(), err.end()]);
});

Deno.test("init leaves a directory with files alone, unless --force adds what is missing", async () => {
  await using made = await project({ "README.md": "mine\n", ".git/HEAD": "" });
  const refused = await rhythm(["init"], { cwd: made.path });
  equal([refused.code, refused.out], [1, ""]);
  equal(
    refused.err,
    "error: . is not empty: it holds README.md\n hint: name a new directory: `rhythm init hello`; --force leaves what is there and adds the rest\n",
  );
  const forced = await rhythm(["init", "--force", "--json"], { cwd: made.path });
  const { written, kept } = JSON.parse(forced.out);
  equal([forced.code, written.length, kept], [0, 6, ["README.md"]]);
  equal(await Deno.readTextFile(`${made.path}/README.md`), "mine\n");
});

Deno.test("init refuses a file as a directory", async () => {
  await using made = await project({ hello: "" });
  const { code, err } = await rhythm(["init", "hello"], { cwd: made.path });
  equal([code, err], [2, "error: hello is a file, not a directory\n"]);
});
