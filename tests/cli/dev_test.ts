/** `rhythm dev`, and other commands in a second terminal. */
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import {
  hasTerminal,
  inTerminal,
  normal,
  Output,
  plain,
  project,
  type Ran,
  rhythm,
  start,
} from "./support.ts";

const FLOW = `const n = await Task.run("double", { n: Inputs.n })
const go = await Signal.next("go")
return { n, go, version: 1 }
`;
const TASKS = `import { factor } from "./factor.ts";
import { task } from "@rhythm/core";
export const double = task({ name: "double" }, ({ n }: { n: number }) => n * factor);
`;
const FILES = {
  "flows/sum.flow": FLOW,
  "tasks.ts": TASKS,
  "factor.ts": "export const factor = 2;\n",
  "rhythm.json": '{ "port": 0 }\n',
};

const STRAY = `import { task } from "@rhythm/core";
const throws = (text: string): never => { throw new RangeError(text); };
export const late = task({ name: "late" }, () => void setTimeout(() => throws("too late"), 20));
export const lost = task({ name: "lost" }, () => void Promise.resolve().then(() => throws("too lost")));
`;

interface Dev extends AsyncDisposable {
  path: string;
  out: Output;
  /** Runs another command in the project. */
  run: (...args: string[]) => Promise<Ran>;
  stop: () => Promise<number>;
}

/** An embedded database that a test left in good order: making one takes seconds. */
const kept = Deno.makeTempDirSync({ prefix: "rhythm-cli-data-" });
addEventListener("unload", () => Deno.removeSync(kept, { recursive: true }));

/** `rhythm dev` on a database of its own: on a server, which starts faster, unless the embedded one is asked for. */
async function dev(files: Record<string, string>, where: "server" | "embedded" = "server"): Promise<Dev> {
  const made = await project(files);
  const isEmbedded = onEmbedded || where === "embedded";
  if (where === "embedded") await bring(`${kept}/data`, `${made.path}/.rhythm`);
  const database: TestDatabase | undefined = isEmbedded ? undefined : await freshDatabase();
  const args = database === undefined ? [] : ["--database", database.url];
  const child = start(["dev", ...args], { cwd: made.path });
  const out = new Output(child.stdout);
  const err = new Output(child.stderr);
  const stop = async (): Promise<number> => {
    try {
      // Twice, as the terminal and `deno task` do at one Ctrl-C.
      child.kill("SIGINT");
      child.kill("SIGINT");
    } catch { /* it is gone already */ }
    const { code } = await child.status;
    await Promise.all([out.end(), err.end()]);
    return code;
  };
  await out.until("  tasks  ").catch((error) => {
    throw new Error(`rhythm dev did not start: ${err.text}`, { cause: error });
  });
  return {
    path: made.path,
    out,
    run: (...args) => rhythm(args, { cwd: made.path }),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await database?.[Symbol.asyncDispose]();
      await made[Symbol.asyncDispose]();
    },
  };
}

async function bring(data: string, home: string): Promise<void> {
  const isThere = await Deno.stat(data).then(() => true, () => false);
  if (!isThere) return;
  await Deno.mkdir(home);
  await Deno.rename(data, `${home}/data`);
}

Deno.test("dev runs flows and tasks on the embedded database; other commands find it; it ends with 0", async () => {
  await using at = await dev(FILES, "embedded");
  match(
    normal(at.out.text).replaceAll(/127\.0\.0\.1:\d+/g, "<address>"),
    /^rhythm dev\n {2}database {2}embedded, in \.rhythm\/data .*\n {2}dashboard http:\/\/<address>\/#[0-9a-f-]{36} \(lets one browser in\)\n {2}http {6}http:\/\/<address> \(token in \.rhythm\/dev\.json\)\n {2}flows {5}1 flow: sum\n {2}tasks {5}1 task: double\n/,
  );
  const id = (await at.run("start", "sum", '{"n": 21}')).out.trim();
  await at.out.until('waits for signal "go"');
  const tail = id.slice(-8);
  const lines = normal(at.out.text).split("\n");
  equal(lines.slice(7, 9), ["  In a second terminal:", "  rhythm start sum"]);
  ok(lines.some((line) => /^<time> ▶ task double \w{8} \{"n":21\}$/.test(line)), at.out.text);
  ok(lines.some((line) => /^<time> ✔ task double \w{8} <duration> → 42$/.test(line)), at.out.text);
  ok(lines.includes(`<time> ◌ workflow sum ${tail} waits for signal "go"`), at.out.text);

  match((await at.run("list", "-s", "suspended")).out, new RegExp(`\n${id} +workflow +sum +suspended`));
  match((await at.run("show", id)).out, / ▸ 2 \| const go = await Signal\.next\("go"\)/);
  const waiting = at.run("wait", id);
  equal((await at.run("signal", id, "go", '"now"')).code, 0);
  const waited = await waiting;
  equal([waited.code, waited.out.split("\n")[0]], [0, `✔ sum ${id} completed`]);
  await at.out.until(/✔ workflow sum .* → \{"n":42,"go":"now","version":1\}/);

  const broken = await at.run("start", "sums");
  equal(broken.code, 3);
  match(broken.err, /^error: .*sums/);
  equal(await at.stop(), 0);
  match(at.out.text, /stopping: handlers may finish; Ctrl-C again ends at once\n$/);
  ok(await Deno.stat(`${at.path}/.rhythm/dev.json`).then(() => false, () => true), "dev.json is gone");
  await Deno.rename(`${at.path}/.rhythm/data`, `${kept}/data`);
});

