/** A version of a flow with what happened at its lines. */
export interface FlowHeat {
  /** The flow. */
  readonly name: string;
  /** The version. */
  readonly version: number;
  /** Its text. */
  readonly source: string;
  /** The lines at which something happened, in order. */
  readonly lines: readonly HeatLine[];
}

/** What happened at a line of a flow. */
export interface HeatLine {
  /** The line, from 1. */
  readonly line: number;
  /** How often a workflow, or a branch of one, began to wait there. */
  readonly came: number;
  /** How often a workflow failed there and is not repeated. */
  readonly failed: number;
  /** How often an attempt failed there and is repeated. */
  readonly retried: number;
  /** How long they waited in the mean, those that have gone on. */
  readonly meanMs: number | null;
  /** How long half of them waited at most. */
  readonly p50Ms: number | null;
  /** How long 95 of 100 waited at most. */
  readonly p95Ms: number | null;
  /** How long 99 of 100 waited at most. */
  readonly p99Ms: number | null;
}

/** Which version, and which time. */
export interface HeatFilter {
  /** The version. Default: the current one. */
  version?: number;
  /** Not before. Default: a day ago. */
  since?: Date;
  /** Before this. Default: now. */
  until?: Date;
}
