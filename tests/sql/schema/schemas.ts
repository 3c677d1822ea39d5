/** Random schemas of the supported subset, and values that nearly fit them. */

import fc from "fast-check";

/** A JSON value, as fast-check makes it here. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const names = ["a", "b", "userId", "with space", "ä", "$x", "0"];

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, -1, 2.5, 1e21, 1.0, "", "a", "ab", "😀", "abc"),
  fc.integer({ min: -5, max: 5 }),
  fc.string({ unit: "grapheme", maxLength: 4 }).filter((text) => !text.includes("\u0000")),
);

/** Small values, nested a little, over the property names that the schemas use. */
export const value: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("any"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;

const typeName = fc.constantFrom("string", "number", "integer", "boolean", "object", "array", "null");

const count = fc.integer({ min: 0, max: 3 });

/** Schemas of the subset; each keyword is there or not, whether or not it makes sense beside the others. */
export const schema: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.record({ type: typeName }),
    fc.record({
      type: fc.oneof(typeName, fc.uniqueArray(typeName, { minLength: 1, maxLength: 3 })),
      nullable: fc.constant(true),
      description: fc.constant("about"),
      default: scalar,
      enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 4, selector: (item) => JSON.stringify(item) }),
      const: value,
      minimum: fc.integer({ min: -3, max: 3 }),
      maximum: fc.double({ min: -3, max: 3, noNaN: true }).map((n) => n + 0),
      minLength: count,
      maxLength: count,
      minItems: count,
      maxItems: count,
      required: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }),
      properties: fc.dictionary(fc.constantFrom(...names), tie("any"), { maxKeys: 3, noNullPrototype: true }),
      additionalProperties: fc.oneof(fc.boolean(), tie("any")),
      items: tie("any"),
      anyOf: fc.array(tie("any"), { minLength: 1, maxLength: 3 }),
    }, {
      requiredKeys: ["type"],
      noNullPrototype: true,
    }).chain((whole) => fc.subarray(Object.keys(whole)).map((keys) => pick(whole, keys))),
  ),
})).any;

// nullable has no meaning without a type, and is refused without one.
function pick(whole: Record<string, Json | undefined>, keys: string[]): Json {
  const picked: { [key: string]: Json } = {};
  for (const key of keys) {
    const member = whole[key];
    if (member !== undefined && (key !== "nullable" || keys.includes("type"))) picked[key] = member;
  }
  return picked;
}
