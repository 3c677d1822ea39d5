import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { createLogger } from "../../src/app/log.ts";

const now = (): Date => new Date("2026-01-02T03:04:05.678Z");

Deno.test("createLogger() writes JSON lines with flat errors", () => {
  const lines: string[] = [];
  const log = createLogger({ format: "json", write: (line) => lines.push(line), now });
  log.warn("slow", { task: "x", error: Object.assign(new TypeError("bad"), { code: "E1" }) });
  const line = JSON.parse(lines[0]!);
  equal({ ...line, error: { ...line.error, stack: "" } }, {
    time: "2026-01-02T03:04:05.678Z",
    level: "warn",
    message: "slow",
    task: "x",
    error: { name: "TypeError", message: "bad", stack: "", code: "E1" },
  });
});

Deno.test("createLogger() writes lines for people, without colours when not on a terminal", () => {
  const lines: string[] = [];
  const log = createLogger({ format: "human", write: (line) => lines.push(line), now });
  log.info("worker started", { queues: ["a"], name: "two words" });
  same(lines[0], '03:04:05.678 info  worker started queues=["a"] name="two words"');
});

Deno.test("createLogger() keeps quiet below its level, and survives what JSON cannot carry", () => {
  const lines: string[] = [];
  const log = createLogger({ format: "json", level: "warn", write: (line) => lines.push(line), now });
  log.info("no");
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  log.error("yes", cycle);
  equal(lines.map((line) => JSON.parse(line).message), ["yes"]);
});
