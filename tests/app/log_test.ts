import { deepStrictEqual as equal, strictEqual as same, throws } from "node:assert/strict";
import { createLogger, levelsOf } from "../../src/app/log.ts";

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

Deno.test("createLogger() writes the stack of an execution's error below the line, for people", () => {
  const lines: string[] = [];
  const log = createLogger({ format: "human", write: (line) => lines.push(line), now });
  const error = { type: "E", message: "no", stack: "E: no\n    at a (a.ts:1:2)\n    at b (b.ts:3:4)" };
  log.warn("task pay failed: E: no", { task: "pay", error });
  same(
    lines[0],
    "03:04:05.678 warn  task pay failed: E: no task=pay\n    at a (a.ts:1:2)\n    at b (b.ts:3:4)",
  );
});

Deno.test("createLogger() has a level for each kind of line", () => {
  const lines: string[] = [];
  const log = createLogger({
    format: "human",
    level: "warn",
    levels: { task: "debug" },
    write: (line) => lines.push(line),
    now,
  });
  log.info("no");
  log.of!("task").debug("yes");
  log.of!("workflow").info("no");
  equal([log.level, log.of!("task").level, log.of!("worker").level], ["warn", "debug", "warn"]);
  equal(lines.map((line) => line.slice(-3)), ["yes"]);
});

Deno.test("levelsOf() reads what a person types, and refuses the rest with all that there is", () => {
  equal(levelsOf("info", "--log"), { level: "info", levels: {} });
  equal(levelsOf("warn, task=debug,handler=silent", "--log"), {
    level: "warn",
    levels: { task: "debug", handler: "silent" },
  });
  equal(levelsOf("", "RHYTHM_LOG"), { levels: {} });
  for (const odd of ["loud", "tasks=info", "task=", "task=loud"]) {
    throws(() => levelsOf(odd, "--log"), {
      code: "INVALID_OPTION",
      message:
        "--log must be a level (debug, info, warn, error, silent), alone or by kind (worker, task, workflow, handler), " +
        `such as "info,task=warn"; not "${odd}"`,
    });
  }
  throws(() => createLogger({ level: "loud" as never }), { code: "INVALID_OPTION" });
  throws(() => createLogger({ levels: { tasks: "info" } as never }), { code: "INVALID_OPTION" });
});
