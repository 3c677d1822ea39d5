import type { Claimed, Outcome } from "./engine.ts";

/** What an outcome names its lease by. */
export interface Lease {
  /** The execution. */
  readonly id: string;
  /** The attempt. */
  readonly attempt: number;
  /** For a workflow: how often it had been suspended. */
  readonly seq?: number;
}

/** The lease that came with a claimed execution. */
export function leaseOf({ id, attempt, flow }: Claimed): Lease {
  return flow === null ? { id, attempt } : { id, attempt, seq: flow.seq };
}

/** The outcome that hands a claimed execution back at once, unrun. */
export function releasedOf(claimed: Claimed, reason: string): Outcome {
  return { ...leaseOf(claimed), status: "released", reason, delayMs: 0 };
}
