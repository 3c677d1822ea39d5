import assert from "node:assert/strict";
import { Ajv } from "ajv";
import fc from "fast-check";
import { freshDatabase } from "../support/database.ts";
import { schema, value } from "./schema/schemas.ts";
import { assertRefused } from "./schema/refused.ts";
import { testSeed } from "../support/seed.ts";

Deno.test("check_inputs() agrees with ajv on random schemas and values", async () => {
  await using test = await freshDatabase();
  const ajv = new Ajv({ strict: false, logger: false });
  const pairs = fc.sample(fc.tuple(schema, fc.array(value, { minLength: 5, maxLength: 5 })), {
    numRuns: 1000,
    seed: testSeed,
  })
    .flatMap(([schema, values]) => values.map((value) => ({ schema, value })));
  const rows = await test.database.query<
    { malformed: unknown; broken: { path: string; rule: string } | null }
  >(
    `select rhythm.check_schema(p.pair -> 'schema') as malformed,
      rhythm.check_inputs(p.pair -> 'schema', p.pair -> 'value') as broken
    from jsonb_array_elements($1::jsonb) with ordinality as p(pair, nth) order by p.nth`,
    [JSON.stringify(pairs)],
  );
  let accepted = 0;
  for (const [index, { schema, value }] of pairs.entries()) {
    const label = `RHYTHM_TEST_SEED=${testSeed}: ${JSON.stringify({ schema, value })}`;
    assert.equal(rows[index]!.malformed, null, label);
    const valid = ajv.validate(schema as object, value);
    assert.equal(
      rows[index]!.broken === null,
      valid,
      `${label}\n${JSON.stringify(rows[index])}\n${ajv.errorsText()}`,
    );
    if (valid) accepted++;
  }
  assert.ok(accepted > 500 && accepted < pairs.length - 500, `accepted ${accepted} of ${pairs.length}`);
});

Deno.test("check_inputs() names the path and the rule that broke", async () => {
  await using test = await freshDatabase();
  const order = {
    type: "object",
    required: ["user"],
    additionalProperties: false,
    properties: {
      user: { type: "object", properties: { age: { type: "integer", minimum: 18, maximum: 150 } } },
      items: {
        type: "array",
        minItems: 1,
        maxItems: 2,
        items: { type: "string", minLength: 2, maxLength: 3 },
      },
      note: { type: "string", nullable: true, enum: ["a", "b", null] },
      kind: { const: { a: 1 } },
      either: { anyOf: [{ type: "string" }, { type: "null" }] },
      "odd key": { type: ["boolean", "null"] },
    },
  };
  const broken: [unknown, string, string][] = [
    [undefined, "type", "inputs: expected object, got null (type)"],
    [[], "type", "inputs: expected object, got array (type)"],
    [{}, "required", "inputs.user: is required (required)"],
    [{ user: {}, x: 1 }, "additionalProperties", "inputs.x: is not a known property (additionalProperties)"],
    [{ user: { age: 17 } }, "minimum", "inputs.user.age: expected at least 18, got 17 (minimum)"],
    [{ user: { age: 151 } }, "maximum", "inputs.user.age: expected at most 150, got 151 (maximum)"],
    [{ user: { age: 20.5 } }, "type", "inputs.user.age: expected integer, got number (type)"],
    [{ user: {}, items: [] }, "minItems", "inputs.items: expected at least 1 items, got 0 (minItems)"],
    [
      { user: {}, items: ["aa", "b"] },
      "minLength",
      "inputs.items[1]: expected at least 2 characters, got 1 (minLength)",
    ],
    [
      { user: {}, items: ["aa", "bbbb"] },
      "maxLength",
      "inputs.items[1]: expected at most 3 characters, got 4 (maxLength)",
    ],
    [
      { user: {}, items: ["aa", "aa", "aa"] },
      "maxItems",
      "inputs.items: expected at most 2 items, got 3 (maxItems)",
    ],
    [{ user: {}, note: "c" }, "enum", 'inputs.note: expected one of ["a", "b", null] (enum)'],
    [{ user: {}, kind: { a: 2 } }, "const", 'inputs.kind: expected {"a": 1} (const)'],
    [{ user: {}, either: 1 }, "anyOf", "inputs.either: fits none of the 2 alternatives (anyOf)"],
    [{ user: {}, "odd key": 1 }, "type", 'inputs["odd key"]: expected boolean or null, got number (type)'],
  ];
  for (const [value, rule, message] of broken) {
    const [row] = await test.database.query<{ broken: { rule: string; message: string } }>(
      "select rhythm.check_inputs($1::jsonb, $2::jsonb) as broken",
      [JSON.stringify(order), value === undefined ? null : JSON.stringify(value)],
    );
    assert.equal(row!.broken?.message, message);
    assert.equal(row!.broken.rule, rule);
  }
});

