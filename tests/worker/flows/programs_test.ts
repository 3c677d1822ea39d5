import { deepStrictEqual as equal, rejects, strictEqual as same } from "node:assert/strict";
import { Programs } from "../../../src/worker/flows/programs.ts";

Deno.test("Programs loads each program once, also when asked twice at once", async () => {
  const loads: string[] = [];
  const programs = new Programs((hash) => {
    loads.push(hash);
    return Promise.resolve(hash.toUpperCase());
  });
  equal(await Promise.all([programs.get("a"), programs.get("a")]), ["A", "A"]);
  same(await programs.get("a"), "A");
  same(programs.peek("a"), "A");
  equal(loads, ["a"]);
});

Deno.test("Programs forgets the one not used for longest, and does not keep a failure", async () => {
  let fail = true;
  const programs = new Programs<string>(
    (hash) => fail && hash === "x" ? Promise.reject(new Error("no")) : Promise.resolve(hash),
    2,
  );
  await rejects(programs.get("x"));
  fail = false;
  same(await programs.get("x"), "x");
  await programs.get("y");
  await programs.get("x");
  await programs.get("z");
  equal(["x", "y", "z"].map((hash) => programs.peek(hash)), ["x", undefined, "z"]);
});

Deno.test("Programs asks again for a program that was not there", async () => {
  let there = false;
  const programs = new Programs<string>((hash) => Promise.resolve(there ? hash : null));
  same(await programs.get("a"), null);
  there = true;
  same(await programs.get("a"), "a");
});
