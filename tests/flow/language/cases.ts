/**
 * Tables of small flows and what they give. Every expectation is checked against V8 in the same test,
 * so a table cannot be wrong about JavaScript.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { JsonValue } from "../../../src/shared/json.ts";
import { difference } from "../../fuzz/run/compare.ts";
import { runInFlow } from "../../fuzz/run/flow.ts";
import { runInV8 } from "../../fuzz/run/v8.ts";
import type { Outcome } from "../../fuzz/run/world.ts";

/** What a flow is expected to do other than return. */
export class Instead {
  readonly end: string;
  constructor(end: string) {
    this.end = end;
  }
}

/** The text is not JavaScript: V8 and we refuse it. */
export const refused = new Instead("refused");

/** The flow fails with this error, written `Name: message`. */
export function failed(error: string): Instead {
  return new Instead(`failed ${error}`);
}

/** A flow's body and what it returns. */
export type Case = readonly [source: string, expected: JsonValue | Instead];

const WORLD = { order: 1 };

/** One test for each row: V8, our machine run through, and our machine stopped before every job. */
export function cases(construct: string, table: readonly Case[]): void {
  for (const [source, expected] of table) {
    const title = source.replaceAll(/\s+/g, " ").slice(0, 90);
    Deno.test(`${construct}: ${title}`, async () => {
      const end = expected instanceof Instead ? expected.end : `completed ${JSON.stringify(expected)}`;
      const outcome = await inV8(source);
      assert.equal(outcome.end, end, "V8 gives something else: the table is wrong");
      agree(outcome, runInFlow(source, WORLD));
      if (expected !== refused) agree(outcome, runInFlow(source, WORLD, { pause: () => true }));
    });
  }
}

async function inV8(source: string): Promise<Outcome> {
  try {
    return await runInV8(source, WORLD);
  } catch (error) {
    if (error instanceof SyntaxError) return { lines: [], end: "refused" };
    throw error;
  }
}

function agree(expected: Outcome, actual: Outcome): void {
  const end = expected.end === "refused" ? actual.end.replace(/ .*$/s, "") : actual.end;
  const found = difference(expected, { lines: actual.lines, end });
  if (found) assert.fail(found);
}