Deno.test("check_schema() refuses every keyword outside the subset, and every malformed one inside it", async () => {
  await using test = await freshDatabase();
  const refused: [unknown, string][] = [
    [3, "input: schema must be a JSON object"],
    [{ pattern: "^a" }, "input: pattern is not a supported keyword; supported are"],
    [{ properties: { a: { $ref: "#" } } }, "input.properties.a: $ref is not a supported keyword"],
    [{ type: "date" }, "input: type must be one of string, number"],
    [{ type: [] }, "input: type must be one of"],
    [{ type: ["string", "string"] }, "input: type must be one of"],
    [{ properties: [] }, "input: properties must be an object"],
    [{ properties: { a: 1 } }, "input.properties.a: schema must be a JSON object"],
    [{ required: "a" }, "input: required must be a list of property names"],
    [{ required: [1] }, "input: required must be a list of property names"],
    [{ additionalProperties: "no" }, "input: additionalProperties must be true, false or a schema"],
    [{ additionalProperties: { type: "x" } }, "input.additionalProperties: type must be one of"],
    [{ items: [] }, "input: items must be an object"],
    [{ items: { minLength: -1 } }, "input.items: minLength must be a whole number, zero or more"],
    [{ maxLength: 1.5 }, "input: maxLength must be a whole number"],
    [{ minItems: "1" }, "input: minItems must be a whole number"],
    [{ maxItems: null }, "input: maxItems must be a whole number"],
    [{ minimum: "1" }, "input: minimum must be a number"],
    [{ maximum: {} }, "input: maximum must be a number"],
    [{ enum: [] }, "input: enum must be a list of at least one value"],
    [{ anyOf: [] }, "input: anyOf must be a list of at least one schema"],
    [{ anyOf: [{}, { anyOf: [3] }] }, "input.anyOf[1].anyOf[0]: schema must be a JSON object"],
    [{ type: "string", nullable: 1 }, "input: nullable must be true or false"],
    [{ nullable: true }, 'input: nullable needs a "type" beside it'],
    [{ description: 1 }, "input: description must be a string"],
  ];
  for (const [schema, message] of refused) {
    const [row] = await test.database.query<{ problem: { message: string } | null }>(
      "select rhythm.check_schema($1::jsonb) as problem",
      [JSON.stringify(schema)],
    );
    assert.ok(
      row!.problem?.message.startsWith(message),
      `${JSON.stringify(schema)}: ${row!.problem?.message}`,
    );
  }
});

Deno.test("check_schema() and check_inputs() take schemas up to 64 levels, and refuse deeper ones", async () => {
  await using test = await freshDatabase();
  const nested = (levels: number): object =>
    levels === 1 ? { type: "string" } : { items: nested(levels - 1) };
  const boxed = (levels: number): unknown => levels === 1 ? 3 : [boxed(levels - 1)];
  const [row] = await test.database.query<
    { fine: unknown; deep: { message: string }; broken: { path: string } }
  >(
    `select rhythm.check_schema($1::jsonb) as fine, rhythm.check_schema($2::jsonb) as deep,
      rhythm.check_inputs($1::jsonb, $3::jsonb) as broken`,
    [JSON.stringify(nested(64)), JSON.stringify(nested(65)), JSON.stringify(boxed(64))],
  );
  assert.equal(row!.fine, null);
  assert.match(row!.deep.message, /nested deeper than 64 levels$/);
  assert.equal(row!.broken.path, `inputs${"[0]".repeat(63)}`);
});

Deno.test("check_name() takes names that travel without quoting, and refuses the rest", async () => {
  await using test = await freshDatabase();
  for (
    const name of [
      "a",
      "send_email",
      "v2",
      "orders/eu:refund",
      "team@x",
      "a+b-c.d",
      "_x",
      "9",
      "x".repeat(200),
    ]
  ) {
    await test.database.query("select rhythm.check_name('task', $1)", [name]);
  }
  await test.database.query("select rhythm.check_name('idempotency key', $1)", ["Bestellung № 12"]);
  const refused: [string, string | null, string][] = [
    ["task", null, "A task is missing: expected a text"],
    ["flow", "", "The flow name has 0 characters: expected 1 to 200"],
    ["queue", "x".repeat(201), "The queue name has 201 characters: expected 1 to 200"],
    ["concurrency key", "", "The concurrency key has 0 characters: expected 1 to 500"],
    ["idempotency key", "a\nb", "The idempotency key contains a control character"],
    [
      "signal",
      "a b",
      '"a b" cannot be a signal name: expected letters, digits and _ . : / @ + -, starting with a letter, a digit or _',
    ],
  ];
  for (const [kind, name, message] of refused) {
    await assertRefused(test.database, "select rhythm.check_name($1, $2)", [kind, name], {
      code: "RH001",
      message,
    });
  }
});
