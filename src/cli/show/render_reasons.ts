import type { Reason } from "../../define/mod.ts";
import type { Terminal } from "../terminal.ts";

const SHOWN_ELSEWHERE = new Set([
  "running",
  "task",
  "workflow",
  "timer",
  "signal",
  "completed",
  "failed",
  "cancelled",
]);

/** The sentences of reasons; what explains one of them stands below it, indented. */
export function renderReasons(reasons: readonly Reason[], terminal: Terminal, indent = ""): string[] {
  return reasons.flatMap(({ sentence, because = [] }, index) => [
    `${indent}${index === 0 && indent === "" ? terminal.paint("bold", sentence) : sentence}`,
    ...renderReasons(because, terminal, `${indent}  `),
  ]);
}

/** What `rhythm show` does not show elsewhere, also of the children that a workflow waits for. */
export function renderObstacles(reasons: readonly Reason[], terminal: Terminal, of = ""): string[] {
  return reasons.flatMap(({ reason, sentence, name, because = [] }) => [
    ...(SHOWN_ELSEWHERE.has(reason) ? [] : [terminal.paint("warn", `${of}${sentence}`)]),
    ...renderObstacles(because, terminal, `${reason}${name === undefined ? "" : ` "${name}"`}: `),
  ]);
}
