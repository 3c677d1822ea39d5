// Hooks that call an HTTP address when executions fail.
import { deepStrictEqual as equal, match } from "node:assert/strict";
import { createHmac } from "node:crypto";
import { type Execution, NonRetryableError, task } from "../../mod.ts";
import { until } from "../support/until.ts";
import { testApp } from "./support.ts";

Deno.test("a hook calls an address, signed, until it answers; what a call fails with calls no hook", async () => {
  const calls: { headers: Headers; text: string }[] = [];
  const answers: Record<number, number> = { 1: 200, 2: 400, 3: 503, 4: 302 };
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const text = await request.text();
    calls.push({ headers: request.headers, text });
    return new Response(null, { status: answers[JSON.parse(text).execution.metadata.nth]! });
  });
  // Four kinds of failures: of one kind, a hook calls once a minute.
  const banks = ["north", "south", "east", "west"];
  const charge = task({ name: "charge" }, ({ bank }: { bank: string }) => {
    throw new NonRetryableError(`The bank in the ${bank} refused card 4242`);
  });
  await using app = await testApp({ tasks: [charge] });
  const { failures, executions } = app.rhythm;
  await failures.setHook("alerts", {
    url: `http://127.0.0.1:${server.addr.port}/hook?token=hidden`,
    secret: "s3cret",
    event: "failed",
  });
  const runs = [];
  for (const [at, bank] of banks.entries()) {
    runs.push(await charge.queue({ bank }, { metadata: { nth: at + 1 } }));
  }
  app.work();
  const ended: Execution[] = [];
  await until(async () => {
    const page = await executions.query({ target: "rhythm.call" });
    ended.splice(0, ended.length, ...page.executions.toReversed());
    return ended.length === 4 &&
      ended.every(({ status, failures }) => status !== "running" && status !== "pending" || failures > 0);
  });
  const nthOf = ({ inputs }: Execution): number =>
    (inputs as { execution: { metadata: { nth: number } } }).execution.metadata.nth;
  ended.sort((a, b) => nthOf(a) - nthOf(b));
  // The last two are called again and again: they wait for that, or are at it.
  equal(ended.map(({ status }) => status === "running" ? "pending" : status), [
    "completed",
    "failed",
    "pending",
    "pending",
  ]);
  equal(ended[0]!.output, { status: 200 });
  match(ended[1]!.error!.message, /^127\.0\.0\.1:\d+ answered 400$/);
  match(ended[2]!.error!.message, /answered 503$/);
  match(ended[3]!.error!.message, /answered 302$/);
  equal(JSON.stringify(ended).includes("hidden"), false);

  const first = calls.find(({ headers }) => headers.get("webhook-id") === ended[0]!.id)!;
  equal(JSON.parse(first.text), ended[0]!.inputs);
  const { execution, error, hook, event } = JSON.parse(first.text);
  equal([hook, event, execution.id, error.message], [
    "alerts",
    "failed",
    runs[0]!.id,
    "The bank in the north refused card 4242",
  ]);
  const signed = `${ended[0]!.id}.${first.headers.get("webhook-timestamp")}.${first.text}`;
  const signature = createHmac("sha256", "s3cret").update(signed).digest("base64");
  equal(first.headers.get("webhook-signature"), `v1,${signature}`);

  // The call that failed is counted as a failure of its own, and is not called for.
  await until(async () => (await failures.list({ target: "rhythm.call" })).length === 1);
  equal((await failures.hooks()).map(({ name, started, host }) => [name, started, host]), [
    ["alerts", 4, `127.0.0.1:${server.addr.port}`],
  ]);
  await failures.removeHook("alerts");
  await executions.cancel(ended[2]!.id);
  await executions.cancel(ended[3]!.id);
});
