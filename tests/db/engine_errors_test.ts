/** What the engine raises has a class, and stands in the table that people read. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import * as errors from "../../src/db/engine_errors.ts";
import { readSchema } from "../../scripts/gen.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("every SQLSTATE that sql/ raises has a class and a line in the documentation, and no other has", async () => {
  const raised = new Set<string>();
  for (const { text } of await readSchema()) {
    for (const [, code] of text.matchAll(/'(RH\d{3})'/g)) {
      raised.add(code!);
    }
  }
  const documented = [
    ...(await Deno.readTextFile(`${root}docs/reference/worker-protocol.md`)).matchAll(/^\| `(RH\d{3})` \|/gm),
  ];
  assert.deepEqual([...errors.engineCodes].sort(), [...raised].sort());
  assert.deepEqual(documented.map(([, code]) => code).sort(), [...raised].sort());
});

Deno.test("engineError() makes an error of the class that its SQLSTATE names", () => {
  const told = (code: string) =>
    errors.engineError({ code, message: "No", hint: "Say yes", detail: '{"path": "a.b", "rule": "type"}' });
  for (const code of errors.engineCodes) {
    const error = told(code);
    assert.notEqual(error.constructor, errors.EngineError, code);
    assert.deepEqual([error.name, error.code, error.message, error.hint], [
      error.constructor.name,
      code,
      "No. Say yes",
      "Say yes",
    ]);
  }
  // A driver's error: its message is no member of its own that can be listed.
  const missing = Object.assign(new Error('schema "rhythm" does not exist'), { code: "3F000" });
  assert.match(
    errors.engineError(missing).message,
    /^schema "rhythm" does not exist\. If that is Rhythm's schema/,
  );
  const refused = told("RH005") as errors.FlowInputError;
  assert.deepEqual([refused.path, refused.rule], ["a.b", "type"]);
  assert.equal(told("42501") instanceof errors.StatementError, true);
  assert.equal(told("RH999").constructor, errors.EngineError);
});

Deno.test("engineError() says how to install Rhythm where its schema is missing", () => {
  const error = errors.engineError({ code: "3F000", message: 'schema "rhythm" does not exist' });
  assert.match(error.message, /^schema "rhythm" does not exist\. .*`rhythm migrate`/);
  assert.equal(error instanceof errors.StatementError, true);
});
