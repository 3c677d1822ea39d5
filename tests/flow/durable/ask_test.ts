// Questions: signals that a flow answers.
import assert from "node:assert/strict";
import { compileFlow, inspectFlow, resumeFlow, type Settled } from "../../../src/flow/mod.ts";
import { type Running, start } from "../vm/support.ts";

const asked = (
  id: string,
  output: Settled extends infer S ? S extends { output: infer O } ? O : never : never,
) => ({ id, status: "completed", output, ask: true }) as const;

function ask(flow: Running, payload: string | number | null | object, id = "op-1"): Running["step"] {
  return flow.resume([asked(id, payload as never)]);
}

Deno.test("Signal.next() gives a question its payload, reply() and reject(); a signal without one is its payload", () => {
  const source = `const call = await Signal.next("quote")
const shown = [typeof call, Object.keys(call ?? {}), typeof call.reply, call.reply?.name, call.reject?.length]
call.reply?.({ price: call.payload.item === "desk" ? 250 : 2 })
return shown`;
  const step = ask(start(source), { item: "desk" });
  assert.deepEqual(step.output, ["object", ["payload", "reply", "reject"], "function", "reply", 1]);
  assert.deepEqual(step.effects, [{ type: "answer", wait: "op-1", value: { price: 250 } }]);
  const plain = start('const call = await Signal.next("quote")\nreturn call').complete("op-1", {
    item: "pen",
  });
  assert.deepEqual([plain.output, plain.effects], [{ item: "pen" }, []]);
});

Deno.test("reply() and reject(): the first counts, also steps later and through a snapshot", () => {
  const flow = start(`const call = await Signal.next("quote")
const other = { ...call }
await Timer.delay(1)
call.reply(1)
await Timer.delay(1)
other.reject(new Error("too late"))
other.reply(2)
return call.payload`);
  assert.deepEqual(ask(flow, "x").effects.map(({ type }) => type), ["start_timer"]);
  assert.deepEqual(flow.complete("op-2").effects[0], { type: "answer", wait: "op-1", value: 1 });
  const end = flow.complete("op-3");
  assert.deepEqual([end.output, end.effects], ["x", []]);
});

Deno.test("reply() takes what JSON can carry; a value that it refuses has not answered", () => {
  const source = `const call = await Signal.next("quote")
const errors = []
for (const value of [() => 1, new Map(), call]) {
  try { call.reply(value) } catch (error) { errors.push(error.message) }
}
call.reply()
return errors`;
  const step = ask(start(source), null);
  const errors = step.output as string[];
  assert.match(errors[0]!, /Cannot store the answer as JSON: it is a function/);
  assert.match(errors[1]!, /Cannot store the answer as JSON: it is a Map/);
  assert.match(errors[2]!, /Cannot store the answer.reply as JSON: it is a function/);
  assert.deepEqual(step.effects, [{ type: "answer", wait: "op-1", value: null }]);
});

Deno.test("reject() takes an error, a text, an object or nothing", () => {
  const rejected = (given: string): unknown => {
    const flow = start(`const call = await Signal.next("q")\ncall.reject(${given})`);
    const [effect] = ask(flow, null).effects;
    assert.equal(effect!.type, "answer");
    return (effect as { error?: unknown }).error;
  };
  assert.deepEqual(rejected('new RangeError("sold out")'), { type: "RangeError", message: "sold out" });
  assert.deepEqual(rejected('Object.assign(new Error("no"), { code: "SOLD", data: { left: 0 } })'), {
    ...{ type: "Error", message: "no", code: "SOLD", data: { left: 0 } },
  });
  assert.deepEqual(rejected('"not today"'), { type: "Error", message: "not today" });
  assert.deepEqual(rejected(""), { type: "Error", message: "No reason was given" });
});

Deno.test("reply and reject may be handed on: to then(), to a function, into a list", () => {
  const flow = start(`const answers = []
for (let n = 0; n < 2; n++) {
  const call = await Signal.next("q")
  answers.push(call)
  Task.run("price", call.payload).then(call.reply, call.reject)
}
await Signal.next("end")`);
  ask(flow, 1);
  ask(flow, 2, "op-3");
  // Nobody awaits these tasks, and still they are not dropped: their callbacks answer somebody.
  assert.deepEqual(flow.step.released, []);
  assert.deepEqual(flow.complete("op-2", 10).effects, [{ type: "answer", wait: "op-1", value: 10 }]);
  assert.deepEqual(flow.fail("op-4", "gone").effects, [{
    ...{ type: "answer", wait: "op-3", error: { type: "Error", message: "gone" } },
  }]);
});

Deno.test("a snapshot shows a question, and one that is damaged is refused", () => {
  const flow = start('const call = await Signal.next("q")\nawait Timer.delay(1)\ncall.reply(call.payload)');
  ask(flow, "hello");
  const [main] = inspectFlow(flow.program, flow.snapshot!).fibres;
  assert.deepEqual(JSON.parse(JSON.stringify(main!.variables.call)), {
    payload: "hello",
    reply: { $: "function" },
    reject: { $: "function" },
  });
  const text = JSON.stringify(flow.snapshot);
  for (const [from, to] of [["Signal/reply", "Signal/none"], ["Signal/reply", "Promise/resolve"]] as const) {
    assert.throws(
      () => resumeFlow(flow.program, JSON.parse(text.replace(from, to)), [], flow.host),
      { code: "FLOW_SNAPSHOT_DAMAGED" },
    );
  }
});

Deno.test("the checker knows nothing of questions that it would have to refuse", () => {
  const { diagnostics } = compileFlow({
    name: "quote.flow",
    source: `while (true) {
  const call = await Signal.next("quote")
  if (call.payload === "end") break
  call.reply(call.payload)
}`,
  });
  assert.deepEqual(diagnostics, []);
});
