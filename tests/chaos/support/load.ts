// What the chaos tests start, and what must come of it.
import { deepStrictEqual as equal } from "node:assert/strict";
import type postgres from "postgres";
import type { ExecutionRequest, Rhythm } from "../../../mod.ts";

/** One workflow of a load: what starts it, what it needs from outside, what it must come to. */
export interface Expected {
  readonly request: ExecutionRequest;
  readonly signals: readonly unknown[];
  readonly output: unknown;
  readonly booked: readonly string[];
}

type Kind = (n: number) => Omit<Expected, "request"> & { target: string; inputs?: object };

const kinds: readonly Kind[] = [
  (n) => ({ target: "chaos_steps", signals: [], output: n + 2, booked: ["first", "second"] }),
  (n) => ({ target: "chaos_fan_out", signals: [], output: 10 * n + 45, booked: ["sum"] }),
  (n) => ({ target: "chaos_signal", signals: [n, "b", [n]], output: [n, "b", [n]], booked: ["heard"] }),
  (n) => ({
    target: "chaos_timer",
    inputs: { seconds: (n % 50) / 10 },
    signals: [],
    output: n + 3,
    booked: ["woken"],
  }),
  (n) => ({ target: "chaos_family", signals: [], output: 4 * n + 2, booked: ["children"] }),
];

/** So many workflows of all kinds in turn; the n-th has the input n, and n as its idempotency key. */
export function mixedLoad(size: number): Expected[] {
  return Array.from({ length: size }, (_, n) => {
    const { target, inputs, ...expected } = kinds[n % kinds.length]!(n);
    return {
      request: {
        type: "workflow",
        target,
        inputs: { n, ...inputs },
        idempotencyKey: `chaos ${n}`,
      },
      ...expected,
    };
  });
}

/** Every workflow has its output, every booking is there once, and the engine finds no damage. */
export async function checkEnds(
  rhythm: Rhythm,
  sql: postgres.Sql,
  ends: { readonly load: readonly Expected[]; readonly ids: readonly string[] },
): Promise<void> {
  for (const [n, id] of ends.ids.entries()) {
    const { status, output, error } = (await rhythm.executions.get(id))!;
    equal({ n, status, output, error }, {
      n,
      status: "completed",
      output: ends.load[n]!.output,
      error: null,
    });
  }
  const booked = await sql<{ workflow: number; step: string }[]>`
    select workflow, step from booked order by workflow, step`;
  const expected = ends.load.flatMap(({ booked }, workflow) =>
    [...booked].sort().map((step) => ({ workflow, step }))
  );
  equal([...booked].map(({ workflow, step }) => ({ workflow, step })), expected);
  equal([...await sql`select * from rhythm.check()`], []);
}

/** Does something until it does not fail for want of a database. */
export async function insist<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 0;; tries++) {
    try {
      return await action();
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