Deno.test("dev loads flows and tasks again when they change; what runs stays on its version", async () => {
  await using at = await dev(FILES);
  const first = (await at.run("start", "sum", '{"n": 1}')).out.trim();
  await at.out.until('waits for signal "go"');

  await Deno.writeTextFile(`${at.path}/flows/sum.flow`, FLOW.replace("version: 1", "version: 2"));
  await at.out.until("↻ flow sum is version 2 now; what runs stays on its version");
  // What the module of the tasks imports counts, too.
  await Deno.writeTextFile(`${at.path}/factor.ts`, "export const factor = 10;\n");
  await at.out.until("↻ 1 task loaded again");

  const second = (await at.run("start", "sum", '{"n": 1}')).out.trim();
  await at.run("signal", first, "go");
  await at.run("signal", second, "go");
  const outputs = [];
  for (const id of [first, second]) outputs.push(JSON.parse((await at.run("wait", id, "--json")).out).output);
  equal(outputs, [{ n: 2, go: null, version: 1 }, { n: 10, go: null, version: 2 }]);
});

Deno.test("dev shows the problems of a flow as pictures, once, and goes on with the text before", async () => {
  await using at = await dev(FILES);
  await Deno.writeTextFile(`${at.path}/flows/sum.flow`, "var x = 1\n");
  await at.out.until("use `let` or `const`");
  match(
    at.out.text,
    /error\[F0107\]: `var` is not part of the flow language\n {2}--> flows\/sum\.flow:1:1\n {3}\|\n 1 \| var x = 1\n {3}\| \^\^\^ use `let` or `const`\n/,
  );
  await Deno.writeTextFile(`${at.path}/flows/other.flow`, "return 7\n");
  await at.out.until("+ flow other");
  equal(at.out.text.split("error[F0107]").length, 2);
  equal(JSON.parse((await at.run("start", "other", "--wait", "--json")).out).output, 7);
  equal((await at.run("start", "sum", '{"n": 1}')).code, 0);
  await Deno.writeTextFile(`${at.path}/tasks.ts`, "export const x = y.z;\n");
  await at.out.until(/error: cannot load tasks from .*tasks\.ts: ReferenceError: y is not defined/);
});

Deno.test("dev tells an error that nobody caught, in a sentence, and goes on", async () => {
  await using at = await dev({ ...FILES, "tasks.ts": STRAY });
  for (const name of ["late", "lost"]) {
    await at.run("queue", name);
    await at.out.until(
      `error: nobody caught RangeError: too ${name} (${await Deno.realPath(at.path)}/tasks.ts:`,
    );
  }
  equal((await at.run("queue", "late", "--wait")).code, 0);
  ok(!/\n\s+at /.test(at.out.text), at.out.text);
});

Deno.test({
  name: "worker ends at an error that nobody caught: others finish, code 1, a sentence with the place",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    await using made = await project({ "tasks.ts": STRAY });
    await rhythm(["queue", "late", "-d", database.url]);
    const { code, err } = await rhythm(["worker", "-d", database.url], { cwd: made.path });
    equal(code, 1);
    match(
      err,
      /"message":"worker stopped"\}\nerror: nobody caught RangeError: too late \(.*tasks\.ts:2:\d+\)\n hint: await/,
    );
    ok(!/\n\s+at /.test(err), err);
  },
});

Deno.test("dev names a task that nothing here has at once, with its line and the one that was meant", async () => {
  await using at = await dev({ ...FILES, "flows/lost.flow": 'return await Task.run("doubel")\n' });
  match(
    at.out.text,
    /^warning\[F0305\]: no task here has the name "doubel"\n {2}--> flows\/lost\.flow:1:23\n[^]*did you mean "double"\?/,
  );
  await at.run("start", "lost");
  await at.out.until(
    'warning: flow lost waits for task "doubel", and no task here has that name. Did you mean "double"?',
  );
});

const TALK = `await Task.run("talk", { n: 7 })
console.log("from the flow")
const all = []
for (let n = 0; n < 500; n++) all.push(Task.run("one"))
await Promise.all(all)
await Signal.next("go")
`;
const TALKERS = `import { task } from "@rhythm/core";
export const talk = task({ name: "talk" }, ({ n }: { n: number }, ctx) => {
  console.log("from the console", { n });
  ctx.log.warn("from the context", { n });
});
export const one = task({ name: "one" }, () => 1);
export const fail = task({ name: "fail" }, () => {
  throw new TypeError("no such luck");
});
`;

