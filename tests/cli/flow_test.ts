/** What one does with flow files, in a pipe. */
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { normal, project, rhythm } from "./support.ts";

const fixtures = fileURLToPath(new URL("./fixtures", import.meta.url));
const samples = fileURLToPath(new URL("../../flows", import.meta.url));

const BROKEN = `\`\`\`
name: broken
\`\`\`
var user = 1
const x = Taks.run("a")
return user
`;

const BROKEN_PICTURES = `error[F0107]: \`var\` is not part of the flow language
  --> flows/broken.flow:4:1
   |
 4 | var user = 1
   | ^^^ use \`let\` or \`const\`

error[F0201]: there is no \`Taks\`
  --> flows/broken.flow:5:11
   |
 5 | const x = Taks.run("a")
   |           ^^^^ did you mean \`Task\`?

2 flows checked: 2 errors
`;

Deno.test("flow check shows every problem where it is, with code 1", async () => {
  await using made = await project({ "flows/broken.flow": BROKEN, "flows/good.flow": "return 1\n" });
  equal(await rhythm(["flow", "check"], { cwd: made.path }), { code: 1, out: BROKEN_PICTURES, err: "" });
  const { code, out } = await rhythm(["flow", "check", "--json"], { cwd: made.path });
  const told = JSON.parse(out);
  equal([code, told.files, told.errors, told.warnings], [1, 2, 2, 0]);
  const places = told.diagnostics.map((
    one: Record<string, unknown>,
  ) => [one.path, one.line, one.column, one.code]);
  equal(places, [["flows/broken.flow", 4, 1, "F0107"], ["flows/broken.flow", 5, 11, "F0201"]]);
});

Deno.test("flow check warns of a task that the project does not have, where its name is", async () => {
  await using made = await project({
    "flows/hello.flow": 'const name = "gret"\nreturn await Task.run(name) + await Task.run("greet")\n',
    "tasks.ts":
      `import { task } from "@rhythm/core";\nexport const greet = task({ name: "greet" }, () => 1);\n`,
  });
  const { code, out } = await rhythm(["flow", "check", "--json"], { cwd: made.path });
  const [one] = JSON.parse(out).diagnostics;
  equal([code, one.code, one.line, one.column], [0, "F0305", 2, 23]);
  equal([one.message, one.hint], ['no task here has the name "gret"', 'did you mean "greet"?']);
});

Deno.test("flow check is content with the sample flows, and with warnings unless --strict", async () => {
  const { code, out } = await rhythm(["flow", "check", samples]);
  equal([code, /^✔ \d+ flows checked, no problems\n$/.test(out)], [0, true]);
  await using made = await project({ "flows/late.flow": "return 1\nconsole.log(2)\n" });
  const lax = await rhythm(["flow", "check"], { cwd: made.path });
  equal(lax.code, 0);
  match(lax.out, /^warning\[F\d+\]: [^]*1 flow checked: 1 warning\n$/);
  equal((await rhythm(["flow", "check", "--strict"], { cwd: made.path })).code, 1);
});

const RUN = `     0 ms    ▶ task greet {"name":"Ada"}
     0 ms      info  greeting Ada
     0 ms    ✔ task greet → "Hello, Ada!"
     0 ms  warn  waiting Ada
     0 ms  ◌ waits for signal go, for 7 d at most
     0 ms  ● signal go {"ok":true}
✔ completed
{
  "greeting": "Hello, Ada!",
  "ok": true
}
`;

const order = [`${fixtures}/order.flow`, '{"who": "Ada"}'];

Deno.test("flow run answers from TypeScript, and signals from flags", async () => {
  const ran = await rhythm(["flow", "run", ...order, "-t", `${fixtures}/tasks.ts`, "-s", 'go={"ok": true}']);
  equal([ran.code, ran.out], [0, RUN]);
});

Deno.test("flow run answers from JSON: values, errors, one for each call, signals", async () => {
  await using made = await project({
    "two.flow": `const out = []
for (const n of [1, 2, 3]) {
  try { out.push(await Task.run("next", { n }, { retry: n })) } catch (error) { out.push(error.message + "/" + error.code) }
}
try { await Task.run("once") } catch (error) { out.push(error.message + "/" + error.code) }
return [out, await Signal.next("s"), await Signal.next("s")]`,
    "answers.json": JSON.stringify({
      tasks: {
        next: { $each: ["one", { $error: { message: "bad", code: "E2" } }, "three"] },
        once: { $each: [{ $error: { message: "bad", code: "E1" } }, "two"] },
      },
      signals: { s: [1, 2] },
    }),
  });
  const ran = await rhythm(["flow", "run", "two.flow", "-a", "answers.json", "--quiet"], { cwd: made.path });
  // The second call fails once and is repeated, as its policy says: the third answer is its. The last has no policy.
  equal([ran.code, JSON.parse(ran.out)], [0, [["one", "three", "three", "bad/E1"], 1, 2]]);
});

