// Two versions of a flow: where they are paired, and what a workflow does that goes over.
import assert from "node:assert/strict";
import {
  compileFlow,
  type Program,
  resumeFlow,
  type Settled,
  startFlow,
  type Step,
} from "../../src/flow/mod.ts";
import { migrateFlow, type MigrationTo } from "../../src/flow/migrate/apply.ts";
import { pairPrograms } from "../../src/flow/migrate/pair.ts";

const context = {
  ...{ executionId: "1", flow: "f", version: 1, queue: "default", attempt: 1, parentId: null },
  ...{ createdAt: "2026-01-01T00:00:00.000Z", metadata: {} },
};
const start = { inputs: { n: 1 }, context };
const host = { executionId: "1", seed: "7", epoch: 0, step: 1, moment: new Date(0) };

function compiled(source: string): Program {
  const { program, diagnostics } = compileFlow({ name: "f.flow", source });
  assert.ok(program, JSON.stringify(diagnostics));
  return program;
}

function answers({ waits }: Step): Settled[] {
  return waits.flatMap(({ ids }) => ids).map((id) => ({ id, status: "completed" as const, output: 5 }));
}

/** Takes so many steps in the first version, and the rest in the second one. */
function across(one: string, other: string, choice: Partial<MigrationTo> & { steps?: number } = {}): Step {
  const { steps = 1, ...given } = choice;
  const [from, to] = [compiled(one), compiled(other)];
  let step = startFlow(from, start, host);
  for (let nth = 1; nth < steps; nth++) step = resumeFlow(from, step.snapshot!, answers(step), host);
  const settled = answers(step);
  let snapshot = migrateFlow(from, step.snapshot!, { program: to, version: 2, start, ...given });
  for (let open = settled;; open = answers(step)) {
    step = resumeFlow(to, snapshot, open, host);
    if (step.status !== "suspended") return step;
    snapshot = step.snapshot!;
  }
}

function hows(one: string, other: string): string[] {
  return [...pairPrograms(compiled(one), compiled(other)).awaits.values()].map((
    { line, toLine, how, lacks },
  ) => `${line}-${toLine} ${how}${lacks ? ` without ${lacks}` : ""}`);
}

Deno.test("pairPrograms(): unchanged statements are sure, changed ones likely, others none", () => {
  const one = `const a = await Task.run("a")
const b = await Task.run("b", a)
if (a) await Timer.delay(1)
return b`;
  assert.deepEqual(hows(one, `// moved\nlog()\n${one}\nfunction log() {}`), [
    "1-3 sure",
    "2-4 sure",
    "3-5 sure",
  ]);
  assert.deepEqual(hows(one, one.replace('"b", a', '"b", { a }')), ["1-1 sure", "2-2 likely", "3-3 sure"]);
  assert.deepEqual(hows(one, one.replace("const b", "let b")), ["1-1 sure", "2-2 likely", "3-3 sure"]);
  assert.deepEqual(hows(one, one.replace("if (a)", "if (b)")), ["1-1 sure", "2-2 sure", "3-3 likely"]);
  assert.deepEqual(hows(one, one.replace("if (a) await Timer.delay(1)\n", "")), [
    "1-1 sure",
    "2-2 sure",
    "3-null none",
  ]);
  assert.deepEqual(hows(one, `for (const x of [1]) {\n${one}\n}`), [
    "1-null none",
    "2-null none",
    "3-null none",
  ]);
  const twice = "await Timer.delay(1)\nawait Timer.delay(1)\nreturn 1";
  assert.deepEqual(hows(twice, "await Timer.delay(1)\nreturn 1"), ["1-1 likely", "2-null none"]);
  assert.deepEqual(hows(one, one.replace("const b", "const c = 1\nconst b")), [
    ...["1-1 sure", "2-3 sure without c", "3-4 sure without c"],
  ]);
});

Deno.test("migrateFlow(): refuses what is not sure, and says why", () => {
  const one = 'const a = await Task.run("a")\nreturn a';
  const refused = (other: string, choice: Partial<MigrationTo> = {}): string => {
    try {
      return String(across(one, other, choice).output);
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(
    refused('const a = await Task.run("a", 1)\nreturn a + 1'),
    "Cannot migrate: line 1 to line 1 is only likely: the statement, or one around it, has changed",
  );
  assert.equal(refused('const a = await Task.run("a", 1)\nreturn a + 1', { accept: "likely" }), "6");
  assert.equal(
    refused('const c = 2\nconst a = await Task.run("a")\nreturn a + c'),
    'Cannot migrate: line 1 to line 2 is only likely: "c" has no value there',
  );
  assert.equal(refused('const c = 2\nconst a = await Task.run("a")\nreturn a + c', { set: { c: 10 } }), "15");
  assert.equal(refused("return 1"), "Cannot migrate: line 1: its statement is gone, or another one");
  assert.equal(refused('const z = await Task.run("z")\nreturn z + 1', { map: { 1: 1 } }), "6");
  assert.equal(
    refused('const z = await Task.run("z")\nreturn z + 1', { map: { 1: 2 } }),
    "Cannot migrate: line 1: there is no await at line 2",
  );
});

Deno.test("migrateFlow(): new functions, renamed ones, and variables that closures share now", () => {
  const one = `let n = 0
const all = await Promise.all([1, 2].map(async (x) => {
  const y = await Task.run("t", x)
  return x + y
}))
return [n, ...all]`;
  const other = `let n = 0
const helper = (by) => n += by
const all = await Promise.all([1, 2].map(async (x) => {
  const y = await Task.run("t", x)
  twice()
  return x + y
}))
helper(100)
return [n, ...all]
function twice() { helper(1) }`;
  assert.deepEqual(across(one, other).output, [102, 6, 7]);
  // And back: the functions that are gone are let go, the variable that they shared keeps its value.
  assert.deepEqual(across(other, one).output, [0, 6, 7]);
  const counting = `let n = 0
const add = async (by) => { await Timer.delay(1); n += by }
await add(1)
await add(2)
return n`;
  for (const steps of [1, 2]) {
    assert.equal(across(counting, counting.replaceAll("add", "plus"), { steps }).output, 3);
  }
  const loop = `let sum = 0
for (const [key, value] of new Map([["a", 1], ["b", 2]])) {
  try { sum += await Task.run(key, value) } finally { sum += value }
}
return sum`;
  for (const steps of [1, 2]) {
    assert.equal(
      across(loop, `const c = Inputs.n\n${loop} + Inputs.n + Context.version`, { steps, set: { c: 1 } })
        .output,
      16,
    );
  }
});