Deno.test("dev tells what was said and by whom, one line for 500 children, stacks, and what was cancelled", async () => {
  await using at = await dev({
    ...FILES,
    "flows/talk.flow": TALK,
    "flows/sum.flow": "return 1\n",
    "tasks.ts": TALKERS,
  });
  const id = (await at.run("start", "talk")).out.trim();
  await at.out.until('waits for signal "go"');
  const text = normal(at.out.text);
  match(text, /\n<time> · task talk \w{8} from the console \{ n: 7 \}\n/);
  match(text, /\n<time> · task talk \w{8} warn from the context \{"n":7\}\n/);
  match(text, new RegExp(`\\n<time> · workflow talk ${id.slice(-8)} from the flow\\n`));
  const ends = text.split("\n").filter((line) => line.includes("✔ task one "));
  equal(ends.reduce((sum, line) => sum + Number(/×(\d+)/.exec(line)?.[1] ?? 1), 0), 500);
  ok(ends.length < 50, at.out.text);

  await at.run("cancel", id.slice(-8), "--reason", "enough");
  await at.out.until("cancelled: enough");
  match(
    normal(at.out.text),
    new RegExp(`\\n<time> ■ workflow talk ${id.slice(-8)} <duration> cancelled: enough\\n`),
  );
  const failed = (await at.run("queue", "fail")).out.trim();
  await at.out.until(/✘ task fail \w{8} .* TypeError: no such luck\n +at .*tasks\.ts:8:9/);
  // The version that tells reloads apart is no part of the file's name.
  const { out: shown } = await at.run("show", failed);
  match(shown, /tasks\.ts:8:9/);
  ok(!shown.includes("?v="), shown);
});

Deno.test("a second dev, and a migrate, are refused while one runs; a killed one leaves nothing in the way", async () => {
  await using at = await dev(FILES, "embedded");
  const state = JSON.parse(await Deno.readTextFile(`${at.path}/.rhythm/dev.json`));
  const running = (await at.run("start", "sum", '{"n": 1}')).out.trim();
  equal(((await Deno.stat(`${at.path}/.rhythm/dev.json`)).mode ?? 0) & 0o777, 0o600);
  const second = await at.run("dev");
  equal(second.code, 1);
  match(second.err, new RegExp(`^error: rhythm dev runs here already: process ${state.pid}, http://127`));
  // On the embedded database a worker is dev, which takes less.
  const worker = await at.run("worker", "--hostname", "0.0.0.0", "--grace", "5s");
  const [warning, refusal] = worker.err.split("\n");
  equal(
    warning,
    "warning: on the embedded database, worker is dev without reloading: --hostname, --grace mean nothing there",
  );
  match(refusal!, /^error: rhythm dev runs here already: process \d+/);
  const migrate = await at.run("migrate");
  equal(migrate.code, 1);
  match(
    migrate.err,
    /^error: rhythm dev \(process \d+\) has this database open, and keeps its schema up to date\n/,
  );

  Deno.kill(state.pid, "SIGKILL");
  const alone = await at.run("list");
  equal([alone.code, alone.out.includes(running), alone.err], [0, true, ""]);
});

Deno.test("dev answers HTTP: health for all, the API with the token alone", async () => {
  await using at = await dev(FILES);
  const { url, token } = JSON.parse(await Deno.readTextFile(`${at.path}/.rhythm/dev.json`));
  const ask = async (path: string, init?: RequestInit): Promise<number> => {
    const response = await fetch(`${url}${path}`, init);
    await response.body?.cancel();
    return response.status;
  };
  const headers = { authorization: `Bearer ${token}` };
  equal(await ask("/health"), 200);
  equal([await ask("/api/executions"), await ask("/api/executions", { headers })], [401, 200]);
});

Deno.test("dev without flows and tasks says what it looked for", async () => {
  await using made = await project({});
  const { code, err } = await rhythm(["dev"], { cwd: made.path });
  equal(code, 3);
  match(
    err,
    /^error: there is nothing to work on: no flows\/ and no tasks\.ts in .*\n hint: `rhythm init` makes a project/,
  );
});

Deno.test({
  name: "dev on a terminal shows what runs below what has ended, and ends at Ctrl-C",
  ignore: !hasTerminal || onEmbedded,
  fn: async () => {
    await using database = await freshDatabase({ engine: "absent" });
    await using made = await project({
      "flows/nap.flow": 'return await Task.run("nap")\n',
      "tasks.ts": `import { task } from "@rhythm/core";
export const nap = task({ name: "nap" }, async () => { await new Promise((r) => setTimeout(r, 700)); return "rested"; });
setTimeout(() => void nap.queue({}), 300);
`,
      "rhythm.json": '{ "port": 0 }\n',
    });
    const { code, out } = await inTerminal(["dev", "-d", database.url], {
      cwd: made.path,
      type: [["rested", "\x03"]],
      columns: 60,
    });
    equal(code, 0);
    // All frames of a spinner are one line here.
    const lines = plain(out).split("\n").filter((line) => !line.includes("opening the database"));
    ok(lines.every((line) => line.length <= 60), plain(out));
    match(plain(out), /▶ task nap \w{8} \d/);
    match(plain(out), /✔ task nap \w{8} .* → "rested"/);
    match(plain(out), /stopping: handlers may finish/);
  },
});