Deno.test("flow run jumps over timers, keeps the order of what is due, and runs child flows beside it", async () => {
  await using made = await project({
    "parent.flow": `const child = Workflow.run("child", { days: 2 })
await Timer.delay("1d")
console.log("a day")
return { child: await child, at: new Date().toISOString() }`,
    "child.flow": `await Timer.delay(Inputs.days + "d")\nreturn "grown"`,
  });
  const ran = await rhythm(["flow", "run", "parent.flow", "--now", "2026-01-01T00:00:00Z"], {
    cwd: made.path,
  });
  equal(
    ran.out,
    `     0 ms  ◷ timer for 1 d
     0 ms    ▶ workflow child {"days":2}
     0 ms    ◷ timer for 2 d
      1 d  ◷ timer fires
      1 d  info  a day
      2 d    ◷ timer fires
      2 d    ✔ workflow child → "grown"
✔ completed
{
  "child": "grown",
  "at": "2026-01-03T00:00:00.000Z"
}
`,
  );
});

Deno.test("flow run shows where a flow failed, with code 1", async () => {
  const ran = await rhythm(["flow", "run", ...order, "-t", `${fixtures}/tasks.ts`, "-s", 'go={"ok": false}']);
  equal(ran.code, 1);
  match(
    ran.out,
    /✘ failed RangeError: refused\n {2}--> .*order\.flow:16:16\n16 \| if \(!ok\) throw new RangeError\("refused"\)\n {3}\| {16}\^\n {4}at main \(.*order\.flow:16:16\)\n$/,
  );
});

Deno.test("flow run shows where a task that failed was awaited, with the task's stack", async () => {
  const { code, out } = await rhythm([
    "flow",
    "run",
    `${fixtures}/pay.flow`,
    "--quiet",
    "--tasks",
    `${fixtures}/tasks.ts`,
  ]);
  equal(code, 1);
  match(
    normal(out),
    /^✘ failed TypeError: no such luck\n {2}--> .*pay\.flow:5:3\n5 \| {3}await Task\.run\("fail"\)\n {2}\| {3}\^\n {4}at async charge \(.*pay\.flow:5:3\)\n {4}at async main \(.*pay\.flow:7:1\)\nCaused by: task "fail" \(<id 1>\): TypeError: no such luck\n {4}at .*tasks\.ts:/,
  );
});

Deno.test("flow run without an answer says whose is missing, with code 2", async () => {
  await using made = await project({ "one.flow": 'return await Task.run("greet")' });
  const ran = await rhythm(["flow", "run", "one.flow"], { cwd: made.path });
  equal([ran.code, ran.err], [
    2,
    'error: nothing answers task "greet", and nobody can be asked\n hint: give --tasks with a module that exports it, or --answers with a JSON file\n',
  ]);
});

Deno.test("flow run names inputs that are missing, a broken module of tasks, and a signal that never comes", async () => {
  const missing = await rhythm(["flow", "run", order[0]!]);
  equal([missing.code, missing.err], [
    2,
    `error: flow "order" needs "who" in its inputs\n hint: rhythm flow run ${order[0]} '{"who":"…"}'\n`,
  ]);
  await using made = await project({
    "tasks.ts": "export const a = b.c;\n",
    "wait.flow": 'return await Signal.next("x")',
  });
  const broken = await rhythm(["flow", "run", "wait.flow"], { cwd: made.path });
  equal(broken.code, 1);
  match(
    broken.err,
    /^error: cannot load tasks from .*tasks\.ts: ReferenceError: b is not defined \(.*tasks\.ts:1:18\)\n$/,
  );
  await Deno.writeTextFile(`${made.path}/tasks.ts`, "export const a = 1;\n");
  const stuck = await rhythm(["flow", "run", "wait.flow", "--json"], { cwd: made.path });
  equal([stuck.code, JSON.parse(stuck.out).error], [
    1,
    { type: "StuckError", message: 'it waits for signal "x", which nobody sends' },
  ]);
});

const UGLY = `\`\`\`
name:   ugly
\`\`\`
const   x = await Task.run('a',{b:1})
  return x
`;

const PRETTY = `\`\`\`
name:   ugly
\`\`\`
const x = await Task.run("a", { b: 1 })
return x
`;

Deno.test("flow run --json lists what happened, each with its time", async () => {
  await using made = await project({ "nap.flow": 'console.log("x")\nawait Timer.delay("1h")\nreturn 1\n' });
  const { code, out } = await rhythm(["flow", "run", "nap.flow", "--now", "2026-01-31T08:00:00Z", "--json"], {
    cwd: made.path,
  });
  equal(code, 0);
  equal(JSON.parse(out), {
    flow: "nap",
    status: "completed",
    output: 1,
    events: [
      { at: "2026-01-31T08:00:00.000Z", type: "log", level: "info", message: "x", depth: 0 },
      { at: "2026-01-31T08:00:00.000Z", type: "timer", until: "2026-01-31T09:00:00.000Z", depth: 0 },
      { at: "2026-01-31T09:00:00.000Z", type: "fired", depth: 0 },
    ],
  });
});

