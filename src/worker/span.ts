import type { SpanSpec } from "../define/mod.ts";
import type { Claimed } from "./engine.ts";

/** The span of one attempt at a task, or of one stretch of a workflow from where it stood to where it must wait. */
export function spanOf(claimed: Claimed): SpanSpec {
  return {
    name: `${claimed.kind} ${claimed.target}`,
    kind: "consumer",
    traceparent: claimed.traceparent,
    attributes: {
      "rhythm.execution": claimed.id,
      "rhythm.target": claimed.target,
      "rhythm.queue": claimed.queue,
      "rhythm.attempt": claimed.attempt,
    },
  };
}

/** A stored error as something that a span can record. */
export function thrownOf(error: { readonly type: string; readonly message: string }): Error {
  return Object.assign(new Error(error.message), { name: error.type });
}
