import { systemClock } from "../../src/runtime/clock.ts";
import { deepStrictEqual as equal, rejects, strictEqual as same } from "node:assert/strict";
import type { Execution } from "../../src/define/mod.ts";
import { ExecutionNotFoundError } from "../../src/db/engine_errors.ts";
import { WaitTimeoutError } from "../../src/client/errors.ts";
import { Waiters } from "../../src/client/waiters.ts";

interface Bench {
  waiters: Waiters<Execution>;
  over: Set<string>;
  reads: string[][];
  watched: string[];
  fail: Error | undefined;
}

function bench(known: readonly string[]): Bench {
  const state: Bench = {
    waiters: undefined as unknown as Waiters<Execution>,
    over: new Set(),
    reads: [],
    watched: [],
    fail: undefined,
  };
  state.waiters = new Waiters({
    clock: systemClock,
    read: (ids) => {
      state.reads.push([...ids]);
      if (state.fail !== undefined) return Promise.reject(state.fail);
      const found = ids.filter((id) => known.includes(id)).map((id) => {
        return { id, completedAt: state.over.has(id) ? new Date() : null } as Execution;
      });
      return Promise.resolve(found);
    },
    watch: (ids) => Promise.resolve(void state.watched.push(...ids)),
    missing: (id) => ExecutionNotFoundError.of(id),
    late: (id, seconds) => new WaitTimeoutError(id, seconds),
    isTransient: (error) => (error as Error).message === "transient",
  });
  return state;
}

Deno.test("Waiters.wait() resolves at once when the execution is over already", async () => {
  const state = bench(["a"]);
  state.over.add("a");
  same((await state.waiters.wait("a")).id, "a");
  equal(state.watched, ["a"]);
  same(state.waiters.size, 0);
});

Deno.test("Waiters.notify() wakes everybody who waits for that execution, with one read", async () => {
  const state = bench(["a", "b"]);
  const both = Promise.all([state.waiters.wait("a"), state.waiters.wait("a")]);
  const other = rejects(state.waiters.wait("b", { timeout: "60ms" }), { code: "WAIT_TIMEOUT" });
  await new Promise((resolve) => setTimeout(resolve, 10));
  const before = state.reads.length;
  state.over.add("a");
  state.waiters.notify("a");
  state.waiters.notify("nobody");
  equal((await both).map(({ id }) => id), ["a", "a"]);
  equal(state.reads.slice(before), [["a"]]);
  await other;
});

Deno.test("Waiters.wait() finds the end by polling when no notification comes", async () => {
  const state = bench(["a"]);
  const waiting = state.waiters.wait("a", { timeout: 5 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  state.over.add("a");
  same((await waiting).id, "a");
});

Deno.test("Waiters.wait() refuses an id that nobody has", async () => {
  await rejects(bench([]).waiters.wait("x"), { name: "ExecutionNotFoundError", code: "RH002" });
});

Deno.test("Waiters.wait() survives a connection that is gone, and passes other errors on", async () => {
  const state = bench(["a"]);
  state.fail = new Error("transient");
  const waiting = state.waiters.wait("a", { timeout: 5 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  state.fail = undefined;
  state.over.add("a");
  await waiting;
  state.fail = new Error("permission denied");
  await rejects(state.waiters.wait("a"), /permission denied/);
});

Deno.test("Waiters.wait() ends with the caller's signal, and when the application closes", async () => {
  const state = bench(["a"]);
  const controller = new AbortController();
  const waiting = rejects(state.waiters.wait("a", { signal: controller.signal }), { name: "AbortError" });
  controller.abort();
  await waiting;
  const closed = rejects(state.waiters.wait("a"), { code: "CLOSED" });
  state.waiters.close();
  await closed;
  await rejects(state.waiters.wait("a"), { code: "CLOSED" });
});

Deno.test("Waiters.wait() neither watches nor reads what was started watched, until it is heard of", async () => {
  const state = bench(["a", "b"]);
  const heard = state.waiters.expect();
  state.over.add("a");
  state.waiters.notify("a");
  same((await state.waiters.wait("a", {}, heard)).id, "a");
  equal([state.watched, state.reads], [[], [["a"]]]);
  const waiting = state.waiters.wait("b", {}, heard);
  heard.forget();
  state.over.add("b");
  state.waiters.notify("b");
  same((await waiting).id, "b");
  equal([state.watched, state.reads], [[], [["a"], ["b"]]]);
});

Deno.test("Waiters.wait() finds by looking what was started watched and never heard of", async () => {
  const state = bench(["a"]);
  const heard = state.waiters.expect();
  state.over.add("a");
  same((await state.waiters.wait("a", {}, heard)).id, "a");
  equal(state.watched, []);
});