Deno.test("flow graph -o says what is wrong with the place it is to write to", async () => {
  await using made = await project({ "nap.flow": "return 1\n" });
  const ran = await rhythm(["flow", "graph", "nap.flow", "-o", "/nowhere/nap.mmd"], { cwd: made.path });
  equal(ran, { code: 1, out: "", err: "error: /nowhere/nap.mmd: no such file or directory\n" });
});

Deno.test("flow fmt formats the code and keeps the front matter", async () => {
  await using made = await project({ "flows/ugly.flow": UGLY });
  const at = { cwd: made.path };
  const check = await rhythm(["flow", "fmt", "--check"], at);
  equal([check.code, check.out, check.err], [1, "flows/ugly.flow\n", "1 flow looked at, 1 would change\n"]);
  equal(await Deno.readTextFile(`${made.path}/flows/ugly.flow`), UGLY);
  equal(await rhythm(["flow", "fmt"], at), {
    code: 0,
    out: "flows/ugly.flow\n",
    err: "1 flow looked at, 1 changed\n",
  });
  equal(await Deno.readTextFile(`${made.path}/flows/ugly.flow`), PRETTY);
  equal((await rhythm(["flow", "fmt", "--check"], at)).code, 0);
  equal(await rhythm(["flow", "fmt", "-"], { ...at, input: UGLY }), { code: 0, out: PRETTY, err: "" });
  const told = await rhythm(["flow", "fmt", "-", "--json"], { ...at, input: UGLY });
  equal(JSON.parse(told.out), { changed: true, formatted: PRETTY });
  const ended = await rhythm(["flow", "fmt", "--semicolons", "-"], { ...at, input: UGLY });
  equal(ended.out, PRETTY.replace("})\n", "});\n").replace("x\n", "x;\n"));
});

Deno.test("flow fmt leaves a flow with errors as it is, and shows them", async () => {
  await using made = await project({ "flows/broken.flow": BROKEN });
  const ran = await rhythm(["flow", "fmt"], { cwd: made.path });
  equal(ran.code, 1);
  match(ran.err, /^error: flows\/broken\.flow has errors, and stays as it is\n\nerror\[F0107\]/);
  equal(await Deno.readTextFile(`${made.path}/flows/broken.flow`), BROKEN);
});

const MERMAID = `flowchart TD
  n1(["order"])
  n2["greet"]
  n1 --> n2
  n3[["approval()"]]
  n2 --> n3
  n4{"!ok"}
  n3 --> n4
  n5(["throw new RangeError(#quot;refused#quot;)"])
  n4 -->|"yes"| n5
  n6(["return { greeting, ok }"])
  n4 -->|"no"| n6
  n7(["approval()"])
  n8>"signal go, 7d at most"]
  n7 --> n8
  n9(["return answer.ok"])
  n8 --> n9
`;

Deno.test("flow graph draws Mermaid", async () => {
  equal(await rhythm(["flow", "graph", order[0]!]), { code: 0, out: MERMAID, err: "" });
});

Deno.test("flow graph draws every sample flow as SVG that is well formed, and writes it where asked", async () => {
  await using made = await project();
  for await (const { name } of Deno.readDir(samples)) {
    const { code, out } = await rhythm(["flow", "graph", `${samples}/${name}`, "-f", "svg"], {
      cwd: made.path,
    });
    equal(code, 0, name);
    match(out, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>\n$/);
    ok(!/NaN|Infinity|undefined/.test(out), name);
    wellFormed(out);
  }
  const written = await rhythm(["flow", "graph", order[0]!, "-f", "svg", "-o", "o.svg"], { cwd: made.path });
  equal(written, { code: 0, out: "", err: "o.svg is written\n" });
  match(await Deno.readTextFile(`${made.path}/o.svg`), /aria-label="order"/);
});

// Every tag is closed, in order.
function wellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, close, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/gi)) {
    if (close === "/") equal(open.pop(), name);
    else if (self !== "/") open.push(name!);
  }
  equal(open, []);
}

Deno.test("flow run warns of answers and signals that nothing took, with the name that was probably meant", async () => {
  await using made = await project({
    "one.flow": 'return await Task.run("greet")\n',
    "answers.json": '{"tasks": {"greet": "hi", "gret": 1}, "workflows": {"other": 1}}',
  });
  const { code, err } = await rhythm([
    "flow",
    "run",
    "one.flow",
    "-a",
    "answers.json",
    "-s",
    "go=1",
    "--quiet",
  ], {
    cwd: made.path,
  });
  equal(code, 0);
  equal(
    err,
    `warning: nothing ran task "gret", which --answers has. Did you mean "greet"?
warning: nothing ran workflow "other", which --answers has
warning: one never took a signal "go"
`,
  );
});
