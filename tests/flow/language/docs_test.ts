import assert from "node:assert/strict";
import type { JsonValue } from "../../../src/shared/json.ts";
import { type Answer, runScript } from "./script.ts";

const DECLINED: Answer[1] = { fails: { message: "declined", code: "CARD_DECLINED" } };
const ANSWERS: Readonly<Record<string, Answer[1]>> = {
  get_user: { id: 1, name: "Ada", email: "ada@example.com" },
  list_orders: [1, 2],
  measure: { size: 10 },
  bill_customer: { amount: 42 },
  charge: DECLINED,
  next_number: 12,
  approval: { approved: true, by: "Grace" },
  answer: "yes",
  never_sent: { fails: { type: "TimeoutError", message: "timed out", code: "TIMEOUT" } },
};

const page = await Deno.readTextFile(new URL("../../../docs/reference/flow-language.md", import.meta.url));
const examples = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);

Deno.test("docs/reference/flow-language.md has an example for everything it teaches", () => {
  assert(examples.length >= 15, `found ${examples.length} examples`);
});

for (const [index, source] of examples.entries()) {
  Deno.test(`docs/reference/flow-language.md example ${index + 1}: ${source.split("\n")[0]}`, () => {
    const promised = /\/\/ → (.*)$/m.exec(source)?.[1];
    assert(promised, "an example says what it gives: // → …");
    const run = runScript(source, {
      name: "example.flow",
      inputs: { userId: "1" },
      answers: (waiting) => [waiting[0]!, ANSWERS[waiting[0]!] ?? null],
    });
    assert.equal(run.error, undefined);
    assert.deepEqual(run.output, JSON.parse(promised) as JsonValue);
  });
}
