import type { Claimed } from "./engine.ts";

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
