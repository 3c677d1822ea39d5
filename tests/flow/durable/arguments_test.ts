import assert from "node:assert/strict";
import { start } from "../vm/support.ts";

/** What is thrown by a call: its message, if it has the code of a bad argument. */
function refusal(call: string): string {
  const { step } = start(
    `const given = Inputs.given; try { ${call} } catch (e) { return [e.code, e.message] }`,
  );
  assert.equal(step.status, "completed", JSON.stringify(step.error));
  assert.deepEqual(step.effects, []);
  const [code, message] = step.output as string[];
  assert.equal(code, "FLOW_ARGUMENT", message!);
  return message!;
}

const REFUSED: [call: string, message: RegExp][] = [
  ["Task.run(given)", /name given to Task\.run must be text that is not empty, not undefined/],
  ["Task.run(given ?? {})", /must be text that is not empty, not \{\}/],
  ["Task.run(given ?? 'a b')", /cannot be "a b": expected letters, digits/],
  ["Task.run('x'.repeat(201))", /has 201 characters: expected 1 to 200/],
  ["Task.run('a', {}, 5)", /The options of Task\.run must be an object, not 5/],
  [
    "Workflow.run('a', {}, { prio: 1 })",
    /The options of Workflow\.run: there is no option "prio", expected queue,/,
  ],
  ["Task.run('a', {}, { queue: {} })", /The option queue of Task\.run must be text/],
  ["Task.run('a', {}, { priority: 'high' })", /whole number from -32768 to 32767, not "high"/],
  ["Task.run('a', {}, { priority: 1.5 })", /whole number from -32768 to 32767, not 1\.5/],
  ["Task.run('a', {}, { delay: {} })", /The option delay of Task\.run must be seconds, or text/],
  ["Task.run('a', {}, { delay: 'soon' })", /"soon"/],
  ["Task.run('a', {}, { timeout: 0 })", /The option timeout of Task\.run must be above zero/],
  ["Task.run('a', {}, { runAt: 'soon' })", /The option runAt of Task\.run takes a date, not "soon"/],
  ["Task.run('a', {}, { runAt: new Date(), delay: 1 })", /delay and runAt of Task\.run exclude each other/],
  [
    "Task.run('a', {}, { retry: 0 })",
    /The option retry of Task\.run must be a number of attempts from 1 to 9999, or an object, not 0/,
  ],
  ["Task.run('a', {}, { retry: 'often' })", /The option retry of Task\.run must be an object, not "often"/],
  ["Task.run('a', {}, { retry: { attempts: 3 } })", /retry of Task\.run: there is no option "attempts"/],
  [
    "Task.run('a', {}, { retry: { maxAttempts: 0 } })",
    /retry\.maxAttempts of Task\.run must be a whole number/,
  ],
  ["Task.run('a', {}, { retry: { backoff: 'odd' } })", /must be exponential, linear or fixed, not "odd"/],
  [
    "Task.run('a', {}, { retry: { jitter: 2 } })",
    /retry\.jitter of Task\.run must be true, false or a number from 0 to 1, not 2/,
  ],
  ["Task.run('a', {}, { retry: { initial: -1 } })", /negative/],
  ["Task.run('a', {}, { idempotencyTtl: 5 })", /idempotencyTtl of Task\.run needs an idempotencyKey/],
  [
    "Task.run('a', {}, { idempotencyKey: 'k', idempotencyTtl: 0 })",
    /idempotencyTtl of Task\.run must be above zero/,
  ],
  ["Task.run('a', {}, { idempotencyKey: '' })", /idempotencyKey of Task\.run must be text of 1 to 500/],
  ["Task.run('a', {}, { concurrencyKey: 'a\\u0000' })", /none of them control characters/],
  ["Task.run('a', {}, { metadata: [1] })", /metadata of Task\.run must be an object/],
  ["Timer.delay(given)", /duration given to Timer\.delay must be seconds, or text/],
  ["Timer.delay({})", /not \{\}/],
  ["Timer.delay(Object.groupBy([], String))", /not \{\}/],
  ["Timer.delay(Infinity)", /not a finite number/],
  ["Timer.delay(1e300)", /longer than a hundred years/],
  ["Timer.until({})", /Timer\.until takes a date, not \{\}/],
  ["Timer.until(new Date(NaN))", /takes a date, not Invalid Date/],
  ["Timer.until(8e15)", /takes a date/],
  ["Signal.next(given)", /name given to Signal\.next must be text/],
  ["Signal.next('a', 5)", /The options of Signal\.next must be an object/],
  ["Signal.next('a', { timout: 5 })", /there is no option "timout", expected timeout/],
  ["Signal.when('a', { timeout: {} })", /The option timeout of Signal\.when must be seconds/],
  ["Signal.send(given, 'a')", /The execution given to Signal\.send must be text/],
  ["Signal.send('x', '?')", /name given to Signal\.send cannot be "\?"/],
];

for (const [call, message] of REFUSED) {
  Deno.test(`${call} is refused at the call`, () => assert.match(refusal(call), message));
}

Deno.test("Task.run() takes every option, and leaves out what is undefined or null", () => {
  const { step } = start(`Task.run("a", null, {
    queue: "mail", priority: -5, delay: "1m", timeout: 30, idempotencyKey: "k 1", concurrencyKey: "c", metadata: { n: 1 },
    retry: { maxAttempts: 3, backoff: "linear", initial: 1, max: "1h", factor: 2, jitter: 0.5 } });
  Task.run("b", [1], { queue: undefined, retry: null });
  Task.run("c", "text", { runAt: new Date(0), retry: {} });`);
  const effects = step.effects.map((one) =>
    one.type === "run_task" ? [one.target, one.inputs, one.options] : []
  );
  assert.deepEqual(effects, [
    ["a", null, {
      ...{
        queue: "mail",
        priority: -5,
        delay: "1m",
        timeout: 30,
        idempotencyKey: "k 1",
        concurrencyKey: "c",
      },
      metadata: { n: 1 },
      retry: { maxAttempts: 3, backoff: "linear", initial: 1, max: "1h", factor: 2, jitter: 0.5 },
    }],
    ["b", [1], undefined],
    ["c", "text", { runAt: "1970-01-01T00:00:00.000Z", retry: {} }],
  ]);
});
