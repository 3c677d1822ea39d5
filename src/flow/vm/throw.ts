import type { Value } from "./value.ts";

/** How a flow's exception travels through the host: not an `Error`, because it needs no host stack. */
export class FlowThrow {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** Which limit a flow ran into. */
export type LimitCode =
  | "FLOW_INSTRUCTIONS"
  | "FLOW_MEMORY"
  | "FLOW_SNAPSHOT_SIZE"
  | "FLOW_VALUE_SIZE"
  | "FLOW_PENDING_PROMISES"
  | "FLOW_EFFECTS";

/** Ends an execution that ran into a limit: no `catch` and no `finally` of the flow sees it. */
export class LimitExceeded {
  readonly code: LimitCode;
  readonly message: string;

  constructor(code: LimitCode, message: string) {
    this.code = code;
    this.message = message;
  }
}
