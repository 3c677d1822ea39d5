import { systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { GroupCommit } from "../../../src/worker/code/group_commit.ts";

interface Bench {
  group: GroupCommit<number>;
  batches: number[][];
  refused: number[];
  troubles: number;
}

function bench(commit: (batch: number[]) => Promise<void>, maxBatch = 100): Bench {
  const state: Bench = {
    group: undefined as unknown as GroupCommit<number>,
    batches: [],
    refused: [],
    troubles: 0,
  };
  state.group = new GroupCommit<number>({
    clock: systemClock,
    commit: async (batch) => {
      await commit(batch);
      state.batches.push(batch);
    },
    maxBatch,
    isTransient: (error) => ["transient", "slow"].includes((error as Error).message),
    isTooSlow: (error) => (error as Error).message === "slow",
    onRefused: (item) => state.refused.push(item),
    onTrouble: () => state.troubles++,
  });
  return state;
}

Deno.test("GroupCommit puts what comes in during a commit into the next one", async () => {
  const gates: (() => void)[] = [];
  const state = bench(() => new Promise((resolve) => gates.push(resolve)));
  state.group.push(1);
  await Promise.resolve();
  for (const item of [2, 3, 4]) state.group.push(item);
  gates[0]!();
  while (gates.length < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  gates[1]!();
  await state.group.drained();
  equal(state.batches, [[1], [2, 3, 4]]);
});

Deno.test("GroupCommit keeps batches under their limit, in order", async () => {
  const state = bench(() => Promise.resolve(), 2);
  for (const item of [1, 2, 3, 4, 5]) state.group.push(item);
  await state.group.drained();
  equal(state.batches, [[1, 2], [3, 4], [5]]);
});

Deno.test("GroupCommit splits a refused batch until the bad item stands alone", async () => {
  const state = bench((batch) => batch.includes(3) ? Promise.reject(new Error("bad")) : Promise.resolve());
  for (const item of [1, 2, 3, 4, 5]) state.group.push(item);
  await state.group.drained();
  equal(state.refused, [3]);
  equal(state.batches.flat().sort(), [1, 2, 4, 5]);
});

Deno.test("GroupCommit tries the same batch again after a transient error", async () => {
  let left = 2;
  const state = bench(() => left-- > 0 ? Promise.reject(new Error("transient")) : Promise.resolve());
  state.group.push(1);
  await state.group.drained();
  equal(state.batches, [[1]]);
  same(state.troubles, 2);
});

Deno.test("GroupCommit tries the halves of a batch that takes too long, and a single item again as it is", async () => {
  let slow = 1;
  const state = bench((batch) =>
    batch.length > 2 || batch.length === 1 && slow-- > 0
      ? Promise.reject(new Error("slow"))
      : Promise.resolve()
  );
  for (const item of [1, 2, 3, 4, 5]) state.group.push(item);
  await state.group.drained();
  equal(state.batches.flat(), [1, 2, 3, 4, 5]);
  equal(state.batches.every((batch) => batch.length <= 2), true);
  equal([state.refused, state.troubles], [[], 3]);
});
