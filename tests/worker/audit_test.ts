import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { Audit } from "../../src/worker/audit.ts";
import type { Outcome } from "../../src/worker/engine.ts";
import { MemoryEngine } from "./support/memory_engine.ts";

Deno.test("Audit hands back what the engine has leased and nobody here knows of", async () => {
  const engine = new MemoryEngine();
  engine.leased = [
    { id: "known", attempt: 1, seq: null },
    { id: "lost task", attempt: 2, seq: null },
    { id: "lost workflow", attempt: 1, seq: 7 },
    { id: "told later", attempt: 1, seq: null },
  ];
  const settled: Outcome[] = [];
  const audit: Audit = new Audit({
    engine,
    known: () => ["known"],
    // The answer that was under way while the engine looked.
    quiet: () => Promise.resolve(audit.took("told later")),
    settle: (outcome) => settled.push(outcome),
  });
  same(await audit.run(), 2);
  equal(settled.map(({ id, attempt, seq, status }) => [id, attempt, seq, status]), [
    ["lost task", 2, undefined, "released"],
    ["lost workflow", 1, 7, "released"],
  ]);
});

Deno.test("Audit is in doubt for a time after each lost answer", () => {
  let now = 0;
  const engine = new MemoryEngine();
  const audit = new Audit(
    { engine, known: () => [], quiet: () => Promise.resolve(), settle: () => {} },
    () => now,
  );
  same(audit.inDoubt, false);
  audit.doubt(100);
  now = 99;
  same(audit.inDoubt, true);
  now = 100;
  same(audit.inDoubt, false);
});
