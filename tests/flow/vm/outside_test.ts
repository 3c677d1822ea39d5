import assert from "node:assert/strict";
import { compileFlow, openFlow, resumeFlow, type Snapshot } from "../../../src/flow/mod.ts";
import { Outside } from "../../../src/flow/vm/outside.ts";
import { compile, createHost, startWith } from "./support.ts";

const host = createHost();

function outside(about: Partial<typeof host> = {}): Outside {
  const given = { ...host, ...about };
  const made = new Outside(given);
  made.begin(given);
  return made;
}

function many<Value>(count: number, make: () => Value): Value[] {
  return Array.from({ length: count }, make);
}

Deno.test("ids and random numbers of a step are those of every release: journals are rebuilt with them", () => {
  const one = outside();
  assert.deepEqual(many(2, () => one.newId()), IDS);
  assert.deepEqual(many(2, () => one.random()), RANDOMS);
});

Deno.test("newId() gives UUIDs of version 7 with cell 0 that sort as they were made, across steps of one millisecond", () => {
  const one = outside();
  const ids: string[] = [];
  for (let step = 1; step <= 4; step++) {
    // The second and the third step are taken within the same millisecond; the clock goes back before the fourth.
    const moment = new Date(host.moment.getTime() + [0, 5, 5, 2][step - 1]!);
    one.begin({ step, moment });
    ids.push(...many(3_000, () => one.newId()));
  }
  assert.equal(new Set(ids).size, 12_000);
  assert.deepEqual(ids, ids.toSorted());
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-800[0-9a-f]-[0-9a-f]{12}$/);
});

Deno.test("execution, seed, epoch and step each change ids; execution, seed and epoch random numbers", () => {
  const others = [{}, { executionId: "exec-2" }, { seed: "2" }, { epoch: 1 }, { step: 2 }];
  assert.equal(new Set(others.map((about) => outside(about).newId())).size, 5);
  assert.equal(new Set(others.map((about) => outside(about).random())).size, 4);
});

Deno.test("restore() goes on where state was taken, within a step and after it", () => {
  for (const next of [host, { step: 2, moment: new Date(host.moment.getTime() + 1) }]) {
    const [straight, again] = [outside(), outside()];
    for (const one of [straight, again]) {
      many(5, () => one.newId());
      many(3, () => one.random());
    }
    const fresh = new Outside(host);
    fresh.restore(JSON.parse(JSON.stringify(again.state)));
    for (const one of [straight, fresh]) one.begin(next);
    assert.deepEqual(many(9, () => fresh.newId()), many(9, () => straight.newId()));
    assert.deepEqual(many(9, () => fresh.random()), many(9, () => straight.random()));
  }
});

Deno.test("random numbers are spread evenly from 0 to below 1", () => {
  const one = outside();
  const counts = new Array(10).fill(0);
  for (const number of many(10_000, () => one.random())) counts[Math.floor(number * 10)]++;
  assert.equal(counts.length, 10);
  for (const count of counts) assert(count > 850 && count < 1_150, counts.join(" "));
});

Deno.test("time stands still within a step, and the next step is never before it", () => {
  const program = compile(
    "const a = Date.now(); for (let i = 0; i < 1e4; i++) {} const b = Date.now();" +
      "await Timer.delay(1); return [b - a, Date.now() - a, new Date() - a]",
  );
  const open = openFlow(program, startWith(), host);
  assert.equal(open.step.moment, host.moment.toISOString());
  const [id] = open.step.waits[0]!.ids;
  const earlier = new Date(host.moment.getTime() - 60_000);
  open.advance([{ id: id!, status: "completed", output: null }], { step: 2, moment: earlier });
  assert.deepEqual(open.step.output, [0, 0, 0]);
  assert.equal(open.step.moment, host.moment.toISOString());
});

Deno.test("a step that pauses keeps its moment, its count of ids and its budget", () => {
  const source = `const ids = [];
    for (let i = 0; i < 20; i++) { await null; ids.push(crypto.randomUUID(), Date.now(), Math.random()) }
    return ids`;
  const program = compile(source);
  const straight = openFlow(program, startWith(), host).step;
  let paused = true;
  const stopping = { ...host, pause: () => (paused = !paused) };
  let step = openFlow(program, startWith(), stopping).step;
  for (let turn = 1; step.paused; turn++) {
    const snapshot: Snapshot = JSON.parse(JSON.stringify(step.snapshot));
    // Only the step says which one it is.
    step = resumeFlow(program, snapshot, [], { ...stopping, moment: new Date(turn * 1e12) });
  }
  assert.deepEqual(step.output, straight.output);

  const limits = { instructions: 3_000 };
  const endless = compile("for (;;) await null");
  let left = openFlow(endless, startWith(), stopping, { limits }).step;
  for (let turn = 0; left.paused; turn++) {
    assert(turn < 3_000);
    left = resumeFlow(endless, left.snapshot!, [], stopping, { limits });
  }
  assert.equal(left.error?.code, "FLOW_INSTRUCTIONS");
});

Deno.test("a program says by which semantics it runs; unknown ones are refused", () => {
  const { program } = compileFlow({ name: "a.flow", source: "return 1" });
  assert.equal(program!.semantics, 1);
  for (const semantics of [2, undefined as unknown as number]) {
    assert.throws(() => openFlow({ ...program!, semantics }, startWith(), host), {
      code: "FLOW_PROGRAM_SEMANTICS",
      message:
        `Cannot run the program: it has semantics ${semantics}, this library knows semantics 1; update the library`,
    });
  }
});

// SHA-256 of (SHA-256 of "1\\nexec-1\\n0", step, 0) and of (…, 2³² - 1, 0), as another program computes it.
const IDS = ["018bcfe5-6800-7000-800f-2904586184dc", "018bcfe5-6800-7001-8003-56bba04f94c8"];
const RANDOMS = [0.24910174864561552, 0.5447690554309605];
